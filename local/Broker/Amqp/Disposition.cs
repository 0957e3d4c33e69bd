using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Azure.Amqp.Transaction;
using Microsoft.Extensions.Logging;
using AcceptedOutcome = Microsoft.Azure.Amqp.Framing.Accepted;
using AmqpDelivery = Microsoft.Azure.Amqp.Delivery;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>
/// What a client's outcome means to the queue: accepted completes, modified abandons or, undeliverable here, defers, rejected dead-letters,
/// released gives back (learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide).
/// </summary>
internal static class Disposition
{
    private static readonly AmqpSymbol DeadLetter = "com.microsoft:dead-letter";

    /// <summary>Settles the message and answers the outcome the client hears: its own kind, or rejected with the reason.</summary>
    public static async Task<Outcome> ApplyAsync(DeliverySource source, AmqpDelivery delivery, ILogger log)
    {
        try
        {
            await SettleAsync(source.Queue, new Guid(delivery.DeliveryTag), delivery.State);
            return Answer(delivery.State);
        }
        catch (Exception e)
        {
            // A message of a session has no lock of its own to lose.
            if (e is MessageLockLostException && source.Session is { } session)
                e = new SessionLockLostException(source.Queue.Name, session.SessionId);
            if (e is not (MessageLockLostException or SessionLockLostException))
                log.LogWarning(e, "A message of queue {Queue} could not be settled", source.Queue.Name);
            return new Rejected { Error = AmqpErrors.From(e) };
        }
    }

    private static Task SettleAsync(LocalQueue queue, Guid lockToken, DeliveryState? state) =>
        state switch
        {
            AcceptedOutcome => queue.CompleteAsync(lockToken),
            Modified { UndeliverableHere: true } modified => queue.DeferAsync(lockToken, Changes(modified.MessageAnnotations)),
            Modified modified => queue.AbandonAsync(lockToken, Changes(modified.MessageAnnotations)),
            Rejected rejected => DeadLetterAsync(queue, lockToken, rejected.Error),
            Released or null => queue.ReleaseAsync(lockToken),
            TransactionalState => throw new NotSupportedException("This queue has no transactions."),
            _ => throw new NotSupportedException($"No message can be settled as {state}."),
        };

    private static Task DeadLetterAsync(LocalQueue queue, Guid lockToken, Error? error)
    {
        var changes = Changes(error?.Info) ?? [];
        var condition = error?.Condition is { Value: not null } c && !c.Equals(DeadLetter) ? c.Value : null;
        var reason = Take(changes, Names.DeadLetterReason) ?? condition;
        var description = Take(changes, Names.DeadLetterDescription) ?? error?.Description;
        return queue.DeadLetterAsync(lockToken, reason, description, changes);
    }

    private static string? Take(Dictionary<string, object?> changes, string name) =>
        changes.Remove(name, out var value) ? value as string : null;

    private static Dictionary<string, object?>? Changes(Fields? fields) =>
        fields?.ToDictionary(f => AmqpValues.KeyOf(f.Key), f => (object?)f.Value);

    private static Outcome Answer(DeliveryState? state) =>
        state switch
        {
            AcceptedOutcome => AmqpConstants.AcceptedOutcome,
            Modified => new Modified(),
            Rejected => new Rejected(),
            _ => AmqpConstants.ReleasedOutcome,
        };
}

using Microsoft.Azure.Amqp.Encoding;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>Requests about messages.</summary>
internal sealed partial class ManagementNode
{
    /// <summary>An answer ends here, with however few messages; the client asks on.</summary>
    private const int MostPeekedBytes = 1024 * 1024;
    private const int MostPeeked = 1000;

    private AmqpMap RenewLocks(Request request) =>
        Map("expirations", request.Required<Guid[]>("lock-tokens").Select(token => queue.RenewLock(token).UtcDateTime).ToArray());

    private AmqpMap? Peek(Request request)
    {
        var max = Math.Min(request.Required<int>("message-count"), MostPeeked);
        var size = 0;
        var messages = new List<AmqpMap>();
        foreach (var stored in queue.Browse(max, request.Required<long>("from-sequence-number"), deadLetters, request.SessionId))
        {
            var bytes = AmqpMessages.Encode(DeliveredMessage.From(stored, queue));
            size += bytes.Length;
            if (size > MostPeekedBytes && messages.Count > 0)
                break;
            messages.Add(Map("message", new ArraySegment<byte>(bytes)));
        }
        return messages.Count == 0 ? null : Map("messages", messages);
    }

    private async Task<AmqpMap?> ReceiveDeferredAsync(Request request)
    {
        var numbers = request.Required<long[]>("sequence-numbers");
        var delete = request.Required<uint>("receiver-settle-mode") == 0;
        var session = queue.Options.RequiresSession && !deadLetters ? request.Session(queue) : null;
        var deliveries =
            await queue.TakeDeferredAsync(numbers, deadLetters, session, delete)
            ?? throw NotFound($"Queue '{queue.Name}' does not have all of the deferred messages {string.Join(", ", numbers)}.");
        return Map(
            "messages",
            deliveries
                .Select(delivery =>
                {
                    var map = Map("message", new ArraySegment<byte>(AmqpMessages.Encode(DeliveredMessage.From(delivery, queue))));
                    map[new MapKey("lock-token")] = delivery.LockToken;
                    return map;
                })
                .ToList()
        );
    }

    private async Task<AmqpMap?> UpdateDispositionAsync(Request request)
    {
        var status = request.Required<string>("disposition-status");
        var changes = request.Optional<AmqpMap>("properties-to-modify")?.ToDictionary(p => AmqpValues.KeyOf(p.Key), p => (object?)p.Value);
        var reason = request.Optional<string>("deadletter-reason");
        var description = request.Optional<string>("deadletter-description");
        foreach (var token in request.Required<Guid[]>("lock-tokens"))
            await (
                status switch
                {
                    "completed" => queue.CompleteAsync(token),
                    "abandoned" => queue.AbandonAsync(token, changes),
                    "suspended" => queue.DeadLetterAsync(token, reason, description, changes),
                    "defered" => queue.DeferAsync(token, changes), // The service's own spelling.
                    _ => throw new ArgumentException($"'{status}' is no disposition."),
                }
            );
        return [];
    }

    private async Task<AmqpMap?> ScheduleAsync(Request request)
    {
        var messages = request
            .Required<List<object>>("messages")
            .Select(m =>
                ((AmqpMap)m).TryGetValue<ArraySegment<byte>>(new MapKey("message"), out var bytes)
                    ? MessageContent.From(bytes.ToArray())
                    : throw new FormatException("A message to be scheduled has no bytes.")
            );
        var accepted = await queue.SendAsync([.. messages]);
        return Map("sequence-numbers", accepted.Select(a => a.SequenceNumber).ToArray());
    }

    private async Task<AmqpMap?> CancelScheduledAsync(Request request)
    {
        var numbers = request.Required<long[]>("sequence-numbers");
        if (!await queue.CancelScheduledAsync(numbers))
            throw NotFound(
                $"Queue '{queue.Name}' does not have all of the scheduled messages {string.Join(", ", numbers)}; none was cancelled."
            );
        return [];
    }

    private async Task<AmqpMap?> DeleteAsync(Request request)
    {
        var session = request.SessionId is null ? null : request.Session(queue);
        var before = new DateTimeOffset(DateTime.SpecifyKind(request.Required<DateTime>("enqueued-time-utc"), DateTimeKind.Utc));
        var deleted = await queue.DeleteAsync(request.Required<int>("message-count"), before, deadLetters, session);
        return deleted == 0 ? null : Map("message-count", deleted);
    }

    private static AmqpMap Map(string name, object? value) => new() { [new MapKey(name)] = value };
}

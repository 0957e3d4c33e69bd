using Azure.Messaging.ServiceBus;
using IRFunctions.Alerts;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Agents;

/// <summary>
/// Takes batches of activity from the queue, one session for each identity, so that they arrive in the sender's order. A message is
/// completed only after its batch is durably at the identity's breaker and among the evidence; a redelivery finds its number taken. What is
/// no batch goes to the dead-letter queue with every reason.
/// </summary>
public sealed partial class ActivityIntake(InteractionStore evidence, ILogger<ActivityIntake> log)
{
    private const int MaxDescription = 4096; // Service Bus keeps this much of a dead-letter description.

    [Function(nameof(ActivityIntake))]
    public async Task RunAsync(
        [ServiceBusTrigger("activity", Connection = "ServiceBus", AutoCompleteMessages = false, IsSessionsEnabled = true)]
            ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var reading = Read(message);
        if (reading.Batch is not { } batch)
        {
            LogRejected(message.MessageId ?? "", reading.Explanation);
            var description = reading.Explanation;
            await actions.DeadLetterMessageAsync(
                message,
                deadLetterReason: ActivityReading.ReasonCode,
                deadLetterErrorDescription: TextBounds.Cut(description, MaxDescription),
                cancellationToken: cancellation
            );
            return;
        }
        await client.Entities.SignalEntityAsync(
            CircuitBreaker.For(batch.Identity),
            nameof(CircuitBreaker.Observe),
            // The queue does not say who sent it; the HTTP door does, and its senders cannot be pretended to be here.
            batch.From("queue"),
            cancellation: cancellation
        );
        await evidence.KeepAsync(batch, cancellation); // After the breaker, which must not wait for it; before the message is complete.
        await actions.CompleteMessageAsync(message, cancellation);
    }

    /// <summary>The session is the identity: otherwise somebody's batches would be ordered with another's.</summary>
    private static ActivityReading Read(ServiceBusReceivedMessage message)
    {
        var reading = ActivityReader.Read(message.Body.ToMemory());
        return reading.Batch is { } batch && !string.Equals(batch.Identity, message.SessionId, StringComparison.OrdinalIgnoreCase)
            ? new ActivityReading(
                null,
                [$"The batch is about {batch.Identity} and came in another session; the session id must be the identity."]
            )
            : reading;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {MessageId} is no activity batch: {Description}")]
    private partial void LogRejected(string messageId, string description);
}

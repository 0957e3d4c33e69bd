using Azure.Messaging.ServiceBus;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using IRFunctions.Policies;
using IRFunctions.PolicyVersions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Incidents;

/// <summary>
/// Takes alerts from the queue. A message is completed only after its alert is durably at its incident's door; what is no alert goes to the
/// dead-letter queue with every reason (S10).
/// </summary>
public sealed partial class AlertIntake(PolicyStore policies, PolicyArchive archive, HealthSignals pulse, ILogger<AlertIntake> log)
{
    private const int MaxDescription = 4096; // Service Bus keeps this much of a dead-letter description.

    [Function(nameof(AlertIntake))]
    public async Task RunAsync(
        [ServiceBusTrigger("alerts", Connection = "ServiceBus", AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var reading = AlertParser.Read(message.Body.ToMemory());
        if (reading.Alert is not { } alert)
        {
            var description = reading.Explanation;
            LogRejected(message.MessageId ?? "", reading.ReasonCode ?? "", description);
            await actions.DeadLetterMessageAsync(
                message,
                deadLetterReason: reading.ReasonCode,
                deadLetterErrorDescription: TextBounds.Cut(description, MaxDescription),
                cancellationToken: cancellation
            );
            return;
        }
        if (!await TryHandInAsync(alert, message, client, cancellation))
            return;
        await actions.CompleteMessageAsync(message, cancellation);
        await pulse.AlertTakenAsync(cancellation);
    }

    /// <summary>
    /// False where the storage refuses. The message is then left alone instead of given back: its lock ends after a minute, and it comes
    /// again. Given back it would come again at once, and an outage of a second would use up every delivery it has (S10).
    /// </summary>
    private async Task<bool> TryHandInAsync(
        Alert alert,
        ServiceBusReceivedMessage message,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        try
        {
            var policy = policies.Current;
            await archive.KeepAsync(policy, cancellation);
            var arrival = new Arrival(AlertVersion.KeyOf(alert), alert, policy.Hash, $"{message.MessageId}:{message.SequenceNumber}");
            await client.Entities.SignalEntityAsync(
                IncidentRegister.For(Correlation.IncidentKey(alert)),
                nameof(IncidentRegister.Arrive),
                arrival,
                cancellation: cancellation
            );
            return true;
        }
#pragma warning disable CA1031 // Whatever the storage throws, the alert must come again.
        catch (Exception e) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogLeft(e, message.MessageId ?? "", message.DeliveryCount);
            return false;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Message {MessageId} could not be handed to its incident (delivery {DeliveryCount}); it comes again when its lock ends"
    )]
    private partial void LogLeft(Exception e, string messageId, int deliveryCount);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {MessageId} is no alert ({Reason}): {Description}")]
    private partial void LogRejected(string messageId, string reason, string description);
}

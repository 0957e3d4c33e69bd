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
        var policy = policies.Current;
        await archive.KeepAsync(policy, cancellation);
        var arrival = new Arrival(AlertVersion.KeyOf(alert), alert, policy.Hash, $"{message.MessageId}:{message.SequenceNumber}");
        await client.Entities.SignalEntityAsync(
            IncidentRegister.For(Correlation.IncidentKey(alert)),
            nameof(IncidentRegister.Arrive),
            arrival,
            cancellation: cancellation
        );
        await actions.CompleteMessageAsync(message, cancellation);
        await pulse.AlertTakenAsync(cancellation);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {MessageId} is no alert ({Reason}): {Description}")]
    private partial void LogRejected(string messageId, string reason, string description);
}

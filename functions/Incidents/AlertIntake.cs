using Azure.Messaging.ServiceBus;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Http;
using IRFunctions.Limits;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Incidents;

/// <summary>
/// Takes alerts from the queue. A message is completed only after its alert is durably at its incident's door; what is no alert goes to the
/// dead-letter queue with every reason (S10).
/// </summary>
public sealed partial class AlertIntake(AlertReception reception, HealthSignals pulse, RefusalLog refusals, ILogger<AlertIntake> log)
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
        var (alert, rejection) = reception.Read(message.Body.ToMemory());
        if (alert is null)
        {
            await RejectAsync(message, actions, rejection!.Reason, rejection.Description, cancellation);
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
            await reception.HandInAsync(alert, $"{message.MessageId}:{message.SequenceNumber}", lifeOnly: false, client, cancellation);
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

    private async Task RejectAsync(
        ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        string reason,
        string description,
        CancellationToken cancellation
    )
    {
        LogRejected(message.MessageId ?? "", reason, description);
        if (!await TryRecordAsync(message, reason, description, cancellation))
            return;
        await actions.DeadLetterMessageAsync(
            message,
            deadLetterReason: reason,
            deadLetterErrorDescription: TextBounds.Cut(description, MaxDescription),
            cancellationToken: cancellation
        );
    }

    /// <summary>
    /// S10: rejected with a reason, where people look. Counted rather than written one by one where a flood comes. False where the record
    /// refuses: then the message comes again, like an alert that could not be handed in.
    /// </summary>
    private async Task<bool> TryRecordAsync(
        ServiceBusReceivedMessage message,
        string reason,
        string description,
        CancellationToken cancellation
    )
    {
        var id = TextBounds.OneLine(message.MessageId ?? "", 100);
        try
        {
            await refusals.RecordAsync(
                $"alert {id} was not taken in ({reason}): {TextBounds.OneLine(description, 300)}",
                new
                {
                    Door = "queue",
                    Message = id,
                    Rule = reason,
                },
                cancellation
            );
            return true;
        }
#pragma warning disable CA1031 // Whatever the storage throws, the message must come again.
        catch (Exception e) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogLeft(e, message.MessageId ?? "", message.DeliveryCount);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {MessageId} is not taken in ({Reason}): {Description}")]
    private partial void LogRejected(string messageId, string reason, string description);
}

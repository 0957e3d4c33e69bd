using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Local.Host;

/// <summary>What a Service Bus triggered function settles its message with; knows whether it did, for the host.</summary>
public sealed class LocalQueueActions(IMessageSettlement settlement) : ServiceBusMessageActions
{
    /// <summary>True once the function completed, abandoned, deferred or dead-lettered its message.</summary>
    public bool IsSettled { get; private set; }

    public override async Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
    {
        await settlement.CompleteAsync(message, cancellationToken);
        IsSettled = true;
    }

    public override async Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default
    )
    {
        await settlement.AbandonAsync(message, propertiesToModify, cancellationToken);
        IsSettled = true;
    }

    public override async Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default
    )
    {
        await settlement.DeadLetterAsync(message, deadLetterReason, deadLetterErrorDescription, propertiesToModify, cancellationToken);
        IsSettled = true;
    }

    public override async Task DeferMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = default,
        CancellationToken cancellationToken = default
    )
    {
        await settlement.DeferAsync(message, propertiesToModify, cancellationToken);
        IsSettled = true;
    }

    public override Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        settlement.RenewLockAsync(message, cancellationToken);
}

using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Local.Queue;

/// <summary>What a Service Bus triggered function settles its message with; knows whether it did, for the host.</summary>
public sealed class LocalQueueActions(LocalQueue queue) : ServiceBusMessageActions
{
    /// <summary>True once the function completed, abandoned, deferred or dead-lettered its message.</summary>
    public bool IsSettled { get; private set; }

    public override async Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
    {
        await queue.CompleteAsync(message);
        IsSettled = true;
    }

    public override async Task AbandonMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = default, CancellationToken cancellationToken = default)
    {
        await queue.AbandonAsync(message, propertiesToModify);
        IsSettled = true;
    }

    public override async Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        Dictionary<string, object>? propertiesToModify = default,
        string? deadLetterReason = default,
        string? deadLetterErrorDescription = default,
        CancellationToken cancellationToken = default)
    {
        await queue.DeadLetterAsync(message, deadLetterReason, deadLetterErrorDescription, propertiesToModify);
        IsSettled = true;
    }

    public override async Task DeferMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = default, CancellationToken cancellationToken = default)
    {
        await queue.DeferAsync(message, propertiesToModify);
        IsSettled = true;
    }

    public override Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default)
    {
        queue.RenewLock(message);
        return Task.CompletedTask;
    }
}

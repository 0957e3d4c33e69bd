using Azure.Messaging.ServiceBus;

namespace IRFunctions.Local.Broker;

/// <summary>
/// What a function may do with the message it was given: of the queue in this process, or of a namespace behind an official processor.
/// </summary>
public interface IMessageSettlement
{
    Task CompleteAsync(ServiceBusReceivedMessage message, CancellationToken stop = default);

    Task AbandonAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken stop = default
    );

    Task DeadLetterAsync(
        ServiceBusReceivedMessage message,
        string? reason,
        string? description = null,
        Dictionary<string, object>? propertiesToModify = null,
        CancellationToken stop = default
    );

    Task DeferAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken stop = default
    );

    /// <exception cref="InvalidOperationException">The message belongs to a session, whose lock is renewed as a whole.</exception>
    Task RenewLockAsync(ServiceBusReceivedMessage message, CancellationToken stop = default);
}

/// <summary>Messages received from the queue in this process.</summary>
public sealed class QueueSettlement(LocalQueue queue) : IMessageSettlement
{
    public Task CompleteAsync(ServiceBusReceivedMessage message, CancellationToken stop = default) => queue.CompleteAsync(message);

    public Task AbandonAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) => queue.AbandonAsync(message, propertiesToModify);

    public Task DeadLetterAsync(
        ServiceBusReceivedMessage message,
        string? reason,
        string? description,
        Dictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) => queue.DeadLetterAsync(message, reason, description, propertiesToModify);

    public Task DeferAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) => queue.DeferAsync(message, propertiesToModify);

    public Task RenewLockAsync(ServiceBusReceivedMessage message, CancellationToken stop = default)
    {
        queue.RenewLock(message);
        return Task.CompletedTask;
    }
}

/// <summary>Messages a processor handed out.</summary>
public sealed class ProcessorSettlement(ProcessMessageEventArgs args) : IMessageSettlement
{
    public Task CompleteAsync(ServiceBusReceivedMessage message, CancellationToken stop = default) =>
        args.CompleteMessageAsync(message, stop);

    public Task AbandonAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) => args.AbandonMessageAsync(message, propertiesToModify, stop);

    public Task DeadLetterAsync(
        ServiceBusReceivedMessage message,
        string? reason,
        string? description,
        Dictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) =>
        propertiesToModify is null // The overload with properties cannot do without them.
            ? args.DeadLetterMessageAsync(message, reason, description, stop)
            : args.DeadLetterMessageAsync(message, propertiesToModify, reason, description, stop);

    public Task DeferAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) => args.DeferMessageAsync(message, propertiesToModify, stop);

    public Task RenewLockAsync(ServiceBusReceivedMessage message, CancellationToken stop = default) =>
        args.RenewMessageLockAsync(message, stop);
}

/// <summary>Messages a session processor handed out.</summary>
public sealed class SessionProcessorSettlement(ProcessSessionMessageEventArgs args) : IMessageSettlement
{
    public Task CompleteAsync(ServiceBusReceivedMessage message, CancellationToken stop = default) =>
        args.CompleteMessageAsync(message, stop);

    public Task AbandonAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) => args.AbandonMessageAsync(message, propertiesToModify, stop);

    public Task DeadLetterAsync(
        ServiceBusReceivedMessage message,
        string? reason,
        string? description,
        Dictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) =>
        propertiesToModify is null // The overload with properties cannot do without them.
            ? args.DeadLetterMessageAsync(message, reason, description, stop)
            : args.DeadLetterMessageAsync(message, propertiesToModify, reason, description, stop);

    public Task DeferAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify,
        CancellationToken stop = default
    ) => args.DeferMessageAsync(message, propertiesToModify, stop);

    public Task RenewLockAsync(ServiceBusReceivedMessage message, CancellationToken stop = default) =>
        throw new InvalidOperationException("A message of a session has no lock of its own; the processor renews the session's.");
}

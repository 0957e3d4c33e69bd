using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Broker;

/// <summary>How a <see cref="ProcessorPump"/> takes messages; the names and defaults are those of host.json's serviceBus section.</summary>
public sealed record ProcessorPumpOptions
{
    /// <summary>The queue has sessions: each is worked on in its order, one message at a time.</summary>
    public bool IsSessionsEnabled { get; init; }

    public bool AutoCompleteMessages { get; init; } = true;

    /// <summary>Of a queue without sessions.</summary>
    public int MaxConcurrentCalls { get; init; } = 16;

    public int MaxConcurrentSessions { get; init; } = 8;

    public int PrefetchCount { get; init; }

    public TimeSpan MaxAutoLockRenewalDuration { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>
/// Brings a queue's messages to a handler by the official processor, as the Functions host does: the local queues' own AMQP door,
/// Microsoft's emulator or a real namespace. A message whose handler throws is abandoned. Locks are renewed by the real clock, so the queue
/// must keep it too.
/// </summary>
public sealed class ProcessorPump : IAsyncDisposable
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(10);

    private readonly ServiceBusClient client;
    private readonly string queue;
    private readonly Func<ServiceBusReceivedMessage, IMessageSettlement, CancellationToken, Task> handle;
    private readonly ILogger log;
    private readonly ServiceBusProcessor? processor;
    private readonly ServiceBusSessionProcessor? sessions;

    /// <param name="client">Stays the caller's; one for all queues of a namespace.</param>
    public ProcessorPump(
        ServiceBusClient client,
        string queue,
        ProcessorPumpOptions options,
        Func<ServiceBusReceivedMessage, IMessageSettlement, CancellationToken, Task> handle,
        ILogger? log = null
    )
    {
        this.client = client;
        this.queue = queue;
        this.handle = handle;
        this.log = log ?? NullLogger.Instance;
        if (options.IsSessionsEnabled)
        {
            sessions = client.CreateSessionProcessor(queue, SessionOptions(options));
            sessions.ProcessMessageAsync += args => HandleAsync(args.Message, new SessionProcessorSettlement(args), args.CancellationToken);
            sessions.ProcessErrorAsync += OnErrorAsync;
        }
        else
        {
            processor = client.CreateProcessor(queue, PlainOptions(options));
            processor.ProcessMessageAsync += args => HandleAsync(args.Message, new ProcessorSettlement(args), args.CancellationToken);
            processor.ProcessErrorAsync += OnErrorAsync;
        }
    }

    /// <summary>Starts pumping, once the queue has answered: a processor alone would try again for ever and tell only the log.</summary>
    /// <exception cref="ServiceBusException">There is no such queue, or the namespace cannot be reached.</exception>
    /// <exception cref="UnauthorizedAccessException">The key or token is not good for this queue.</exception>
    public async Task StartAsync(CancellationToken stop = default)
    {
        await using (var receiver = client.CreateReceiver(queue))
            await receiver.PeekMessageAsync(cancellationToken: stop);
        await (processor?.StartProcessingAsync(stop) ?? sessions!.StartProcessingAsync(stop));
    }

    /// <summary>
    /// Takes no more messages and waits a while for those being worked on; what is not settled by then is delivered again.
    /// </summary>
    public async Task StopAsync()
    {
        using var patience = new CancellationTokenSource(LongestGoodbye);
        try
        {
            await (processor?.StopProcessingAsync(patience.Token) ?? sessions!.StopProcessingAsync(patience.Token));
        }
        catch (OperationCanceledException)
        {
            log.LogWarning("Queue {Queue} was still at work when the host stopped; its messages will be delivered again", queue);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (processor is not null)
            await processor.DisposeAsync();
        if (sessions is not null)
            await sessions.DisposeAsync();
    }

    private async Task HandleAsync(ServiceBusReceivedMessage message, IMessageSettlement settlement, CancellationToken stop)
    {
        try
        {
            await handle(message, settlement, stop);
        }
        catch (Exception e)
        {
            log.LogError(
                e,
                "Queue {Queue}: message {MessageId} failed, delivery {DeliveryCount}",
                queue,
                message.MessageId,
                message.DeliveryCount
            );
            throw; // The processor abandons it.
        }
    }

    private Task OnErrorAsync(ProcessErrorEventArgs args)
    {
        // The handler's own failures were logged with their message.
        if (args.ErrorSource != ServiceBusErrorSource.ProcessMessageCallback)
            log.LogError(args.Exception, "Queue {Queue}: {Source} failed", queue, args.ErrorSource);
        return Task.CompletedTask;
    }

    private static ServiceBusProcessorOptions PlainOptions(ProcessorPumpOptions options) =>
        new()
        {
            AutoCompleteMessages = options.AutoCompleteMessages,
            MaxConcurrentCalls = options.MaxConcurrentCalls,
            PrefetchCount = options.PrefetchCount,
            MaxAutoLockRenewalDuration = options.MaxAutoLockRenewalDuration,
        };

    private static ServiceBusSessionProcessorOptions SessionOptions(ProcessorPumpOptions options) =>
        new()
        {
            AutoCompleteMessages = options.AutoCompleteMessages,
            MaxConcurrentSessions = options.MaxConcurrentSessions,
            MaxConcurrentCallsPerSession = 1,
            PrefetchCount = options.PrefetchCount,
            MaxAutoLockRenewalDuration = options.MaxAutoLockRenewalDuration,
        };
}

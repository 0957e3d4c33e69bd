using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Host;

/// <summary>
/// Brings a queue's messages to its function, as the Functions host does: several at once, the lock renewed while the function runs, a
/// message whose function throws abandoned. Either started (<see cref="Start"/>) or stepped (<see cref="PumpOneAsync"/>) by a deterministic
/// test.
/// </summary>
public sealed class QueuePump(
    QueueFunction function,
    LocalQueue queue,
    IServiceProvider services,
    TimeProvider time,
    HostSettings? settings = null,
    ILogger? log = null,
    Func<Task>? whenCalm = null
) : IAsyncDisposable
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(10);

    private readonly HostSettings settings = settings ?? new HostSettings();
    private readonly ILogger log = log ?? NullLogger.Instance;
    private readonly CancellationTokenSource stopping = new();
    private Task? running;

    public QueueFunction Function { get; } = function;

    /// <summary>Starts pumping in the background.</summary>
    public void Start() => running ??= Task.Run(RunAsync);

    /// <summary>
    /// Takes no more messages and waits a while for those being worked on; what is not settled by then is delivered again.
    /// </summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        if (running is null)
            return;
        try
        {
            await running.WaitAsync(LongestGoodbye, time);
        }
        catch (TimeoutException)
        {
            log.LogWarning(
                "Function {Function} was still at work when the host stopped; its messages will be delivered again",
                Function.Name
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
    }

    /// <summary>Processes one available message to its end on the caller's thread of work; false when there is none.</summary>
    public async Task<bool> PumpOneAsync()
    {
        var message = await queue.ReceiveAsync(TimeSpan.Zero, stopping.Token);
        if (message is null)
            return false;
        await ProcessAsync(message);
        return true;
    }

    private async Task RunAsync()
    {
        using var slots = new SemaphoreSlim(settings.MaxConcurrentCalls);
        var holding = false;
        try
        {
            while (true)
            {
                await slots.WaitAsync(stopping.Token);
                holding = true;
                if (whenCalm is not null)
                    await whenCalm().WaitAsync(stopping.Token);
                var message = await NextAsync();
                holding = false;
                _ = Task.Run(
                    async () =>
                    {
                        try
                        {
                            await ProcessAsync(message);
                        }
                        finally
                        {
                            slots.Release();
                        }
                    },
                    CancellationToken.None
                );
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Every slot but the one of a cancelled receive comes back when its function ends.
            for (var i = holding ? 1 : 0; i < settings.MaxConcurrentCalls; i++)
                await slots.WaitAsync();
        }
    }

    private async Task<ServiceBusReceivedMessage> NextAsync()
    {
        while (true)
        {
            try
            {
                if (await queue.ReceiveAsync(stop: stopping.Token) is { } message)
                    return message;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogError(e, "Queue {Queue} could not be read; trying again", queue.Name);
                await Task.Delay(PauseAfterFailure, time, stopping.Token);
            }
        }
    }

    private async Task ProcessAsync(ServiceBusReceivedMessage message)
    {
        var actions = new LocalQueueActions(new QueueSettlement(queue));
        try
        {
            await using (RenewWhileRunning(message))
                await Function.Invoker.InvokeAsync(
                    new Invocation(services, stopping.Token) { Message = message, MessageActions = actions }
                );
            if ((Function.AutoCompleteMessages ?? settings.AutoCompleteMessages) && !actions.IsSettled)
                await queue.CompleteAsync(message);
        }
        catch (Exception e)
        {
            log.LogError(
                e,
                "Function {Function} failed on message {MessageId}, delivery {DeliveryCount}",
                Function.Name,
                message.MessageId,
                message.DeliveryCount
            );
            if (!actions.IsSettled)
                await AbandonAsync(message);
        }
    }

    private async Task AbandonAsync(ServiceBusReceivedMessage message)
    {
        try
        {
            await queue.AbandonAsync(message);
        }
        catch (Exception e)
        {
            // Not abandoned is not lost: the lock ends and the message is delivered again.
            log.LogWarning(e, "Message {MessageId} could not be abandoned", message.MessageId);
        }
    }

    private ITimer RenewWhileRunning(ServiceBusReceivedMessage message)
    {
        var end = time.GetUtcNow() + settings.MaxAutoLockRenewalDuration;
        var every = queue.Options.LockDuration / 2;
        ITimer? timer = null;
        timer = time.CreateTimer(_ => Renew(), null, every, every);
        return timer;

        void Renew()
        {
            try
            {
                if (time.GetUtcNow() <= end)
                    queue.RenewLock(message);
                else
                    Volatile.Read(ref timer)?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            catch (MessageLockLostException)
            {
                // Settled in this moment, or lost; either way there is nothing left to renew.
                Volatile.Read(ref timer)?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }
}

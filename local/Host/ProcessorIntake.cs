using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Host;

/// <summary>
/// Brings every queue's messages to its function by the official processors, as the Functions host does. For queues that keep the real
/// clock; <see cref="QueuePump"/> is for any other.
/// </summary>
/// <param name="services">Has the catalog, the <see cref="ServiceBusClient"/> and what the functions need.</param>
/// <param name="whenCalm">Completes while the engine can take more work.</param>
internal sealed class ProcessorIntake(IServiceProvider services, HostSettings settings, Func<Task> whenCalm) : IAsyncDisposable
{
    private readonly List<ProcessorPump> pumps = [];

    /// <exception cref="ServiceBusException">A queue is not there, or its namespace cannot be reached.</exception>
    /// <exception cref="UnauthorizedAccessException">The key is not good for a queue.</exception>
    public async Task StartAsync(CancellationToken stop = default)
    {
        var client = services.GetRequiredService<ServiceBusClient>();
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger<ProcessorPump>();
        foreach (var function in services.GetRequiredService<FunctionCatalog>().Queues)
            pumps.Add(new ProcessorPump(client, function.Queue, OptionsFor(function), (m, s, c) => InvokeAsync(function, m, s, c), log));
        await Task.WhenAll(pumps.Select(p => p.StartAsync(stop)));
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(pumps.Select(p => p.DisposeAsync().AsTask()));

    private ProcessorPumpOptions OptionsFor(QueueFunction function) =>
        new()
        {
            IsSessionsEnabled = function.IsSessionsEnabled,
            AutoCompleteMessages = function.AutoCompleteMessages ?? settings.AutoCompleteMessages,
            MaxConcurrentCalls = settings.MaxConcurrentCalls,
            MaxAutoLockRenewalDuration = settings.MaxAutoLockRenewalDuration,
        };

    /// <summary>What it throws makes the processor abandon the message.</summary>
    private async Task InvokeAsync(
        QueueFunction function,
        ServiceBusReceivedMessage message,
        IMessageSettlement settlement,
        CancellationToken stop
    )
    {
        await whenCalm().WaitAsync(stop);
        var actions = new LocalQueueActions(settlement);
        await function.Invoker.InvokeAsync(new Invocation(services, stop) { Message = message, MessageActions = actions });
    }
}

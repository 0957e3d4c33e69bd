using IRFunctions.Local.Engine.Client;
using Microsoft.DurableTask.Worker.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IRFunctions.Local.Engine.Hosting;

/// <summary>Puts the engine in the place of `UseGrpc` for Durable Task's own worker and client builders.</summary>
public static class LocalEngineExtensions
{
    /// <summary>
    /// Runs the worker's tasks on the local engine, from the start of the host to its end. The engine takes its <see
    /// cref="IDurableStore"/>, its
    /// <see cref="TimeProvider"/> and its <see cref="EngineOptions"/> from the services, or a memory store and the system's clock.
    /// </summary>
    public static IDurableTaskWorkerBuilder UseLocalEngine(this IDurableTaskWorkerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddEngine(builder.Services);
        return builder.UseBuildTarget<LocalEngineWorker>();
    }

    /// <summary>A client of the engine that the same services' worker runs on.</summary>
    public static IDurableTaskClientBuilder UseLocalEngine(this IDurableTaskClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AddEngine(builder.Services);
        return builder.UseBuildTarget<EngineClient>();
    }

    private static void AddEngine(IServiceCollection services)
    {
        services.TryAddSingleton<IDurableStore>(_ => new MemoryStore());
        services.TryAddSingleton(s => new DurableEngine(
            s.GetRequiredService<IDurableStore>(),
            s.GetService<TimeProvider>() ?? TimeProvider.System,
            s.GetService<ILoggerFactory>(),
            s.GetService<EngineOptions>()
        ));
    }
}

/// <summary>The engine as a hosted worker: the official build target.</summary>
public sealed class LocalEngineWorker(
    string? name,
    IDurableTaskFactory factory,
    DurableEngine engine,
    IServiceProvider services,
    IOptionsMonitor<DurableTaskWorkerOptions> options,
    IOptionsMonitor<DurableTaskWorkerWorkItemFilters> filters
) : DurableTaskWorker(name, factory)
{
    /// <exception cref="NotSupportedException">Work item filters are set.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // They share work out among several workers; here they could only leave it lying.
        if (filters.Get(Name) is not { Orchestrations.Count: 0, Activities.Count: 0, Entities.Count: 0 })
            throw new NotSupportedException(
                "The local engine has one worker and takes no work item filters: remove UseWorkItemFilters, or use UseOrchestrationFilter."
            );
        await engine.Use(Factory, services, options.Get(Name)).StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await engine.StopAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    // The engine works by itself.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
}

/// <summary>Makes a factory of a registry the way the official builder does, which is the only public way.</summary>
public static class TaskFactories
{
    /// <summary>For tasks that need no services.</summary>
    public static IServiceProvider NoServices { get; } = new ServiceCollection().BuildServiceProvider();

    public static IDurableTaskFactory From(Action<DurableTaskRegistry> addTasks)
    {
        var services = new ServiceCollection();
        services.AddDurableTaskWorker(b => b.AddTasks(addTasks).UseBuildTarget<Catcher>());
        using var provider = services.BuildServiceProvider();
        return ((Catcher)provider.GetRequiredService<IHostedService>()).Caught;
    }

    /// <summary>A worker that only tells what factory it was given.</summary>
    private sealed class Catcher(string? name, IDurableTaskFactory factory) : DurableTaskWorker(name, factory)
    {
        public IDurableTaskFactory Caught => Factory;

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
    }
}

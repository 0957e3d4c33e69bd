using IRFunctions.Local.Engine.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IRFunctions.Local.Engine.Hosting;

/// <summary>Puts the engine in the place of `UseGrpc` for Durable Task's own worker and client builders.</summary>
public static class LocalEngineExtensions
{
    /// <summary>
    /// Runs the worker's tasks on the local engine, from the start of the host to its end. The engine takes its <see cref="IDurableStore"/>, its
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
            s.GetRequiredService<IDurableStore>(), s.GetService<TimeProvider>() ?? TimeProvider.System, s.GetService<ILoggerFactory>(), s.GetService<EngineOptions>()));
    }
}

using Microsoft.DurableTask.Worker.Hosting;
using Microsoft.Extensions.Options;

namespace IRFunctions.Local.Engine.Hosting;

/// <summary>The engine as a hosted worker: the official build target.</summary>
public sealed class LocalEngineWorker : DurableTaskWorker
{
    private readonly DurableEngine engine;

    public LocalEngineWorker(
        string? name, IDurableTaskFactory factory, DurableEngine engine, IServiceProvider services, IOptionsMonitor<DurableTaskWorkerOptions> options)
        : base(name, factory)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        this.engine = engine.Use(factory, services, options.Get(name));
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await engine.StartAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await engine.StopAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    // The engine has workers of its own.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
}

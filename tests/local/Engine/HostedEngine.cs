using System.Collections.Concurrent;
using IRFunctions.Local.Engine.Hosting;
using IRFunctions.Local.Engine.Stores;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Tests.Engine;

/// <summary>
/// The engine behind Durable Task's own worker and client builders in a host, under the real clock, as a stranger's tests would use it.
/// </summary>
internal sealed class HostedEngine : IAsyncDisposable
{
    private readonly IHost host;
    private readonly string path;

    private HostedEngine(IHost host, LogLines lines, string path) => (this.host, Lines, this.path) = (host, lines, path);

    public DurableTaskClient Client => host.Services.GetRequiredService<DurableTaskClient>();

    public IServiceProvider Services => host.Services;

    public LogLines Lines { get; }

    /// <summary>Ends waits that would never end; no test waits for it.</summary>
    public static CancellationToken Limit => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public static async Task<HostedEngine> StartAsync(
        Action<IDurableTaskWorkerBuilder> worker,
        Action<IDurableTaskClientBuilder>? client = null,
        Action<IServiceCollection>? services = null,
        bool sqlite = false
    )
    {
        var lines = new LogLines();
        var path = Path.Combine(Path.GetTempPath(), $"hosted-{Guid.NewGuid():N}.db");
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddProvider(lines).SetMinimumLevel(LogLevel.Debug);
        if (sqlite)
            builder.Services.AddSingleton<IDurableStore>(_ => new SqliteStore(path));
        services?.Invoke(builder.Services);
        builder.Services.AddDurableTaskWorker(b => worker(b.UseLocalEngine()));
        builder.Services.AddDurableTaskClient(b =>
        {
            b.UseLocalEngine();
            b.RegisterDirectly();
            client?.Invoke(b);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new HostedEngine(host, lines, path);
    }

    /// <summary>Starts an orchestration and waits for its end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(
        string orchestrator,
        object? input = null,
        Microsoft.DurableTask.StartOrchestrationOptions? options = null
    )
    {
        var id = await Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, options);
        return await Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        if (host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        foreach (var file in new[] { path, path + "-wal", path + "-shm" })
            File.Delete(file);
    }

    public sealed record LogLine(string Category, string? Event, string Text, Exception? Exception);

    /// <summary>What was logged.</summary>
    public sealed class LogLines : ILoggerProvider
    {
        private readonly ConcurrentQueue<LogLine> lines = new();

        public IEnumerable<LogLine> Of(string name) => lines.Where(l => l.Event == name);

        public ILogger CreateLogger(string categoryName) => new Logger(lines, categoryName);

        public void Dispose() { }

        private sealed class Logger(ConcurrentQueue<LogLine> lines, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel,
                EventId eventId,
                TState state,
                Exception? exception,
                Func<TState, Exception?, string> formatter
            ) => lines.Enqueue(new LogLine(category, eventId.Name, formatter(state, exception), exception));
        }
    }
}

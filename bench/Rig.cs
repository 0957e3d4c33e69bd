using System.Collections.Concurrent;
using System.Diagnostics;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Machine;
using IRFunctions.Policies;
using IRFunctions.Record;
using Microsoft.Extensions.DependencyInjection;
using OpenAI.Chat;

namespace IRFunctions.Bench;

/// <summary>The whole pipeline, working in the background as it does for people, with a stop-watch on its record.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Kind, string Chain), TaskCompletionSource<long>> awaited = new();
    private readonly string? folder;
    private readonly (string Kind, Counter Counter)[] counters;

    private Rig(LocalMachine machine, BatchClock clock, string? folder, string[] kinds)
    {
        (Machine, Clock, this.folder) = (machine, clock, folder);
        counters = [.. kinds.Select(k => (k, new Counter()))];
        machine.Audit.Appended += Seen;
    }

    public LocalMachine Machine { get; }

    public BatchClock Clock { get; }

    /// <param name="model">Answers at once.</param>
    /// <param name="onDisk">The embedded default: SQLite files in a temporary folder. Otherwise everything is in memory.</param>
    /// <param name="farSide">Answers what the pipeline asks of its tenant; null for the simulated tenant.</param>
    /// <param name="counted">Kinds of entries to count.</param>
    public static async Task<Rig> StartAsync(
        ChatClient model,
        bool onDisk,
        Func<IServiceProvider, HttpMessageHandler>? farSide = null,
        params string[] counted
    )
    {
        var clock = new BatchClock();
        var folder = onDisk ? System.IO.Directory.CreateTempSubdirectory("irfunctions-bench-").FullName : null;
        var services = new ServiceCollection();
        LocalMachine.Register(
            services,
            new MachineOptions
            {
                Time = clock,
                StateFolder = folder,
                PolicyFolder = Path.Combine(AppContext.BaseDirectory, "policies"),
                Model = model,
                EditPolicy = WithWideBudgets,
                // each alert asks the model
                Settings = new Dictionary<string, string?> { ["Model:TokensPerHour"] = "0", ["Model:CacheMinutes"] = "0" },
            }
        );
        if (farSide is not null)
            services.ConfigureHttpClientDefaults(client => client.ConfigurePrimaryHttpMessageHandler(s => farSide(s)));
        var rig = new Rig(await LocalMachine.CreateAsync(services.BuildServiceProvider()), clock, folder, counted);
        await rig.Machine.Start();
        return rig;
    }

    public Task SendAsync(Alerts alerts, int number) =>
        Machine.Alerts.SendAsync(new OutgoingMessage { Body = alerts.Body(number), MessageId = $"bench-{number}" });

    /// <summary>Sends many, a hundred at a time as a sender with batches does.</summary>
    public async Task SendManyAsync(Alerts alerts, int first, int count)
    {
        for (var at = first; at < first + count; at += 100)
        {
            await Machine.Alerts.SendAsync([
                .. Enumerable
                    .Range(at, Math.Min(100, first + count - at))
                    .Select(n => new OutgoingMessage { Body = alerts.Body(n), MessageId = $"bench-{n}" }),
            ]);
        }
    }

    /// <summary>The moment (Stopwatch ticks) an entry of this kind comes onto a chain; ask before what causes it.</summary>
    public Task<long> WhenRecorded(string kind, string chain) =>
        awaited.GetOrAdd((kind, chain), _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Completes when so many entries of this kind have been written since the start.</summary>
    public Task WhenCounted(string kind, long count) => counters.First(c => c.Kind == kind).Counter.Reaches(count);

    public async ValueTask DisposeAsync()
    {
        await Machine.Engine.StopAsync();
        await Machine.DisposeAsync();
        if (folder is not null)
            System.IO.Directory.Delete(folder, recursive: true);
    }

    /// <summary>The widest budgets a policy may have, so that nothing asks for want of one.</summary>
    private static IReadOnlyList<PolicyFile> WithWideBudgets(IReadOnlyList<PolicyFile> files) =>
        [.. files.Select(f => f.Name == "budgets.yaml" ? f with { Text = WideBudgets } : f)];

    private const string WideBudgets = """
        identity: { per_minute: 10000, per_hour: 100000 }
        action: { per_minute: 10000, per_hour: 100000 }
        tenant: { per_minute: 10000, per_hour: 100000 }
        """;

    private void Seen(AuditEntry entry)
    {
        foreach (var (kind, counter) in counters)
        {
            if (kind == entry.Kind)
                counter.Add();
        }
        if (!awaited.IsEmpty && awaited.TryRemove((entry.Kind, entry.Chain), out var source))
            source.SetResult(Stopwatch.GetTimestamp());
    }

    private sealed class Counter
    {
        private readonly Lock gate = new();
        private long count;
        private (long Goal, TaskCompletionSource Reached)? goal;

        public void Add()
        {
            lock (gate)
            {
                count++;
                if (goal is { } g && count >= g.Goal)
                    g.Reached.TrySetResult();
            }
        }

        public Task Reaches(long wanted)
        {
            lock (gate)
            {
                goal = (wanted, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                if (count >= wanted)
                    goal.Value.Reached.SetResult();
                return goal.Value.Reached.Task;
            }
        }
    }
}

/// <summary>The real clock, which can be set ahead: a policy allows at most 10,000 actions a minute, and a benchmark does more.</summary>
internal sealed class BatchClock : TimeProvider
{
    private long ahead;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ahead));

    public void NextMinute() => Interlocked.Add(ref ahead, TimeSpan.TicksPerMinute);
}

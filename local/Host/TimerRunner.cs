using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Host;

/// <summary>
/// Runs timer functions by their schedules (UTC). Either started (<see cref="Start"/>) or stepped (<see cref="RunDueTimersAsync"/>) by a
/// test that moves virtual time to <see cref="NextDue"/> itself. Runs of one function never overlap; occurrences missed meanwhile run once,
/// marked past due.
/// </summary>
public sealed class TimerRunner : IAsyncDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly IServiceProvider services;
    private readonly TimeProvider time;
    private readonly string? statusFile;
    private readonly ILogger log;
    private readonly List<Planned> plan;
    private readonly SemaphoreSlim oneAtATime = new(1);
    private readonly CancellationTokenSource stopping = new();
    private Task? running;

    /// <param name="statusFile">Remembers the last runs, so that one missed while the host was down runs at its start; null remembers
    /// nothing.</param>
    public TimerRunner(
        FunctionCatalog catalog,
        IServiceProvider services,
        TimeProvider time,
        string? statusFile = null,
        ILogger? log = null
    )
    {
        this.services = services;
        this.time = time;
        this.statusFile = statusFile;
        this.log = log ?? NullLogger.Instance;
        var lastRuns = ReadStatus();
        var now = time.GetUtcNow();
        plan =
        [
            .. catalog.Timers.Select(f => new Planned(f, now, f.UseMonitor && lastRuns.TryGetValue(f.Name, out var last) ? last : null)),
        ];
    }

    /// <summary>When the next function is due, or null where no schedule has a next time.</summary>
    public DateTimeOffset? NextDue => plan.Min(p => p.Next);

    /// <summary>
    /// Runs what is due now, in order of time and name, and answers how many ran. A function that throws is logged and keeps its schedule.
    /// </summary>
    public async Task<int> RunDueTimersAsync()
    {
        await oneAtATime.WaitAsync();
        try
        {
            var now = time.GetUtcNow();
            var due = plan.Where(p => p.Next <= now).OrderBy(p => p.Next).ThenBy(p => p.Function.Name, StringComparer.Ordinal).ToList();
            foreach (var planned in due)
                await RunAsync(planned, now);
            if (due.Count > 0)
                WriteStatus();
            return due.Count;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    /// <summary>Starts running timers in the background.</summary>
    public void Start() => running ??= Task.Run(LoopAsync);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        if (running is not null)
            await running;
        stopping.Dispose();
        oneAtATime.Dispose();
    }

    private async Task LoopAsync()
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                await RunDueTimersAsync();
                var wait = NextDue is { } due ? due - time.GetUtcNow() : LongestTimer;
                if (wait > LongestTimer)
                    wait = LongestTimer;
                // Whole milliseconds upwards, so that the timer never fires a fraction early.
                if (wait > TimeSpan.Zero)
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), time, stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested) { }
    }

    private async Task RunAsync(Planned planned, DateTimeOffset now)
    {
        var following = planned.Function.Schedule.Next(now);
        var info = new TimerInfo
        {
            IsPastDue = planned.IsPastDue(now),
            ScheduleStatus = new ScheduleStatus
            {
                Last = planned.Last?.UtcDateTime ?? default,
                Next = following?.UtcDateTime ?? default,
                LastUpdated = now.UtcDateTime,
            },
        };
        planned.Ran(now, following);
        try
        {
            await planned.Function.Invoker.InvokeAsync(new Invocation(services, stopping.Token) { Timer = info });
        }
        catch (Exception e)
        {
            log.LogError(e, "Timer function {Function} failed; its next run is at {Next}", planned.Function.Name, following);
        }
    }

    private Dictionary<string, DateTimeOffset> ReadStatus()
    {
        if (statusFile is null || !File.Exists(statusFile))
            return [];
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, DateTimeOffset>>(File.ReadAllText(statusFile)) ?? [];
        }
        catch (JsonException e)
        {
            log.LogWarning(e, "{File} is unreadable; timers start without a memory of their last runs", statusFile);
            return [];
        }
    }

    /// <summary>Written beside and moved over: a crash leaves the old file or the new one, never half of one.</summary>
    private void WriteStatus()
    {
        if (statusFile is null)
            return;
        var lastRuns = plan.Where(p => p.Last is not null).ToDictionary(p => p.Function.Name, p => p.Last!.Value);
        File.WriteAllText(statusFile + ".new", JsonSerializer.Serialize(lastRuns));
        File.Move(statusFile + ".new", statusFile, overwrite: true);
    }

    private sealed class Planned
    {
        private bool atStart;

        public Planned(TimerFunction function, DateTimeOffset now, DateTimeOffset? last)
        {
            Function = function;
            Last = last;
            var missed = last is { } ran && function.Schedule.Next(ran) is { } then && then <= now ? then : (DateTimeOffset?)null;
            atStart = function.RunOnStartup && missed is null;
            Next = missed ?? (atStart ? now : function.Schedule.Next(now));
        }

        public TimerFunction Function { get; }

        public DateTimeOffset? Last { get; private set; }

        public DateTimeOffset? Next { get; private set; }

        /// <summary>Late enough to count: another occurrence has come too, or the host was down when this one came.</summary>
        public bool IsPastDue(DateTimeOffset now) =>
            !atStart && Next is { } due && (Function.Schedule.Next(due) <= now || now - due >= TimeSpan.FromMinutes(1));

        public void Ran(DateTimeOffset now, DateTimeOffset? following)
        {
            Last = now;
            Next = following;
            atStart = false;
        }
    }
}

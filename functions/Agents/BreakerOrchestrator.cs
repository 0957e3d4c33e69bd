using IRFunctions.Alerts;
using IRFunctions.Audit;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Safeguards;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Incidents;

/// <summary>What became of showing a change to the gate.</summary>
/// <param name="Halted">Reason of the global stop where it is engaged; null otherwise.</param>
/// <param name="PolicyHash">Policy in force, archived.</param>
/// <param name="Ends">Actions whose containment the change ends.</param>
public sealed record PublishReport(string? Halted, string PolicyHash, IReadOnlyList<string> Ends);

/// <summary>Names of what breakers put on the record, on the chain `breaker-{identity}`.</summary>
public static class BreakerKinds
{
    public const string Opened = "breaker-opened";
    public const string HalfOpened = "breaker-half-opened";
    public const string Closed = "breaker-closed";
    public const string Refused = "breaker-refused";
    public const string Halted = "breaker-halted";
    public const string Shown = "breaker-shown";
    public const string NotRestored = "snapshot-refused";
    public const string Restored = "snapshot-restored";
    public const string Rebased = "baseline-rebased";

    /// <summary>Chain of one identity's breaker.</summary>
    public static string ChainOf(string identity) => $"breaker-{CircuitBreaker.ShortOf(identity)}";

    public static string Of(BreakerChange change) => change.Refused ? Refused : change.To switch
    {
        BreakerStatus.Open => Opened, BreakerStatus.HalfOpen => HalfOpened, _ => Closed,
    };
}

/// <summary>
/// Carries a breaker's change out: on the record first, then to the gate (S11), then the quarantine's incident, or the end of what the quarantine held.
/// Under the global stop an opening waits; what lets requests through again does not (S13).
/// </summary>
public static class BreakerOrchestrator
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(30);

    [Function(CircuitBreaker.FollowOrchestration)]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var change = context.GetInput<BreakerChange>()!;
        var record = new Recorder(context, BreakerKinds.ChainOf(change.Identity)) { About = Recorder.AboutOf("circuit_breaker", new Target("workload", change.Identity, change.Identity)) };
        await record.WriteAsync(BreakerKinds.Of(change), InWords(change), change.By, change);
        if (change.Refused) return;
        if (await PublishAsync(context, record, change) is not { } report) return;
        if (change.To == BreakerStatus.Open) await OpenIncidentAsync(context, change, report);
        foreach (var action in report.Ends)
            await context.Entities.SignalEntityAsync(ScheduledRollback.For(action, new Target("workload", change.Identity, change.Identity)), nameof(ScheduledRollback.Lapse),
                new HoldLapse(Quarantine.IncidentOf(change), $"the breaker is {Words(change.To)}: {change.Reason}"));
    }

    /// <summary>Null where a later change has taken its place meanwhile.</summary>
    private static async Task<PublishReport?> PublishAsync(TaskOrchestrationContext context, Recorder record, BreakerChange change)
    {
        var pause = FirstPause;
        while (true)
        {
            var report = await context.CallActivityAsync<PublishReport?>(nameof(BreakerActivities.ShowGate), change, RetryPolicies.ForTheTenant);
            if (report?.Halted is not { } halted) return report;
            if (pause == FirstPause) await record.WriteAsync(BreakerKinds.Halted, $"halted by the global stop ({halted}): the gate does not deny until it is lifted");
            await context.CreateTimer(pause, CancellationToken.None);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static Task OpenIncidentAsync(TaskOrchestrationContext context, BreakerChange change, PublishReport report)
    {
        var alert = Quarantine.AlertOf(change);
        return context.Entities.SignalEntityAsync(IncidentRegister.For(Correlation.IncidentKey(alert)), nameof(IncidentRegister.Arrive),
            new Arrival(Correlation.AlertKey(alert), alert, report.PolicyHash, context.InstanceId));
    }

    private static string InWords(BreakerChange change) => change.Refused
        ? $"refused: a breaker that is {Words(change.From)} cannot become {Words(change.To)} by {change.Cause}. {change.Reason}"
        : $"{change.Identity} went from {Words(change.From)} to {Words(change.To)} by {change.Cause}: {change.Reason}"
            + (change.LimitedUntil is { } limited ? $". Registered as business-critical: limited instead of denied until {limited:yyyy-MM-dd HH:mm:ss} UTC, while a person decides" : "");

    private static string Words(BreakerStatus status) => status switch { BreakerStatus.Open => "open", BreakerStatus.HalfOpen => "half-open", _ => "closed" };
}

/// <summary>The activities of a breaker's changes.</summary>
public sealed class BreakerActivities(GateTable board, PolicyStore policies, PolicyArchive archive)
{
    /// <summary>Shows a change to every instance of the gate. Null where a later change is shown already.</summary>
    [Function(nameof(ShowGate))]
    public async Task<PublishReport?> ShowGate([ActivityTrigger] BreakerChange change, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        var policy = policies.Current;
        if (change.To == BreakerStatus.Open)
        {
            // Denying is an effect as any other: the stop halts it (S13). What lets requests through again is not halted.
            var stop = await GlobalStop.ReadAsync(client, cancellation);
            if (await board.IsSupersededAsync(change.Identity, change.Number, cancellation)) return null;
            if (stop.Engaged) return new PublishReport(stop.Reason, policy.Hash, []);
        }
        await archive.KeepAsync(policy, cancellation);
        var shown = await board.PublishAsync(new GateTableEntry(change.Identity, change.To, change.Number, change.Until, change.LimitedUntil, change.Reason), cancellation);
        return shown ? new PublishReport(null, policy.Hash, Quarantine.EndsWith(change, policy)) : null;
    }
}

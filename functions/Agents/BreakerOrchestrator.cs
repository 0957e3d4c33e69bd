using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.Incidents;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Agents;

/// <summary>
/// Carries a breaker's change out: on the record first, then to the gate (S11), then the quarantine's incident, or the end of what the
/// quarantine held.
/// Under the global stop an opening waits; what lets requests through again does not (S13).
/// </summary>
public static class BreakerOrchestrator
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(30);

    [Function(nameof(BreakerOrchestrator))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var change = context.GetInput<BreakerChange>()!;
        var record = new Recorder(context, BreakerKinds.ChainOf(change.Identity))
        {
            About = Recorder.AboutOf("circuit_breaker", new Target("workload", change.Identity, change.Identity)),
        };
        await record.WriteAsync(BreakerKinds.Of(change), InWords(change), change.By, change);
        if (change.Refused)
            return;
        if (await PublishAsync(context, record, change) is not { } report)
            return;
        if (change.To == BreakerStatus.Open)
            await OpenIncidentAsync(context, change, report);
        foreach (var action in report.Ends)
            await context.Entities.SignalEntityAsync(
                ScheduledRollback.For(action, new Target("workload", change.Identity, change.Identity)),
                nameof(ScheduledRollback.Lapse),
                new HoldLapse(Quarantine.IncidentOf(change), $"the breaker is {Words(change.To)}: {change.Reason}")
            );
    }

    /// <summary>Null where a later change has taken its place meanwhile.</summary>
    private static async Task<PublishReport?> PublishAsync(TaskOrchestrationContext context, Recorder record, BreakerChange change)
    {
        var pause = FirstPause;
        while (true)
        {
            var report = await context.CallActivityAsync<PublishReport?>(
                nameof(BreakerActivities.ShowGate),
                change,
                RetryPolicies.ForTheTenant
            );
            if (report?.Halted is not { } halted)
                return report;
            if (pause == FirstPause)
                await record.WriteAsync(
                    BreakerKinds.Halted,
                    $"halted by the global stop ({halted}): the gate does not deny until it is lifted"
                );
            await context.CreateTimer(pause, CancellationToken.None);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static Task OpenIncidentAsync(TaskOrchestrationContext context, BreakerChange change, PublishReport report)
    {
        var alert = Quarantine.AlertOf(change);
        return context.Entities.SignalEntityAsync(
            IncidentRegister.For(Correlation.IncidentKey(alert)),
            nameof(IncidentRegister.Arrive),
            new Arrival(AlertVersion.KeyOf(alert), alert, report.PolicyHash, context.InstanceId)
        );
    }

    private static string InWords(BreakerChange change) =>
        change.Refused
            ? $"refused: a breaker that is {Words(change.From)} cannot become {Words(change.To)} by {change.Cause}. {change.Reason}"
            : $"{change.Identity} went from {Words(change.From)} to {Words(change.To)} by {change.Cause}: {change.Reason}"
                + (
                    change.LimitedUntil is { } limited
                        ? $". Registered as business-critical: limited instead of denied until {limited:yyyy-MM-dd HH:mm:ss} UTC, "
                            + $"while a person decides"
                        : ""
                );

    private static string Words(BreakerStatus status) =>
        status switch
        {
            BreakerStatus.Open => "open",
            BreakerStatus.HalfOpen => "half-open",
            _ => "closed",
        };
}

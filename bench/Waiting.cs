using System.Diagnostics;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Record;

namespace IRFunctions.Bench;

/// <summary>Many incidents that wait for a person: what they hold, and whether one more costs more because they wait.</summary>
internal static class Waiting
{
    private const int Few = 1_000;
    private const int Samples = 200;
    private const string Approver = "00000000-0000-4000-8000-0000000000b1";

    /// <summary>So many on their way at once, so that the queue's own backlog is not measured.</summary>
    private const int Portion = 1_000;

    public static async Task RunAsync(Report report, int many, bool onDisk, int few = Few, int samples = Samples)
    {
        var where = onDisk ? "SQLite" : "memory";
        var alerts = Alerts.AboutAccounts();
        var before = Memory();
        var users = new FarSide();
        await using var rig = await Rig.StartAsync(
            InstantModel.Recommending("disable_user_account_temporarily", alerts.EntityId),
            onDisk,
            users.Handler,
            AuditKinds.Asked
        );
        await FillAsync(report, rig, alerts, 0, few);
        await CostAsync(rig, alerts, few, samples); // warms up
        var (alertFew, approveFew) = await CostAsync(rig, alerts, few + samples, samples);
        var at = few + (2 * samples);
        await FillAsync(report, rig, alerts, at, many - few);
        var memory = Memory();
        var (alertMany, approveMany) = await CostAsync(rig, alerts, at + many - few, samples);

        report.Add(
            "waiting",
            $"{many:N0} waiting for approval, {where}: GC heap after collection (working set)",
            Report.Text(
                $"{(memory.Heap - before.Heap) / 1e6:N0} MB ({memory.WorkingSet / 1e6:N0} MB for the process), "
                    + $"{(memory.Heap - before.Heap) / many:N0} bytes each; alerts of {alerts.Body(1).Length:N0} bytes"
            ),
            "under 1 GB"
        );
        report.Add(
            "waiting",
            $"one more alert until people are asked, {where}: median with {few:N0} and with {many:N0} waiting",
            Ratio(alertFew, alertMany),
            "ratio near 1"
        );
        report.Add(
            "waiting",
            $"one approval until the outcome is recorded, {where}: median with {few:N0} and with {many:N0} waiting",
            Ratio(approveFew, approveMany),
            "ratio near 1"
        );
    }

    private static async Task FillAsync(Report report, Rig rig, Alerts alerts, int first, int count)
    {
        var start = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < count; sent += Portion)
        {
            var portion = Math.Min(Portion, count - sent);
            await rig.SendManyAsync(alerts, first + sent, portion);
            await rig.WhenCounted(AuditKinds.Asked, first + sent + portion);
        }
        report.Progress(Report.Text($"{count:N0} incidents brought to waiting in {Stopwatch.GetElapsedTime(start).TotalSeconds:N1} s"));
    }

    /// <summary>
    /// Milliseconds for one alert after another to be asked about, and for one after another to be approved and carried out.
    /// </summary>
    private static async Task<(double Alert, double Approve)> CostAsync(Rig rig, Alerts alerts, int first, int samples)
    {
        var (asked, approved) = (new List<double>(samples), new List<double>(samples));
        for (var i = first; i < first + samples; i++)
        {
            var chain = Correlation.IncidentKey(AlertParser.Read(alerts.Body(i)).Alert!);
            var whenAsked = rig.WhenRecorded(AuditKinds.Asked, chain);
            var start = Stopwatch.GetTimestamp();
            await rig.SendAsync(alerts, i);
            asked.Add(Stopwatch.GetElapsedTime(start, await whenAsked).TotalMilliseconds);
            await IdleAsync(rig);
        }
        for (var i = first; i < first + samples; i++)
        {
            var chain = Correlation.IncidentKey(AlertParser.Read(alerts.Body(i)).Alert!);
            var target = AlertParser.Read(alerts.Body(i)).Alert!.Entities.OfType<AccountEntity>().First().ObjectId;
            var request = $"approval-{Fingerprint.Of(chain, "disable_user_account_temporarily", $"account:{target}")}";
            var whenDone = rig.WhenRecorded(AuditKinds.Outcome, chain);
            var start = Stopwatch.GetTimestamp();
            await rig.Machine.Client.RaiseEventAsync(
                request,
                ApprovalView.EventName(1, 0),
                new ApprovalAnswer(Approver, true, "looked at it", rig.Clock.GetUtcNow(), "api")
            );
            approved.Add(Stopwatch.GetElapsedTime(start, await whenDone).TotalMilliseconds);
            await IdleAsync(rig);
        }
        return (Report.Percentile(asked, 50), Report.Percentile(approved, 50));
    }

    /// <summary>Lets what follows the measured moment end before the next one.</summary>
    private static Task IdleAsync(Rig rig) => rig.Machine.Alerts.Counts.Active == 0 ? Task.Delay(2) : Task.Delay(5);

    private static string Ratio(double few, double many) => Report.Text($"{few:0.00} ms and {many:0.00} ms: ratio {many / few:0.00}");

    private static (long Heap, long WorkingSet) Memory()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        using var process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(true), process.WorkingSet64);
    }
}

using System.Diagnostics;
using IRFunctions.Alerts;
using IRFunctions.Record;

namespace IRFunctions.Bench;

/// <summary>One alert at a time, from the queue to the action that is executed, read back and on the record.</summary>
internal static class Latency
{
    public static async Task RunAsync(Report report, int count, bool onDisk = true, int warmUp = 200)
    {
        var alerts = Alerts.AboutAddresses();
        await using var rig = await Rig.StartAsync(InstantModel.Recommending("add_ip_to_watchlist", alerts.EntityId), onDisk);
        var (verified, outcome) = (new List<double>(count), new List<double>(count));
        for (var i = 0; i < warmUp + count; i++)
        {
            var chain = Correlation.IncidentKey(AlertParser.Read(alerts.Body(i)).Alert!);
            var (whenVerified, whenOutcome) = (rig.WhenRecorded(AuditKinds.Verified, chain), rig.WhenRecorded(AuditKinds.Outcome, chain));
            var start = Stopwatch.GetTimestamp();
            await rig.SendAsync(alerts, i);
            var (v, o) = (await whenVerified, await whenOutcome);
            if (i < warmUp)
                continue;
            verified.Add(Stopwatch.GetElapsedTime(start, v).TotalMilliseconds);
            outcome.Add(Stopwatch.GetElapsedTime(start, o).TotalMilliseconds);
        }
        var where = onDisk ? "SQLite" : "memory";
        report.Add(
            "latency",
            $"alert in to action executed, verified and audited, {where}: median (p95, p99)",
            Of(verified),
            onDisk ? "median under 50 ms" : ""
        );
        report.Add("latency", $"alert in to outcome recorded, {where}: median (p95, p99)", Of(outcome), "");
    }

    private static string Of(List<double> milliseconds) =>
        Report.Text(
            $"{Report.Percentile(milliseconds, 50):0.0} ms ({Report.Percentile(milliseconds, 95):0.0} ms, "
                + $"{Report.Percentile(milliseconds, 99):0.0} ms), n = {milliseconds.Count}"
        );
}

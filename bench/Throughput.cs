using System.Diagnostics;
using IRFunctions.Alerts;
using IRFunctions.Record;

namespace IRFunctions.Bench;

/// <summary>
/// Whole tier-1 incidents a second: from the queue to the recorded outcome, everything verified and audited, each its own incident and
/// address.
/// </summary>
internal static class Throughput
{
    /// <summary>What one minute's budget allows (Rig).</summary>
    public const int BatchSize = 9_500;

    /// <summary>The compiler still works through most of the second: some thousand methods, beside two busy processors.</summary>
    private const int WarmUps = 2;

    private static readonly string[] Story =
    [
        AuditKinds.Received,
        AuditKinds.Assessed,
        AuditKinds.Decided,
        AuditKinds.Captured,
        AuditKinds.Executing,
        AuditKinds.Executed,
        AuditKinds.Verified,
        AuditKinds.Outcome,
    ];

    public static async Task RunAsync(Report report, int batches, int batchSize = BatchSize, bool onDisk = false)
    {
        // Beyond what the widest budget allows in an hour people would be asked, and nobody answers here.
        ArgumentOutOfRangeException.ThrowIfGreaterThan((WarmUps + batches) * batchSize, 100_000, nameof(batches));
        var alerts = Alerts.AboutAddresses();
        await using var rig = await Rig.StartAsync(
            InstantModel.Recommending("add_ip_to_watchlist", alerts.EntityId),
            onDisk,
            null,
            AuditKinds.Outcome
        );
        var rates = new List<double>();
        var (bytes, processor) = (new List<double>(), new List<double>());
        for (var batch = 0; batch < WarmUps + batches; batch++)
        {
            rig.Clock.NextMinute();
            var done = rig.WhenCounted(AuditKinds.Outcome, (batch + 1L) * batchSize);
            var (allocated, busy) = (GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
            var (steps, activities, pause, collections) = (
                rig.Machine.Engine.Steps,
                rig.Machine.Engine.ActivitiesRun,
                GC.GetTotalPauseDuration(),
                GC.CollectionCount(0)
            );
            var start = Stopwatch.GetTimestamp();
            await rig.SendManyAsync(alerts, batch * batchSize, batchSize);
            await done;
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            report.Progress(
                Report.Text(
                    $"{(batch < WarmUps ? "warm-up" : $"batch {batch + 1 - WarmUps}")}: {batchSize / seconds:N0} incidents/s, "
                        + $"{(rig.Machine.Engine.Steps - steps) / (double)batchSize:0.0} steps and "
                        + $"{(rig.Machine.Engine.ActivitiesRun - activities) / (double)batchSize:0.0} activities each, "
                )
                    + Report.Text(
                        $"{GC.CollectionCount(0) - collections} collections paused "
                            + $"{(GC.GetTotalPauseDuration() - pause) / TimeSpan.FromSeconds(seconds):P0} of the time, heap "
                            + $"{GC.GetTotalMemory(false) / 1e6:N0} MB"
                    )
            );
            if (batch < WarmUps)
                continue;
            rates.Add(batchSize / seconds);
            bytes.Add((GC.GetTotalAllocatedBytes() - allocated) / (double)batchSize);
            processor.Add((Environment.CpuUsage.TotalTime - busy).TotalMicroseconds / batchSize);
        }
        await CheckAsync(rig, alerts, (WarmUps + batches) * batchSize);
        var where = onDisk ? "SQLite" : "memory";
        report.Add(
            "throughput",
            $"whole tier-1 incidents a second, {where}: median batch (slowest, fastest)",
            Report.Text(
                $"{Report.Percentile(rates, 50):N0}/s ({rates.Min():N0}/s, {rates.Max():N0}/s), {batches} batches of {batchSize:N0}"
            ),
            onDisk ? "" : "at least 2,000/s on two cores"
        );
        report.Add(
            "throughput",
            $"the same, processor time and allocation an incident, {where}",
            Report.Text($"{Report.Percentile(processor, 50):N0} µs, {Report.Percentile(bytes, 50) / 1024:N0} KiB"),
            ""
        );
    }

    /// <summary>
    /// Nothing was skipped on the way: every effect is in the tenant once, and the records of a sample tell the whole story.
    /// </summary>
    private static async Task CheckAsync(Rig rig, Alerts alerts, int count)
    {
        var effects = rig.Machine.Tenant.Journal.Of("watchlistItem.put").Count(e => e.Changed);
        if (effects != count)
            throw new InvalidOperationException($"{count} incidents, but {effects} entries on the watchlist");
        for (var i = 0; i < count; i += Math.Max(1, count / 100))
        {
            var chain = await rig.Machine.Audit.ReadAsync(Correlation.IncidentKey(AlertParser.Read(alerts.Body(i)).Alert!));
            if (AuditEntry.Check(chain) is { Count: > 0 } wrong)
                throw new InvalidOperationException($"alert {i}: {wrong[0]}");
            if (Story.Except(chain.Select(e => e.Kind)).FirstOrDefault() is { } missing)
                throw new InvalidOperationException($"alert {i}: nothing was {missing}");
        }
    }
}

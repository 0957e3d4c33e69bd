using System.Diagnostics;
using IRFunctions.Local.Engine;
using Microsoft.DurableTask;

namespace IRFunctions.Bench;

/// <summary>
/// The durable engine alone, as the reference engine was measured: orchestrations that call one activity, or five one after another.
/// </summary>
internal static class EngineOnly
{
    private const int Trials = 5;

    public static async Task RunAsync(Report report, int count)
    {
        await MeasureAsync(report, 1, count, "reference engine: 800 to 1,800/s");
        await MeasureAsync(report, 5, count / 3, "reference engine: 190 to 360/s");
    }

    private static async Task MeasureAsync(Report report, int activities, int count, string reference)
    {
        var (rates, processor, bytes) = (new List<double>(), new List<double>(), new List<double>());
        for (var trial = 0; trial <= Trials; trial++)
        {
            var (busy, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
            var rate = await OnceAsync(activities, count);
            if (trial == 0)
                continue;
            rates.Add(rate);
            processor.Add((Environment.CpuUsage.TotalTime - busy).TotalMicroseconds / count);
            bytes.Add((GC.GetTotalAllocatedBytes() - allocated) / (double)count);
        }
        report.Add(
            "engine",
            $"orchestrations of {activities} activit{(activities == 1 ? "y" : "ies")} a second, memory: median (slowest, fastest)",
            Report.Text($"{Report.Percentile(rates, 50):N0}/s ({rates.Min():N0}/s, {rates.Max():N0}/s), {Trials} times {count:N0}"),
            reference
        );
        report.Add(
            "engine",
            $"the same, processor time and allocation an orchestration of {activities}",
            Report.Text($"{Report.Percentile(processor, 50):N1} µs, {Report.Percentile(bytes, 50) / 1024:N1} KiB"),
            ""
        );
    }

    private static async Task<double> OnceAsync(int activities, int count)
    {
        var (left, done) = (count, new TaskCompletionSource());
        await using var engine = DurableEngine.Create(tasks =>
        {
            tasks.AddActivityFunc<string, string>("greet", (_, name) => $"Hello, {name}!");
            tasks.AddActivityFunc<string>(
                "ended",
                (_, _) =>
                {
                    if (Interlocked.Decrement(ref left) == 0)
                        done.SetResult();
                }
            );
            tasks.AddOrchestratorFunc(
                "hello",
                async c =>
                {
                    for (var i = 1; i < activities; i++)
                        await c.CallActivityAsync<string>("greet", "Tokyo");
                    // The last activity also tells the benchmark, so that nothing but the engine is measured.
                    await c.CallActivityAsync("ended", "Tokyo");
                    return "done";
                }
            );
        });
        await engine.StartAsync();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
            await engine.Client.ScheduleNewOrchestrationInstanceAsync("hello", (object?)i, new StartOrchestrationOptions($"hello-{i}"));
        await done.Task;
        for (var i = count - 1; i >= 0 && i > count - 200; i--)
            await engine.Client.WaitForInstanceCompletionAsync($"hello-{i}", CancellationToken.None);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

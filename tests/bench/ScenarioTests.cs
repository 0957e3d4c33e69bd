using IRFunctions.Bench;
using Spectre.Console;

namespace IRFunctions.Tests.Bench;

/// <summary>The benchmarks still run to their end; nothing here is timed.</summary>
public sealed class ScenarioTests
{
    [Fact]
    public async Task Every_scenario_runs_with_a_handful_of_incidents()
    {
        using var output = new StringWriter();
        var report = new Report(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }));
        await Latency.RunAsync(report, 3, onDisk: true, warmUp: 2);
        await Throughput.RunAsync(report, batches: 1, batchSize: 5);
        await EngineOnly.RunAsync(report, 6);
        await Waiting.RunAsync(report, many: 8, onDisk: false, few: 2, samples: 2);
        await GateHttpBenchmark.RunAsync(report, 8, 16);
        Assert.Equal(["latency", "throughput", "engine", "waiting", "gate-http"], report.Rows.Select(r => r.Scenario).Distinct());
    }

    [Fact]
    public void The_table_goes_between_its_marks_and_leaves_the_rest_of_the_page()
    {
        var page = Path.GetTempFileName();
        using var output = new StringWriter();
        var report = new Report(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }));
        report.Add("latency", "something", "1 ms", "");
        File.WriteAllText(page, "before\n<!-- measured -->\nold\n<!-- /measured -->\nafter\n");
        report.WriteInto(page, "the command");
        var text = File.ReadAllText(page);
        File.Delete(page);
        Assert.StartsWith("before\n", text);
        Assert.EndsWith("<!-- /measured -->\nafter\n", text);
        Assert.Contains("| latency | something | 1 ms |", text);
        Assert.DoesNotContain("old", text);
    }

    [Fact]
    public void Percentiles_are_of_the_nearest_rank()
    {
        double[] values = [5, 1, 4, 2, 3];
        Assert.Equal(3, Report.Percentile(values, 50));
        Assert.Equal(5, Report.Percentile(values, 99));
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Spectre.Console;

namespace IRFunctions.Bench;

/// <summary>Collects figures, shows them to people, and writes them as Markdown with everything needed to measure again.</summary>
internal sealed class Report(IAnsiConsole console)
{
    private readonly List<(string Scenario, string What, string Measured, string Goal)> rows = [];

    public IReadOnlyList<(string Scenario, string What, string Measured, string Goal)> Rows => rows;

    public void Add(string scenario, string what, string measured, string goal)
    {
        rows.Add((scenario, what, measured, goal));
        console.WriteLine($"{what}: {measured}{(goal.Length > 0 ? $"   [{goal}]" : "")}");
    }

    public void Progress(string text) => console.WriteLine($"  {text}");

    public void Show()
    {
        var table = new Table().AddColumns("Scenario", "What", "Measured", "Goal");
        foreach (var (scenario, what, measured, goal) in rows)
            table.AddRow(Markup.Escape(scenario), Markup.Escape(what), Markup.Escape(measured), Markup.Escape(goal));
        console.Write(table);
    }

    /// <summary>The table between the two marks of a page, which keeps what people wrote around it.</summary>
    public void WriteInto(string file, string command)
    {
        const string start = "<!-- measured -->",
            end = "<!-- /measured -->";
        var page = File.Exists(file) ? File.ReadAllText(file) : $"# Benchmarks\n\n{start}\n{end}\n";
        var (from, to) = (page.IndexOf(start, StringComparison.Ordinal), page.IndexOf(end, StringComparison.Ordinal));
        if (from < 0 || to < from)
            throw new InvalidOperationException($"{file} lacks the marks {start} and {end}, between which the table goes.");
        File.WriteAllText(file, $"{page[..(from + start.Length)]}\n{Markdown(command)}{page[to..]}");
    }

    public static string Text(string text) => text;

    public static double Percentile(IReadOnlyCollection<double> values, double percent)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(percent / 100 * sorted.Length) - 1)];
    }

    private string Markdown(string command)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"\nMeasured {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC at commit {Tell("git", "rev-parse --short HEAD")}"
        );
        if (Tell("git", "status --porcelain -- functions local bench").Length > 0)
            text.Append(" with uncommitted changes");
        text.Append(CultureInfo.InvariantCulture, $", with `{command}`, on {Processor()}, {Environment.ProcessorCount} cores, ");
        text.Append(
            CultureInfo.InvariantCulture,
            $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.OSDescription}, "
                + $"{RuntimeInformation.FrameworkDescription}, "
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"{(System.Runtime.GCSettings.IsServerGC ? "server" : "workstation")} GC; load average {LoadAverage()} at the end.\n\n"
        );
        text.Append("| scenario | what | measured | goal |\n|---|---|---|---|\n");
        foreach (var (scenario, what, measured, goal) in rows)
            text.Append(CultureInfo.InvariantCulture, $"| {scenario} | {what} | {measured} | {goal} |\n");
        return text.Append('\n').ToString();
    }

    private static string Processor() =>
        File.Exists("/proc/cpuinfo")
        && File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();

    private static string LoadAverage() =>
        File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]) : "unknown";

    private static string Tell(string program, string arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
            )!;
            var text = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return text;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}

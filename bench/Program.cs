using System.CommandLine;
using IRFunctions.Bench;
using Spectre.Console;

var markdown = new Option<FileInfo?>("--markdown") { Description = "Write the table into this page, for instance docs/benchmarks.md." };
var alerts = new Option<int>("--alerts") { Description = "Alerts of the latency scenario.", DefaultValueFactory = _ => 500 };
var batches = new Option<int>("--batches")
{
    Description = "Batches of 9,500 incidents of the throughput scenario.",
    DefaultValueFactory = _ => 5,
};
var waiting = new Option<int>("--waiting") { Description = "Incidents that wait for approval.", DefaultValueFactory = _ => 100_000 };
var entries = new Option<int>("--entries") { Description = "Entries of the record scenario.", DefaultValueFactory = _ => 1_000_000 };
var memoryOnly = new Option<bool>("--memory-only") { Description = "Leave out what needs a state folder." };
var diskOnly = new Option<bool>("--disk-only") { Description = "Leave out what runs in memory." };
var scenario = new Argument<string>("scenario") { Description = "What to measure." };
scenario.AcceptOnlyFromAmong("decisions", "latency", "throughput", "engine", "waiting", "record", "gate", "gate-http", "all");

var root = new RootCommand("Measures the pipeline on this machine. Figures depend on what else runs here: look at the load average.")
{
    scenario,
    markdown,
    alerts,
    batches,
    waiting,
    entries,
    memoryOnly,
    diskOnly,
};
root.SetAction(async parsed =>
{
    var report = new Report(AnsiConsole.Console);
    if (Console.IsOutputRedirected)
        AnsiConsole.Profile.Width = 200;
    var (chosen, inMemoryOnly, onDiskOnly) = (parsed.GetValue(scenario)!, parsed.GetValue(memoryOnly), parsed.GetValue(diskOnly));
    if (Wanted("decisions"))
        await DecisionBenchmark.RunAsync(report);
    if (Wanted("latency"))
    {
        if (!inMemoryOnly)
            await Latency.RunAsync(report, parsed.GetValue(alerts));
        await Latency.RunAsync(report, parsed.GetValue(alerts), onDisk: false);
    }
    if (Wanted("throughput"))
    {
        if (!onDiskOnly)
            await Throughput.RunAsync(report, parsed.GetValue(batches));
        if (!inMemoryOnly)
            await Throughput.RunAsync(report, parsed.GetValue(batches), 3_000, onDisk: true);
    }
    if (Wanted("engine"))
        await EngineOnly.RunAsync(report, 30_000);
    if (Wanted("waiting"))
    {
        if (!onDiskOnly)
            await Waiting.RunAsync(report, parsed.GetValue(waiting), onDisk: false);
        if (!inMemoryOnly)
            await Waiting.RunAsync(report, parsed.GetValue(waiting), onDisk: true);
    }
    if (Wanted("gate"))
        await GateBenchmark.RunAsync(report);
    if (Wanted("gate-http"))
        await GateHttpBenchmark.RunAsync(report);
    if (Wanted("record"))
        await RecordBenchmark.RunAsync(report, parsed.GetValue(entries), onDisk: !inMemoryOnly);
    report.Show();
    if (parsed.GetValue(markdown) is { } file)
        report.WriteInto(file.FullName, $"dotnet run -c Release --project bench -- {string.Join(' ', args)}");
    return 0;

    bool Wanted(string name) => chosen == name || chosen == "all";
});
return await root.Parse(args).InvokeAsync();

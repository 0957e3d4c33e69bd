using System.Reflection;
using System.Text.Json.Nodes;
using DurableTask.Core.History;
using IRFunctions.Agents;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Engine.Histories;
using IRFunctions.Local.Engine.Hosting;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Host;
using IRFunctions.Local.Tenant;
using IRFunctions.Tests.Incidents;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Durable;

/// <summary>Runs only where somebody asks for the histories to be recorded anew.</summary>
public sealed class RecordingFactAttribute : FactAttribute
{
    public const string Variable = "IRF_RECORD_HISTORIES";

    public RecordingFactAttribute()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
            Skip = $"records tests/data/histories anew where {Variable} is set";
    }
}

/// <summary>
/// Histories of every orchestrator, recorded once and replayed against the present code on every change, so that a deploy during a 24-hour
/// hold breaks nothing (docs/design.md section 4). A failure means: orchestrations that are under way would fail. See
/// tests/data/histories/README.md.
/// </summary>
public sealed class RecordedHistoryTests
{
    // In the sources, not beside the test assembly: a file that was removed must be gone.
    private static readonly string Folder = Path.Combine(SourceRoot(), "tests", "data", "histories");

    // Replaying runs orchestrators only, which need nothing of the world that registered them.
    private static readonly Lazy<Task<IDurableTaskFactory>> PresentCode = new(async () =>
    {
        await using var world = await World.CreateAsync();
        var services = world.Machine.Services;
        return TaskFactories.From(tasks =>
            FunctionTasks.Register(services.GetRequiredService<FunctionCatalog>(), tasks, services, () => default)
        );
    });

    private static readonly HashSet<string> Calls = ["TaskScheduled", "SubOrchestrationInstanceCreated", "EventSent"];

    private static readonly HashSet<string> Ways = new(StringComparer.Ordinal);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static TheoryData<string> Files =>
        [.. System.IO.Directory.EnumerateFiles(Folder, "*.json").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_recorded_history_replays_against_the_present_code(string file)
    {
        Replay(await PresentCode.Value, await File.ReadAllTextAsync(Path.Combine(Folder, file)));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task The_replay_fails_where_an_orchestrator_does_something_else_than_it_did(string file)
    {
        // To the history it looks the same whether the code or the past was changed: a call with another name.
        var history = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, file)))!.AsArray();
        var call = history.Last(e => Calls.Contains(KindOf(e!)))!;
        call["Name"] = "SomethingElse";
        var code = await PresentCode.Value;
        var broken = Assert.Throws<NonDeterminismException>(() => Replay(code, history.ToJsonString()));
        Assert.Equal(history.IndexOf(call) + 1, broken.EventNumber);
    }

    [Fact]
    public void No_history_tells_where_it_was_recorded() =>
        Assert.DoesNotMatch(
            @" in /\S+\.cs:line",
            string.Concat(System.IO.Directory.EnumerateFiles(Folder, "*.json").Select(File.ReadAllText))
        );

    [Fact]
    public void Every_orchestrator_has_a_history()
    {
        var recorded = System
            .IO.Directory.EnumerateFiles(Folder, "*.json")
            .Select(f => HistoryFile.Import(File.ReadAllText(f)).OfType<ExecutionStartedEvent>().First().Name)
            .ToHashSet();
        Assert.Equal(
            [
                nameof(AlertOrchestrator),
                nameof(ApprovalOrchestrator),
                nameof(BreakerOrchestrator),
                nameof(ContainmentOrchestrator),
                nameof(DrillOrchestrator),
                nameof(ReminderOrchestrator),
                nameof(RollbackOrchestrator),
            ],
            recorded.Order(StringComparer.Ordinal)
        );
    }

    [RecordingFact]
    public async Task Record()
    {
        var target = Folder;
        foreach (var old in System.IO.Directory.EnumerateFiles(target, "*.json"))
            File.Delete(old);
        await RecordAsync(target, "granted", _ => Task.CompletedTask, "approve");
        await RecordAsync(target, "denied", _ => Task.CompletedTask, "deny");
        await RecordAsync(target, "expired", w => w.PassAsync(Hour), null);
        await RecordAsync(target, "climbed", w => w.PassAsync(TimeSpan.FromMinutes(20)), "approve", World.Morgan);
        await RecordAsync(target, "forbidden", w => FailAsync(w, FaultKind.Forbid, "PATCH"), "approve");
        await RecordAsync(target, "throttled", w => FailAsync(w, FaultKind.Throttle, "PATCH", 2), "approve");
        await RecordAsync(target, "halted", w => w.StopAsync(engage: true), "approve");
        await RecordAsync(
            target,
            "closed",
            w => Life.SendAsync(w, Life.Alert("resolved", "falsePositive", "2026-11-23T03:00:00Z")),
            "withdraw"
        );
        await RecordAsync(target, "disabled-before", w => w.SwitchAccountAsync(World.Adele, enabled: false), "approve");
        await RecordAsync(
            target,
            "rollback-failed",
            _ => Task.CompletedTask,
            "approve",
            whileHeld: w => FailAsync(w, FaultKind.Unavailable, null, 20)
        );
        await RecordAsync(target, "two-incidents", _ => Task.CompletedTask, "approve", whileHeld: SecondIncidentAsync);
        await RecordAlertsAsync(target);
        await RecordDrillAsync(target);
        await RecordBreakersAsync(target);
    }

    /// <summary>Only those, where nothing else changed.</summary>
    [RecordingFact]
    public Task RecordBreakers() => RecordBreakersAsync(Folder);

    private static async Task RecordBreakersAsync(string target)
    {
        await using var world = await World.CreateAsync();
        var agent = new Agents.Agent(world);
        await agent.QuietMinuteAsync();
        foreach (var order in (string[])["Close", "Open", "HalfOpen", "Close"])
            await agent.OrderAsync(order);
        await world.StopAsync(engage: true);
        await agent.OrderAsync("Open");
        await world.PassAsync(TimeSpan.FromMinutes(5));
        await world.StopAsync(engage: false);
        await world.PassAsync(TimeSpan.FromMinutes(5));
        await ExportAsync(world, target, "breaker", nameof(BreakerOrchestrator));
    }

    private static async Task RecordDrillAsync(string target)
    {
        await using var world = await World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?>
                {
                    ["Drills:Targets"] = $"disable_user_account_temporarily=account:{World.Adele}",
                },
            }
        );
        await world.PassAsync(Hour + Hour);
        await world.PassAsync(Hour);
        await ExportAsync(world, target, "rehearsed");
    }

    private static async Task RecordAsync(
        string target,
        string story,
        Func<World, Task> before,
        string? answer,
        string by = World.Alex,
        Func<World, Task>? whileHeld = null
    )
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        await before(world);
        if (answer is not null)
            Assert.Equal(202, await world.AnswerAsync(request, by, answer));
        await world.PassAsync(TimeSpan.FromMinutes(10));
        if (whileHeld is not null)
            await whileHeld(world);
        await world.PassAsync(5 * Hour);
        await ExportAsync(world, target, story);
    }

    /// <summary>An address on the watchlist, by policy alone, and an incident that is recorded while it waits.</summary>
    private static async Task RecordAlertsAsync(string target)
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        await ExportAsync(world, target, "watched");
        await using var waiting = await World.CreateAsync();
        await StolenAccountTests.AskedAsync(waiting);
        await ExportAsync(waiting, target, "waiting");
    }

    private static Task FailAsync(World world, FaultKind kind, string? method, int? count = null)
    {
        world.Machine.Tenant.Faults.Add(new Fault(kind, "/graph/v1.0/users/*", method, count, Seconds: 0));
        return Task.CompletedTask;
    }

    private static async Task SecondIncidentAsync(World world)
    {
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve"));
    }

    /// <summary>Stack traces of this machine say where its clone is; nobody else needs to know.</summary>
    private static string WithoutRoot(string history) =>
        history.Replace($" in {Path.TrimEndingDirectorySeparator(Path.GetFullPath(SourceRoot()))}/", " in ", StringComparison.Ordinal);

    /// <summary>One file for each orchestration of the story that went a way no earlier one went.</summary>
    private static async Task ExportAsync(World world, string target, string story, string? only = null)
    {
        var store = world.Machine.Services.GetRequiredService<IDurableStore>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (var instance in world.Client.GetAllInstancesAsync(new OrchestrationQuery()))
        {
            if (only is not null && instance.Name != only)
                continue;
            var history = HistoryFile.Export(store, instance.InstanceId);
            if (!Ways.Add(WayOf(history)))
                continue;
            var number = seen[instance.Name] = seen.GetValueOrDefault(instance.Name) + 1;
            var suffix = number == 1 ? "" : $"-{number}";
            await File.WriteAllTextAsync(Path.Combine(target, $"{story}.{instance.Name}{suffix}.json"), WithoutRoot(history) + "\n");
        }
    }

    private static string WayOf(string history)
    {
        var events = JsonNode.Parse(history)!.AsArray();
        return string.Join('\n', events.Select(e => $"{e!["EventType"]} {(KindOf(e) == "EventRaised" ? "" : e["Name"])}"));
    }

    private static string KindOf(JsonNode e) => e["EventType"]!.GetValue<string>();

    private static void Replay(IDurableTaskFactory code, string history) =>
        ReplayCheck.Run(
            code,
            TaskFactories.NoServices,
            HistoryFile.Import(history),
            new DurableTaskWorkerOptions { DataConverter = PayloadJson.Converter }
        );

    private static string SourceRoot() =>
        typeof(RecordedHistoryTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "SourceRoot").Value!;
}

using Microsoft.DurableTask;
using OrchestrationAlreadyExistsException = DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException;
using Status = Microsoft.DurableTask.Client.OrchestrationRuntimeStatus;

namespace IRFunctions.Tests.Engine;

/// <summary>Ids that are used again: restarts, and starts with statuses that are to be kept.</summary>
public class RestartTests
{
    private static readonly Status[] All =
    [
        Status.Completed,
        Status.Failed,
        Status.Terminated,
        Status.Running,
        Status.Suspended,
        Status.Pending,
    ];

    [Theory]
    [InlineData(false, Setup.Memory)]
    [InlineData(true, Setup.Memory)]
    [InlineData(false, Setup.SqliteReplaying)]
    [InlineData(true, Setup.Sqlite)]
    public async Task A_restart_has_name_input_version_and_tags_of_before(bool newId, Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<string, string>("say", x => x)
            .Orchestrator<string>("says", async (c, input) => $"{await c.CallActivityAsync<string>("say", input)} {c.Version}");
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "says",
            (object?)"hello",
            new StartOrchestrationOptions("i")
            {
                Version = "1.2",
                Tags = new Dictionary<string, string> { ["k"] = "v" },
            }
        );
        await rig.Engine.RunUntilIdleAsync();
        var first = await rig.GetAsync();
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        var id = await rig.Client.RestartAsync("i", newId);
        Assert.Equal(newId, id != "i");
        await rig.Engine.RunUntilIdleAsync();
        var again = await rig.GetAsync(id);
        Assert.Equal(
            ("says", "\"hello\"", "hello 1.2", "v"),
            (again.Name, again.SerializedInput, again.ReadOutputAs<string>(), again.Tags["k"])
        );
        Assert.Equal(first.ReadOutputAs<string>(), again.ReadOutputAs<string>());
        Assert.Equal(first.CreatedAt.AddMinutes(1), again.CreatedAt);
        Assert.Equal(["say:hello", "say:hello"], rig.Ran);
    }

    [Theory, EachSetup]
    public async Task What_runs_is_restarted_under_a_new_id_only_and_the_refusal_says_so(Setup setup)
    {
        await using var rig = await WithEveryStatus(setup);
        foreach (var status in new[] { Status.Running, Status.Suspended, Status.Pending })
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => rig.Client.RestartAsync($"{status}"));
            Assert.Contains(
                $"{status} cannot be restarted: it is {status}. Terminate it first, or restart it with a new instance id.",
                refused.Message,
                StringComparison.Ordinal
            );
            var other = await rig.Client.RestartAsync($"{status}", restartWithNewInstanceId: true);
            await rig.Engine.RunUntilIdleAsync();
            Assert.Equal(Status.Running, (await rig.GetAsync(other)).RuntimeStatus);
        }

        var unknown = await Assert.ThrowsAsync<ArgumentException>(() => rig.Client.RestartAsync("non-existent"));
        Assert.Contains("An orchestration with the instanceId non-existent was not found", unknown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Setup.Memory, null)]
    [InlineData(Setup.Sqlite, null)]
    [InlineData(Setup.Memory, "")]
    [InlineData(Setup.SqliteReplaying, "")]
    [InlineData(Setup.Memory, "Pending,Failed")]
    [InlineData(Setup.Sqlite, "completed,RUNNING")]
    [InlineData(Setup.Memory, "Completed,Failed,Terminated,Running,Suspended,Pending")]
    public async Task A_start_is_refused_for_the_statuses_that_are_to_be_kept_and_without_any_for_what_runs(Setup setup, string? kept)
    {
        await using var rig = await WithEveryStatus(setup);
        foreach (var status in All)
        {
            var refuses = kept is null
                ? status is Status.Running or Status.Suspended or Status.Pending
                : kept.Split(',').Contains($"{status}", StringComparer.OrdinalIgnoreCase);
            var options = new StartOrchestrationOptions($"{status}")
            {
                DedupeStatuses =
                    kept is null ? null
                    : kept.Length == 0 ? []
                    : kept.Split(','),
            };
            var start = () => rig.Client.ScheduleNewOrchestrationInstanceAsync("waits", (object?)"second", options);
            if (refuses)
            {
                var refused = await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(start);
                Assert.Contains(
                    $"An orchestration with id '{status}' already exists. It's in the {status} state.",
                    refused.Message,
                    StringComparison.Ordinal
                );
                continue;
            }

            await start();
            await rig.Engine.RunUntilIdleAsync();
            await rig.Client.RaiseEventAsync($"{status}", "go", "on");
            await rig.Engine.RunUntilIdleAsync();
            Assert.Equal("second on", (await rig.GetAsync($"{status}")).ReadOutputAs<string>());
        }
    }

    [Theory, EachSetup]
    public async Task Statuses_that_are_none_or_contradict_each_other_are_refused(Setup setup)
    {
        await using var rig = await WithEveryStatus(setup);
        var unknown = await Assert.ThrowsAsync<ArgumentException>(() => Start("nobody", "Completed", "Sleeping"));
        Assert.Contains("Invalid orchestration runtime status: 'Sleeping' for deduplication.", unknown.Message, StringComparison.Ordinal);
        // What runs would be terminated to be replaced, which is to be kept.
        var contradiction = await Assert.ThrowsAsync<ArgumentException>(() => Start("Running", "Pending", "Failed", "Terminated"));
        Assert.Contains(
            "is Running cannot be replaced where terminated ones are to be kept",
            contradiction.Message,
            StringComparison.Ordinal
        );
        await Start("Completed", "Failed", "Terminated");
        await Start("nobody", "Completed", "Failed");

        Task<string> Start(string id, params string[] kept) =>
            rig.Client.ScheduleNewOrchestrationInstanceAsync("waits", null, new StartOrchestrationOptions(id) { DedupeStatuses = kept });
    }

    [Theory, EachSetup]
    public async Task A_run_that_is_replaced_does_nothing_more(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<string, string>("say", x => x)
            .Orchestrator<string>(
                "sleeps",
                async (c, input) =>
                {
                    await c.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    return await c.CallActivityAsync<string>("say", input);
                }
            );
        await rig.RunAsync("sleeps", "first");
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(30));
        await rig.Client.ScheduleNewOrchestrationInstanceAsync(
            "sleeps",
            (object?)"second",
            new StartOrchestrationOptions("i") { DedupeStatuses = [] }
        );
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(59));
        Assert.Empty(rig.Ran);
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("second", (await rig.GetAsync()).ReadOutputAs<string>());
        Assert.Equal(["say:second"], rig.Ran);
    }

    /// <summary>Instances that are named as their status.</summary>
    private static async Task<EngineRig> WithEveryStatus(Setup setup)
    {
        var rig = new EngineRig(setup);
        rig.Orchestrator<string>(
            "waits",
            async (c, input) =>
            {
                if (input == "fails")
                    throw new InvalidOperationException("as asked");
                return input == "ends" ? 1 : $"{input} {await c.WaitForExternalEvent<string>("go")}";
            }
        );
        foreach (var status in All)
        {
            await rig.Client.ScheduleNewOrchestrationInstanceAsync(
                "waits",
                (object?)(
                    status switch
                    {
                        Status.Completed => "ends",
                        Status.Failed => "fails",
                        _ => "first",
                    }
                ),
                new StartOrchestrationOptions($"{status}", status == Status.Pending ? rig.Clock.GetUtcNow().AddHours(1) : null)
            );
        }

        await rig.Engine.RunUntilIdleAsync();
        await rig.Client.TerminateInstanceAsync($"{Status.Terminated}");
        await rig.Client.SuspendInstanceAsync($"{Status.Suspended}");
        await rig.Engine.RunUntilIdleAsync();
        foreach (var status in All)
            Assert.Equal(status, (await rig.GetAsync($"{status}")).RuntimeStatus);
        return rig;
    }
}

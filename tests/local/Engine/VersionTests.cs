using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;
using Microsoft.DurableTask.Worker;
using MatchStrategy = Microsoft.DurableTask.Worker.DurableTaskWorkerOptions.VersionMatchStrategy;
using Options = Microsoft.DurableTask.Worker.DurableTaskWorkerOptions.VersioningOptions;
using Strategy = Microsoft.DurableTask.Worker.DurableTaskWorkerOptions.VersionFailureStrategy;

namespace IRFunctions.Tests.Engine;

/// <summary>Which version an orchestration, a child and an activity get, and which code takes it.</summary>
public class VersionTests
{
    [Theory]
    [InlineData(null, "0.1/0.1")]
    [InlineData("0.2", "0.2/0.2")]
    [InlineData("", "/")]
    public async Task The_clients_default_is_passed_on_to_activities_unless_the_start_names_another(string? start, string expected)
    {
        await using var engine = await HostedEngine.StartAsync(b => b.AddTasks(Tasks), c => c.UseDefaultVersion("0.1"));
        var options = start is null ? null : new StartOrchestrationOptions { Version = start };
        Assert.Equal(expected, (await engine.RunAsync("versioned", null, options)).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(null, "0.1/0.1")]
    [InlineData("0.2", "0.2/0.2")]
    [InlineData("", "/")]
    public async Task A_child_gets_the_workers_default_unless_the_call_names_another(string? call, string expected)
    {
        await using var engine = await HostedEngine.StartAsync(b =>
            b.UseVersioning(new Options { DefaultVersion = "0.1" })
                .AddTasks(r =>
                    Tasks(
                        r.AddOrchestratorFunc<object?, string>(
                            "parent",
                            (c, _) =>
                                c.CallSubOrchestratorAsync<string>(
                                    "versioned",
                                    call is null ? new SubOrchestrationOptions() : new SubOrchestrationOptions { Version = call }
                                )
                        )
                    )
                )
        );
        Assert.Equal(expected, (await engine.RunAsync("parent")).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(null, "0.1", true)] // no strategy is no check
    [InlineData(MatchStrategy.None, "0.1", true)]
    [InlineData(MatchStrategy.Strict, "0.1", false)]
    [InlineData(MatchStrategy.Strict, "0.2", true)]
    [InlineData(MatchStrategy.CurrentOrOlder, "0.1", false)]
    [InlineData(MatchStrategy.CurrentOrOlder, "0.3", true)]
    public async Task A_worker_fails_what_its_strategy_does_not_take(MatchStrategy? strategy, string worker, bool takes)
    {
        var options = new Options { Version = worker, FailureStrategy = Strategy.Fail };
        if (strategy is { } given)
            options.MatchStrategy = given;
        await using var engine = await HostedEngine.StartAsync(
            b => b.UseVersioning(options).AddTasks(Tasks),
            c => c.UseDefaultVersion("0.2")
        );
        var done = await engine.RunAsync("versioned");
        if (takes)
            Assert.Equal("0.2/0.2", done.ReadOutputAs<string>());
        else
            Assert.Equal("VersionMismatch", done.FailureDetails!.ErrorType);
    }

    [Theory, EachSetup]
    public async Task What_a_worker_rejects_stays_for_a_worker_that_takes_it(Setup setup)
    {
        static DurableTaskWorkerOptions Worker(string version) =>
            new()
            {
                Versioning = new Options
                {
                    Version = version,
                    MatchStrategy = MatchStrategy.CurrentOrOlder,
                    FailureStrategy = Strategy.Reject,
                },
            };
        await using var rig = new EngineRig(setup, worker: Worker("1.0"));
        rig.Add(Tasks);
        await rig.Client.ScheduleNewOrchestrationInstanceAsync("versioned", new StartOrchestrationOptions("i") { Version = "2.0" });
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await rig.GetAsync()).RuntimeStatus);
        rig.Worker = Worker("2.0");
        await rig.RestartAsync();
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("2.0/2.0", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData("v1", "v1:5")]
    [InlineData("v2", "v2:5")]
    public async Task A_class_is_found_by_name_and_version_beside_a_worker_that_takes_older_ones(string version, string expected)
    {
        await using var engine = await HostedEngine.StartAsync(b =>
            b.UseVersioning(
                    new Options
                    {
                        Version = "v2",
                        DefaultVersion = "v2",
                        MatchStrategy = MatchStrategy.CurrentOrOlder,
                    }
                )
                .AddTasks(r => r.AddOrchestrator<First>().AddOrchestrator<Second>())
        );
        Assert.Equal(
            expected,
            (await engine.RunAsync("Sum", 5, new StartOrchestrationOptions { Version = version })).ReadOutputAs<string>()
        );
    }

    [Fact]
    public async Task Without_a_version_versioned_classes_are_not_found()
    {
        await using var engine = await HostedEngine.StartAsync(b => b.AddTasks(r => r.AddOrchestrator<First>().AddOrchestrator<Second>()));
        var failed = (await engine.RunAsync("Sum", 5)).FailureDetails!;
        Assert.Equal(("OrchestratorTaskNotFound", "No orchestrator task named 'Sum' was found."), (failed.ErrorType, failed.ErrorMessage));
        failed = (await engine.RunAsync("Sum", 5, new StartOrchestrationOptions { Version = "v3" })).FailureDetails!;
        Assert.Equal("No orchestrator task named 'Sum' with version 'v3' was found.", failed.ErrorMessage);
    }

    [Fact]
    public async Task An_activity_is_found_by_the_calls_version_or_the_inherited_one_and_else_without()
    {
        await using var engine = await HostedEngine.StartAsync(b =>
            b.AddTasks(r =>
                r.AddActivity<ActivityOne>()
                    .AddActivity<ActivityTwo>()
                    .AddActivity<Unversioned>()
                    .AddOrchestratorFunc<string, string>(
                        "calls",
                        async (c, _) =>
                            await c.CallActivityAsync<string>("Act", 5, new TaskOptions { Version = "v1" })
                            + await c.CallActivityAsync<string>("Act", 5)
                            + await c.CallActivityAsync<string>("Plain", 5)
                    )
            )
        );
        Assert.Equal(
            "a1a2plain",
            (await engine.RunAsync("calls", "", new StartOrchestrationOptions { Version = "v2" })).ReadOutputAs<string>()
        );
    }

    [Theory, EachSetup]
    public async Task Continue_as_new_moves_on_to_another_versions_class(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Add(r => r.AddOrchestrator<MovesOn>().AddOrchestrator<Moved>());
        await rig.Client.ScheduleNewOrchestrationInstanceAsync("Moves", (object?)4, new StartOrchestrationOptions("i") { Version = "v1" });
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal("v2:5", (await rig.GetAsync()).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData("2.0", "2.0/2.0")]
    [InlineData("", "1.0/1.0")]
    [InlineData(null, "1.0/1.0")]
    public async Task An_orchestration_that_an_entity_starts_has_the_version_that_it_names_or_the_workers_default(
        string? version,
        string expected
    )
    {
        await using var rig = new EngineRig(
            Setup.Memory,
            worker: new DurableTaskWorkerOptions { Versioning = new Options { DefaultVersion = "1.0" } }
        );
        rig.Add(Tasks).Entity<Starter>("starter");
        await rig.Entities.SignalEntityAsync(new EntityInstanceId("starter", "s"), "start", version);
        await rig.Engine.RunUntilIdleAsync();
        Assert.Equal(expected, (await rig.GetAsync("kid")).ReadOutputAs<string>());
    }

    private static void Tasks(DurableTaskRegistry r) =>
        r.AddActivityFunc<string, string>("version", (c, own) => $"{own}/{c.Version}")
            .AddOrchestratorFunc<object?, string>("versioned", (c, _) => c.CallActivityAsync<string>("version", c.Version));

    [DurableTask("Sum", Version = "v1")]
    public sealed class First : TaskOrchestrator<int, string>
    {
        public override Task<string> RunAsync(TaskOrchestrationContext context, int input) => Task.FromResult($"v1:{input}");
    }

    [DurableTask("Sum", Version = "v2")]
    public sealed class Second : TaskOrchestrator<int, string>
    {
        public override Task<string> RunAsync(TaskOrchestrationContext context, int input) => Task.FromResult($"v2:{input}");
    }

    [DurableTask("Moves", Version = "v1")]
    public sealed class MovesOn : TaskOrchestrator<int, string>
    {
        public override Task<string> RunAsync(TaskOrchestrationContext context, int input)
        {
            context.ContinueAsNew(new ContinueAsNewOptions { NewInput = input + 1, NewVersion = "v2" });
            return Task.FromResult("");
        }
    }

    [DurableTask("Moves", Version = "v2")]
    public sealed class Moved : TaskOrchestrator<int, string>
    {
        public override Task<string> RunAsync(TaskOrchestrationContext context, int input) => Task.FromResult($"{context.Version}:{input}");
    }

    [DurableTask("Act", Version = "v1")]
    public sealed class ActivityOne : TaskActivity<int, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, int input) => Task.FromResult("a1");
    }

    [DurableTask("Act", Version = "v2")]
    public sealed class ActivityTwo : TaskActivity<int, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, int input) => Task.FromResult("a2");
    }

    [DurableTask("Plain")]
    public sealed class Unversioned : TaskActivity<int, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, int input) => Task.FromResult("plain");
    }

    public sealed class Starter : TaskEntity<int>
    {
        public void Start(string? version = null) =>
            Context.ScheduleNewOrchestration(
                "versioned",
                null,
                new StartOrchestrationOptions("kid") { Version = version is null ? null : new TaskVersion(version) }
            );
    }
}

using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Hosting;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Time;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using Status = Microsoft.DurableTask.Client.OrchestrationRuntimeStatus;

namespace IRFunctions.Tests.Engine;

/// <summary>The engine behind Durable Task's own builders, as a stranger's tests meet it.</summary>
public class HostingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Worker_and_client_of_the_official_builders_run_on_it(bool sqlite)
    {
        await using var engine = await HostedEngine.StartAsync(
            b => b.AddTasks(r => r.AddOrchestrator<Greets>().AddActivity<Greeting>().AddEntity<Count>()),
            sqlite: sqlite,
            services: s => s.AddSingleton(new Greeter("Hello"))
        );
        var done = await engine.RunAsync(nameof(Greets), "World");
        Assert.Equal("Hello, World! 1", done.ReadOutputAs<string>());
        Assert.Equal(1, (await engine.Client.Entities.GetEntityAsync<int>(new(nameof(Count), "c")))!.State);
        Assert.IsType(sqlite ? typeof(SqliteStore) : typeof(MemoryStore), engine.Services.GetRequiredService<IDurableStore>());
    }

    [Fact]
    public async Task Start_and_end_of_each_task_are_logged_once_as_the_worker_logs_them()
    {
        await using var engine = await HostedEngine.StartAsync(
            b =>
                b.AddTasks(r =>
                    r.AddActivityFunc<int, int>("good", (_, x) => x)
                        .AddActivityFunc<int, int>("bad", int (_, _) => throw new InvalidOperationException("Kah-BOOOOOM!!!"))
                        .AddOrchestratorFunc(
                            "calls",
                            async c =>
                            {
                                await c.CallActivityAsync("good", 1);
                                await c.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None);
                                await c.CallActivityAsync("bad", 1);
                            }
                        )
                ),
            services: s => s.AddSingleton(new EngineOptions { KeptSessions = 0 })
        );
        Assert.Equal(Status.Failed, (await engine.RunAsync("calls")).RuntimeStatus);
        foreach (
            var (name, count) in new[]
            {
                ("OrchestrationStarted", 1),
                ("OrchestrationFailed", 1),
                ("ActivityStarted", 2),
                ("ActivityCompleted", 1),
                ("ActivityFailed", 1),
            }
        )
        {
            var lines = engine.Lines.Of(name).ToArray();
            Assert.Equal(count, lines.Length);
            Assert.All(lines, l => Assert.StartsWith("Microsoft.DurableTask", l.Category, StringComparison.Ordinal));
        }

        Assert.Equal(
            "Kah-BOOOOOM!!!",
            Assert.IsType<InvalidOperationException>(engine.Lines.Of("ActivityFailed").Single().Exception).Message
        );
        Assert.Equal(
            "Task 'bad' (#2) failed with an unhandled exception: Kah-BOOOOOM!!!",
            Assert.IsType<TaskFailedException>(engine.Lines.Of("OrchestrationFailed").Single().Exception).Message
        );
    }

#pragma warning disable CS0618 // Experimental, but there.
    [Theory]
    [InlineData(false, "denied", null, false)]
    [InlineData(true, "denied", null, false)]
    [InlineData(false, "other", null, true)]
    [InlineData(false, "other", "false", true)]
    [InlineData(true, "other", "true", false)]
    public async Task What_the_filter_does_not_take_by_name_or_tag_stays_until_it_does(bool sqlite, string name, string? tag, bool taken)
    {
        var filter = new Filter();
        await using var engine = await HostedEngine.StartAsync(
            b =>
                b.UseOrchestrationFilter(filter)
                    .AddTasks(r =>
                        r.AddOrchestratorFunc("denied", _ => Task.FromResult<object?>(1))
                            .AddOrchestratorFunc("other", _ => Task.FromResult<object?>(1))
                    ),
            sqlite: sqlite
        );
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            name,
            null,
            new StartOrchestrationOptions { Tags = tag is null ? [] : new Dictionary<string, string> { ["test"] = tag } }
        );
        if (!taken)
        {
            await filter.Denied.Task.WaitAsync(HostedEngine.Limit);
            Assert.Equal(Status.Pending, (await engine.Client.GetInstanceAsync(id))!.RuntimeStatus);
            filter.Open = true;
            // Whatever wakes the instance has the filter asked again.
            await engine.Client.RaiseEventAsync(id, "wake");
        }

        Assert.Equal(Status.Completed, (await engine.Client.WaitForInstanceCompletionAsync(id, HostedEngine.Limit)).RuntimeStatus);
    }

    private sealed class Filter : IOrchestrationFilter
    {
        public bool Open { get; set; }

        public TaskCompletionSource Denied { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<bool> IsOrchestrationValidAsync(OrchestrationFilterParameters info, CancellationToken cancellationToken = default)
        {
            var valid = Open || (info.Name != "denied" && info.Tags?.GetValueOrDefault("test") != "true");
            if (!valid)
                Denied.TrySetResult();
            return new(valid);
        }
    }
#pragma warning restore CS0618

    [Fact]
    public async Task Work_item_filters_are_refused_with_what_to_use_instead()
    {
        var refused = await Assert.ThrowsAsync<NotSupportedException>(() =>
            HostedEngine.StartAsync(b =>
                b.AddTasks(r => r.AddOrchestratorFunc("any", _ => Task.FromResult<object?>(1))).UseWorkItemFilters()
            )
        );
        Assert.Contains("remove UseWorkItemFilters, or use UseOrchestrationFilter", refused.Message, StringComparison.Ordinal);
        await using var none = await HostedEngine.StartAsync(b =>
            b.AddTasks(r => r.AddOrchestratorFunc("any", _ => Task.FromResult<object?>(1))).UseWorkItemFilters(null)
        );
        Assert.Equal(Status.Completed, (await none.RunAsync("any")).RuntimeStatus);
    }

    [Fact]
    public async Task A_second_worker_on_one_engine_is_refused_with_what_to_do()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            HostedEngine.StartAsync(
                b => b.AddTasks(_ => { }),
                services: s => s.AddDurableTaskWorker("second", b => b.AddTasks(_ => { }).UseLocalEngine())
            )
        );
        Assert.Contains("register all tasks with one AddDurableTaskWorker", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_clock_can_be_a_virtual_one()
    {
        var clock = new VirtualTimeProvider();
        await using var engine = await HostedEngine.StartAsync(
            b => b.AddTasks(r => r.AddOrchestratorFunc("sleeps", c => c.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None))),
            services: s => s.AddSingleton<TimeProvider>(clock)
        );
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("sleeps");
        var started = await engine.Client.WaitForInstanceStartAsync(id, HostedEngine.Limit);
        clock.Advance(TimeSpan.FromDays(1));
        var done = await engine.Client.WaitForInstanceCompletionAsync(id, HostedEngine.Limit);
        Assert.Equal(started.CreatedAt.AddDays(1), done.LastUpdatedAt);
    }

    public sealed record Greeter(string Word);

    [DurableTask]
    public sealed class Greets : TaskOrchestrator<string, string>
    {
        public override async Task<string> RunAsync(TaskOrchestrationContext context, string input)
        {
            var greeting = await context.CallActivityAsync<string>(nameof(Greeting), input);
            return $"{greeting} {await context.Entities.CallEntityAsync<int>(new EntityInstanceId(nameof(Count), "c"), "add", 1)}";
        }
    }

    [DurableTask]
    public sealed class Greeting(Greeter greeter) : TaskActivity<string, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, string input) => Task.FromResult($"{greeter.Word}, {input}!");
    }

    [DurableTask]
    public sealed class Count(Greeter greeter) : TaskEntity<int>
    {
        public int Add(int n) => State += greeter.Word == "Hello" ? n : 0;
    }
}

using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Sdk;

namespace IRFunctions.Tests.Engine;

/// <summary>What a caller learns of a failure, and what is tried again.</summary>
public class FailureTests
{
    private const string Boom = "Kah-BOOOOOM!!!";

    [Theory, EachSetup]
    public async Task An_unhandled_failure_of_an_activity_tells_the_whole_chain(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Activity<int, int>("Faulty", _ => Throw(new InvalidOperationException(Boom, new CustomException("Inner!"))))
            .Orchestrator("calls", MyOrchestration);
        var failed = (await rig.RunAsync("calls")).FailureDetails!;
        Assert.Equal(typeof(TaskFailedException).FullName, failed.ErrorType);
        Assert.Equal($"Task 'Faulty' (#0) failed with an unhandled exception: {Boom}", failed.ErrorMessage);
        Assert.Contains(nameof(MyOrchestration), failed.StackTrace, StringComparison.Ordinal);
        Assert.DoesNotContain(nameof(Throw), failed.StackTrace, StringComparison.Ordinal);
        Assert.Equal(
            (typeof(InvalidOperationException).FullName, Boom),
            (failed.InnerFailure!.ErrorType, failed.InnerFailure.ErrorMessage)
        );
        Assert.Contains(nameof(Throw), failed.InnerFailure.StackTrace, StringComparison.Ordinal);
        Assert.Equal(
            (typeof(CustomException).FullName, "Inner!"),
            (failed.InnerFailure.InnerFailure!.ErrorType, failed.InnerFailure.InnerFailure.ErrorMessage)
        );
    }

    [Theory]
    [InlineData(typeof(ApplicationException), Setup.Memory)]
    [InlineData(typeof(CustomException), Setup.Sqlite)]
    [InlineData(typeof(XunitException), Setup.MemoryReplaying)]
    public async Task An_exception_of_the_orchestrator_is_told_by_type_message_and_stack(Type type, Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Orchestrator("throws", _ => Task.FromResult<object?>(Throw((Exception)Activator.CreateInstance(type, Boom)!)));
        var failed = (await rig.RunAsync("throws")).FailureDetails!;
        Assert.Equal((type.FullName, Boom), (failed.ErrorType, failed.ErrorMessage));
        Assert.Contains(nameof(Throw), failed.StackTrace, StringComparison.Ordinal);
        Assert.True(failed.IsCausedBy(type));
        Assert.True(failed.IsCausedBy<Exception>());
        Assert.Null(failed.InnerFailure);
    }

    [Theory, EachSetup]
    public async Task Three_levels_of_inner_failures_pass_a_child_that_throws_them_again(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var seen = new List<string>();
        rig.Activity<int, int>(
            "deep",
            _ => Throw(new CustomException("first", new ApplicationException("second", new XunitException("third"))))
        );
        foreach (var (name, calls) in new[] { ("Parent", "Sub"), ("Sub", "deep") })
        {
            rig.Orchestrator(
                name,
                async c =>
                {
                    try
                    {
                        return calls == "Sub" ? await c.CallSubOrchestratorAsync<int>(calls) : await c.CallActivityAsync<int>(calls, 1);
                    }
                    catch (TaskFailedException e)
                    {
                        if (!c.IsReplaying)
                            seen.Add(Chain(e.FailureDetails));
                        throw;
                    }
                }
            );
        }

        const string Deep = "CustomException:first ApplicationException:second XunitException:third";
        var failed = (await rig.RunAsync("Parent")).FailureDetails!;
        Assert.StartsWith(
            "TaskFailedException:Task 'Sub' (#0) failed with an unhandled exception: Task 'deep' (#0)",
            Chain(failed),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "TaskFailedException:Task 'deep' (#0) failed with an unhandled exception: first",
            Chain(failed.InnerFailure),
            StringComparison.Ordinal
        );
        Assert.Equal(Deep, seen[0]);
        Assert.EndsWith(Deep, Chain(failed), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, Setup.Memory)]
    [InlineData(2, Setup.SqliteReplaying)]
    [InlineData(10, Setup.MemoryReplaying)]
    [InlineData(10, Setup.Sqlite)]
    public async Task Activities_and_children_are_tried_as_often_as_policy_or_handler_say(int attempts, Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var (tries, handled) = (new Dictionary<string, int>(), 0);
        rig.Activity<string, int>("activity", name => Fail(name))
            .Orchestrator<string>("child", (_, name) => Task.FromResult<object?>(Fail(name)));
        var policy = TaskOptions.FromRetryPolicy(new RetryPolicy(attempts, TimeSpan.FromMilliseconds(1)));
        var handler = TaskOptions.FromRetryHandler(r =>
        {
            if (!r.OrchestrationContext.IsReplaying)
                handled++;
            return r.LastFailure.IsCausedBy<Exception>() && r.LastFailure.IsCausedBy<CustomException>() && r.LastAttemptNumber < attempts;
        });
        rig.Orchestrator("a-policy", async c => await c.CallActivityAsync<int>("activity", "a-policy", policy))
            .Orchestrator("c-policy", async c => await c.CallSubOrchestratorAsync<int>("child", "c-policy", policy))
            .Orchestrator("a-handler", async c => await c.CallActivityAsync<int>("activity", "a-handler", handler))
            .Orchestrator("c-handler", async c => await c.CallSubOrchestratorAsync<int>("child", "c-handler", handler));
        foreach (var name in new[] { "a-policy", "c-policy", "a-handler", "c-handler" })
        {
            await rig.RunAsync(name, id: name);
            await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
            var failed = await rig.GetAsync(name);
            Assert.Equal((OrchestrationRuntimeStatus.Failed, attempts), (failed.RuntimeStatus, tries[name]));
            Assert.True(failed.FailureDetails!.IsCausedBy<TaskFailedException>());
            Assert.Contains(Boom, failed.FailureDetails.ErrorMessage, StringComparison.Ordinal);
        }

        // The official code asks a handler for a child again where a replay has caught up; once an attempt is the least.
        Assert.True(handled >= 2 * attempts);

        int Fail(string name)
        {
            tries[name] = tries.GetValueOrDefault(name) + 1;
            throw new CustomException(Boom);
        }
    }

    [Theory, EachSetup]
    public async Task A_policy_with_a_condition_goes_on_until_it_succeeds(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var tries = 0;
        rig.Activity<int, int>("flaky", _ => ++tries <= 4 ? throw new CustomException(Boom) : tries);
        var policy = new RetryPolicy(10, TimeSpan.FromMilliseconds(1), 2) { HandleFailure = f => f.IsCausedBy<CustomException>() };
        rig.Orchestrator("persists", async c => await c.CallActivityAsync<int>("flaky", 1, TaskOptions.FromRetryPolicy(policy)));
        await rig.RunAsync("persists");
        await rig.Engine.AdvanceAsync(TimeSpan.FromMinutes(1));
        var done = await rig.GetAsync();
        Assert.Equal((5, null), (done.ReadOutputAs<int>(), done.FailureDetails));
    }

    [Theory, EachSetup]
    public async Task What_is_not_registered_fails_at_once_and_is_not_tried_again(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        var asked = 0;
        var retry = TaskOptions.FromRetryHandler(_ => ++asked < 5);
        rig.Orchestrator("activity", async c => await c.CallActivityAsync<int>("Bogus", 1, retry))
            .Orchestrator("child", async c => await c.CallSubOrchestratorAsync<int>("Bogus", 1, retry));
        var (activity, child) = (
            (await rig.RunAsync("activity", id: "a")).FailureDetails!,
            (await rig.RunAsync("child", id: "c")).FailureDetails!
        );
        Assert.Equal("ActivityTaskNotFound", activity.InnerFailure!.ErrorType);
        Assert.Equal("OrchestratorTaskNotFound", child.InnerFailure!.ErrorType);
        Assert.Equal("No orchestrator task named 'Bogus' was found.", child.InnerFailure.ErrorMessage);
        Assert.Equal(0, asked);
    }

    [Theory, EachSetup]
    public async Task Properties_of_an_exception_arrive_the_same_at_caller_and_client(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Services = new ServiceCollection().AddSingleton<IExceptionPropertiesProvider, Properties>().BuildServiceProvider();
        var seen = new List<object?>();
        rig.Activity<int, int>("range", _ => Throw(new ArgumentOutOfRangeException("name", "value", "out of range")))
            .Orchestrator(
                "sub",
                async c =>
                {
                    try
                    {
                        return await c.CallActivityAsync<int>("range", 1);
                    }
                    catch (TaskFailedException e)
                    {
                        seen.Add(e.FailureDetails.Properties!["Number"]);
                        await c.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                        throw;
                    }
                }
            )
            .Orchestrator("parent", async c => await c.CallSubOrchestratorAsync<int>("sub"));
        await rig.RunAsync("parent");
        await rig.RestartAsync();
        await rig.Engine.AdvanceAsync(TimeSpan.FromHours(1));
        // Numbers are doubles, as where the real worker's travel in protobuf: to the code that saw the failure first, in each replay, and
        // to the client.
        Assert.True(seen.Count >= 2);
        Assert.All(seen, n => Assert.Equal(3.0, n));
        var told = (await rig.GetAsync()).FailureDetails!.InnerFailure!.InnerFailure!.Properties!;
        Assert.Equal(("name", 3.0, null, true), ((string)told["Name"]!, (double)told["Number"]!, told["Nothing"], (bool)told["Flag"]!));
        Assert.Equal(Properties.Time, told["Time"]);
        Assert.Equal(["a", 500.0, null], (IList<object?>)told["List"]!);
        Assert.Equal(2.5, ((IDictionary<string, object?>)told["Map"]!)["m"]);
    }

    [Theory, EachSetup]
    public async Task Properties_of_the_orchestrators_own_exception_are_told(Setup setup)
    {
        await using var rig = new EngineRig(setup);
        rig.Services = new ServiceCollection().AddSingleton<IExceptionPropertiesProvider, Properties>().BuildServiceProvider();
        rig.Orchestrator("throws", _ => throw new ArgumentOutOfRangeException("name", "value", "out of range"));
        var failed = (await rig.RunAsync("throws")).FailureDetails!;
        Assert.Equal(3.0, failed.Properties!["Number"]);
        Assert.Equal(Properties.Time, failed.Properties["Time"]);
        Assert.Null((await rig.RunAsync("absent", id: "b")).FailureDetails!.Properties);
    }

    private static async Task<object?> MyOrchestration(TaskOrchestrationContext c) => await c.CallActivityAsync<int>("Faulty", 1);

    private static int Throw(Exception e) => throw e;

    private static string Chain(TaskFailureDetails? f) =>
        f is null ? "" : $"{f.ErrorType.Split('.', '+')[^1]}:{f.ErrorMessage} {Chain(f.InnerFailure)}".TrimEnd();

    private sealed class CustomException : Exception
    {
        public CustomException(string message)
            : base(message) { }

        public CustomException(string message, Exception inner)
            : base(message, inner) { }
    }

    private sealed class Properties : IExceptionPropertiesProvider
    {
        public static readonly DateTime Time = new(2026, 1, 5, 14, 30, 0, DateTimeKind.Utc);

        public IDictionary<string, object?>? GetExceptionProperties(Exception exception) =>
            exception is not ArgumentOutOfRangeException e
                ? null
                : new Dictionary<string, object?>
                {
                    ["Name"] = e.ParamName,
                    ["Number"] = 3,
                    ["Nothing"] = null,
                    ["Flag"] = true,
                    ["Time"] = Time,
                    ["List"] = new List<object?> { "a", 500L, null },
                    ["Map"] = new Dictionary<string, object?> { ["m"] = 2.5m },
                };
    }
}

using DurableTask.Core.Exceptions;
using IRFunctions.Durable;
using IRFunctions.Local.Azurite;
using IRFunctions.Local.Host;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging.Abstractions;
using TaskFailedException = Microsoft.DurableTask.TaskFailedException;

namespace IRFunctions.Tests.OnAzurite;

/// <summary>The adapter of the real engine: what its dispatchers run, and its client.</summary>
[Collection(nameof(Tables.Azurite))]
public sealed class StorageEngineTests(Tables.Azurite azurite) : IAsyncLifetime, IDisposable
{
    // Real time: a bound, not a measure.
    private readonly CancellationTokenSource limit = new(TimeSpan.FromMinutes(10));
    private StorageEngine? engine;

    private DurableTaskClient Client => engine!.Client;

    public async Task InitializeAsync()
    {
        var settings = new DurableSettings
        {
            HubName = $"hub{Guid.NewGuid():N}",
            PartitionCount = 1,
            MaxQueuePollingInterval = TimeSpan.FromMilliseconds(100),
        };
        engine = new StorageEngine(azurite.ConnectionString, settings, PayloadJson.Converter, NullLoggerFactory.Instance).Use(Register);
        await engine.StartAsync();
    }

    public async Task DisposeAsync() => await engine!.DisposeAsync();

    public void Dispose() => limit.Dispose();

    [Fact]
    public async Task Activities_children_and_entities_answer_and_a_failure_keeps_its_type_and_words()
    {
        var done = await RunAsync("all", 20);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, done.RuntimeStatus);
        Assert.Equal("21; child of all-1; counted 1; System.ArithmeticException: not today", done.ReadOutputAs<string>());
        Assert.Equal("\"halfway\"", done.SerializedCustomStatus);
        Assert.Equal(20, done.ReadInputAs<int>());
        Assert.Null((await Client.GetInstancesAsync("all-1", cancellation: limit.Token))!.SerializedOutput);
        Assert.Equal(
            1,
            (await Client.Entities.GetEntityAsync<int>(new EntityInstanceId("counter", "a"), cancellation: limit.Token))!.State
        );
    }

    [Theory]
    [InlineData("nobody", "No orchestrator task named 'nobody' was found")]
    [InlineData("calls-nobody", "No activity task named 'nobody' was found")]
    [InlineData("throws", "System.ArithmeticException: not today")]
    public async Task What_fails_says_why(string orchestrator, string reason)
    {
        var done = await RunAsync(orchestrator);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, done.RuntimeStatus);
        // Azure Storage keeps a failure as text in the output.
        Assert.Contains(reason, done.SerializedOutput, StringComparison.Ordinal);
        Assert.Contains(reason, InstanceFailure.Of(done), StringComparison.Ordinal);
    }

    /// <summary>
    /// Alert text is an attacker's; queue messages are XML, which has no such characters (Azure/azure-functions-durable-extension issue
    /// 3152).
    /// </summary>
    [Fact]
    public async Task Text_with_characters_that_no_queue_message_may_hold_goes_through_and_back()
    {
        const string hostile = "a\0b\u0001c\uFFFEd\uFFFF <e> & \u202E \uD83D\uDE00 \uD800 end";
        var expected = hostile.Replace('\uD800', '\uFFFD'); // half a character is replaced by JSON's writer
        Assert.Equal(expected, (await RunAsync("echoes", hostile)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task One_that_waits_is_not_started_twice_and_can_be_suspended_resumed_and_ended()
    {
        await StartAsync("waits", "waits-1");
        await Client.WaitForInstanceStartAsync("waits-1", limit.Token);
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => StartAsync("waits", "waits-1"));
        await Client.SuspendInstanceAsync("waits-1", "a while");
        await UntilAsync("waits-1", OrchestrationRuntimeStatus.Suspended);
        await Client.ResumeInstanceAsync("waits-1");
        await Client.RaiseEventAsync("waits-1", "go", "now", limit.Token);
        Assert.Equal("now", (await Client.WaitForInstanceCompletionAsync("waits-1", true, limit.Token)).ReadOutputAs<string>());

        await StartAsync("waits", "waits-2");
        await Client.TerminateInstanceAsync("waits-2", "enough", limit.Token);
        var ended = await Client.WaitForInstanceCompletionAsync("waits-2", true, limit.Token);
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "\"enough\""), (ended.RuntimeStatus, ended.SerializedOutput));
    }

    [Fact]
    public async Task Instances_and_entities_are_listed_apart_by_prefix_and_status_in_pages()
    {
        await Task.WhenAll(Enumerable.Range(1, 5).Select(i => StartAsync("waits", $"list-{i}")));
        foreach (var i in Enumerable.Range(1, 5))
            await Client.WaitForInstanceStartAsync($"list-{i}", limit.Token);
        await Client.Entities.SignalEntityAsync(new EntityInstanceId("counter", "list"), "add", 7, cancellation: limit.Token);
        await RunAsync("reads", "list");
        var query = new OrchestrationQuery
        {
            InstanceIdPrefix = "list-",
            Statuses = [OrchestrationRuntimeStatus.Running],
            PageSize = 2,
        };
        var listed = await Client.GetAllInstancesAsync(query).ToListAsync(limit.Token);
        Assert.Equal(["list-1", "list-2", "list-3", "list-4", "list-5"], listed.Select(i => i.InstanceId).Order(StringComparer.Ordinal));
        var entity = Assert.Single(
            await Client.Entities.GetAllEntitiesAsync<int>(new EntityQuery { InstanceIdStartsWith = "@counter@l" }).ToListAsync(limit.Token)
        );
        Assert.Equal(("list", 7), (entity.Id.Key, entity.State));
        Assert.DoesNotContain(await Client.GetAllInstancesAsync().ToListAsync(limit.Token), i => i.InstanceId.StartsWith('@'));
        Assert.Null(await Client.GetInstancesAsync("nobody-1", cancellation: limit.Token));
        Assert.Null(await Client.Entities.GetEntityAsync(new EntityInstanceId("counter", "nobody"), cancellation: limit.Token));
    }

    private static void Register(DurableTaskRegistry tasks)
    {
        tasks.AddOrchestratorFunc<int, string>("all", AllAsync);
        tasks.AddOrchestratorFunc<object?, string>("child", (context, _) => Task.FromResult($"child of {context.Parent!.InstanceId}"));
        tasks.AddOrchestratorFunc<object?, string>("waits", (context, _) => context.WaitForExternalEvent<string>("go"));
        tasks.AddOrchestratorFunc<string, string>("echoes", (context, text) => context.CallActivityAsync<string>("echo", text));
        tasks.AddActivityFunc<string, string>("echo", (_, text) => Task.FromResult(text));
        tasks.AddOrchestratorFunc<string, int>(
            "reads",
            (context, key) => context.Entities.CallEntityAsync<int>(new EntityInstanceId("counter", key), "get")
        );
        tasks.AddOrchestratorFunc<object?, string>("throws", (_, _) => Task.FromException<string>(new ArithmeticException("not today")));
        tasks.AddOrchestratorFunc<object?, string>("calls-nobody", (context, _) => context.CallActivityAsync<string>("nobody"));
        tasks.AddActivityFunc<int, int>("plus one", (_, n) => n + 1);
        tasks.AddActivityFunc<object?, object?>("fail", (_, _) => Task.FromException<object?>(new ArithmeticException("not today")));
        tasks.AddEntity<Counter>("counter");
    }

    private static async Task<string> AllAsync(TaskOrchestrationContext context, int start)
    {
        var sum = await context.CallActivityAsync<int>("plus one", start);
        context.SetCustomStatus("halfway");
        var child = await context.CallSubOrchestratorAsync<string>("child");
        var counter = new EntityInstanceId("counter", "a");
        int counted;
        await using (await context.Entities.LockEntitiesAsync(counter))
        {
            await context.Entities.CallEntityAsync(counter, "add", 1);
            counted = await context.Entities.CallEntityAsync<int>(counter, "get");
        }
        try
        {
            await context.CallActivityAsync<object?>("fail");
        }
        catch (TaskFailedException e)
        {
            return $"{sum}; {child}; counted {counted}; {e.FailureDetails.ErrorType}: {e.FailureDetails.ErrorMessage}";
        }
        return "nothing failed";
    }

    private Task<string> StartAsync(string orchestrator, string id, object? input = null) =>
        Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, new StartOrchestrationOptions(id), limit.Token);

    private async Task<OrchestrationMetadata> RunAsync(string orchestrator, object? input = null) =>
        await Client.WaitForInstanceCompletionAsync(await StartAsync(orchestrator, $"{orchestrator}-1", input), true, limit.Token);

    private async Task UntilAsync(string id, OrchestrationRuntimeStatus status)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while ((await Client.GetInstancesAsync(id, cancellation: limit.Token))!.RuntimeStatus != status)
            await tick.WaitForNextTickAsync(limit.Token);
    }

    private sealed class Counter : TaskEntity<int>
    {
        public void Add(int n) => State += n;

        public int Get() => State;
    }
}

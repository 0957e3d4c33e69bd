using IRFunctions.Local.Broker;
using IRFunctions.Local.Host;
using IRFunctions.Local.Time;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Host;

public sealed class QueuePumpTests : IDisposable
{
    private readonly VirtualTimeProvider time = new();
    private readonly Calls calls = new();
    private readonly LocalQueue queue;

    public QueuePumpTests() =>
        queue = new LocalQueue("intake", new InMemoryQueueStorage(), time, new LocalQueueOptions { MaxDeliveryCount = 3 });

    public void Dispose() => queue.Dispose();

    private QueuePump Pump(string function, HostSettings? settings = null) =>
        new(
            FunctionCatalogTests.Served().Queues.Single(f => f.Name == function),
            queue,
            new ServiceCollection().AddSingleton(calls).BuildServiceProvider(),
            time,
            settings
        );

    [Fact]
    public async Task One_step_processes_one_message_to_its_end()
    {
        var pump = Pump("Intake");
        Assert.False(await pump.PumpOneAsync());
        await queue.SendAsync(OutgoingMessage.Json("complete"));
        await queue.SendAsync(OutgoingMessage.Json("dead"));
        Assert.True(await pump.PumpOneAsync());
        Assert.Equal(new QueueCounts(1, 0, 0, 0, 0), queue.Counts);
        Assert.True(await pump.PumpOneAsync());
        Assert.Equal("Why", Assert.Single(queue.PeekDeadLetters()).DeadLetterReason);
        Assert.Equal(["complete 1", "disposed", "dead 1", "disposed"], calls);
    }

    [Fact]
    public async Task A_function_that_throws_gets_its_message_again_until_it_is_a_dead_letter()
    {
        var pump = Pump("Intake");
        await queue.SendAsync(OutgoingMessage.Json("throw"));
        for (var i = 0; i < 3; i++)
            Assert.True(await pump.PumpOneAsync());
        Assert.False(await pump.PumpOneAsync());
        Assert.Equal("MaxDeliveryCountExceeded", Assert.Single(queue.PeekDeadLetters()).DeadLetterReason);
    }

    [Fact]
    public async Task A_message_a_manual_function_does_not_settle_comes_again_when_its_lock_ends()
    {
        var pump = Pump("Intake", new HostSettings { AutoCompleteMessages = true });
        await queue.SendAsync(OutgoingMessage.Json("ignored"));
        Assert.True(await pump.PumpOneAsync());
        Assert.False(await pump.PumpOneAsync());
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await pump.PumpOneAsync());
        Assert.Contains("ignored 2", calls);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Where_the_trigger_says_nothing_host_json_decides_on_completion(bool autoComplete, int left)
    {
        await queue.SendAsync(OutgoingMessage.Json("body"));
        Assert.True(await Pump("Auto", new HostSettings { AutoCompleteMessages = autoComplete }).PumpOneAsync());
        Assert.Equal(left, queue.Counts.Active);
    }

    [Fact]
    public async Task The_lock_is_renewed_for_as_long_as_host_json_says_while_the_function_runs()
    {
        var slow = new Slow();
        var function = FunctionCatalog.Discover([typeof(Slow)]).Queues.Single();
        await using var services = new ServiceCollection().AddSingleton(slow.Gate).BuildServiceProvider();
        await queue.SendAsync(OutgoingMessage.Json("slow"));
        var step = new QueuePump(
            function,
            queue,
            services,
            time,
            new HostSettings { MaxAutoLockRenewalDuration = TimeSpan.FromMinutes(2) }
        ).PumpOneAsync();
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, queue.Counts.Locked);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(1, queue.Counts.Available);
        slow.Gate.SetResult();
        Assert.True(await step);
    }

    [Fact]
    public async Task Started_it_works_on_many_at_once_and_stops_when_all_are_done()
    {
        await using var pump = Pump("Auto", new HostSettings { MaxConcurrentCalls = 4 });
        for (var i = 0; i < 50; i++)
            await queue.SendAsync(OutgoingMessage.Json("x"));
        pump.Start();
        while (queue.Counts.Active > 0)
            await Task.Yield();
        await pump.StopAsync();
        Assert.Equal((50, 0), (calls.Count(c => c == "x"), queue.Counts.Active));
    }

    [Fact]
    public void Host_json_is_read_and_a_wrong_value_is_named()
    {
        var settings = HostSettings.Parse(
            """
            { "extensions": { "serviceBus": { "autoCompleteMessages": false, "maxConcurrentCalls": 8,
            "maxAutoLockRenewalDuration": "00:02:00" } } }
            """
        );
        Assert.Equal(
            (false, 8, TimeSpan.FromMinutes(2), "api"),
            (settings.AutoCompleteMessages, settings.MaxConcurrentCalls, settings.MaxAutoLockRenewalDuration, settings.RoutePrefix)
        );
        Assert.Contains(
            "maxConcurrentCalls",
            Assert
                .Throws<FormatException>(() => HostSettings.Parse("""{"extensions":{"serviceBus":{"maxConcurrentCalls":"many"}}}"""))
                .Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_durable_section_of_host_json_is_read_and_a_setting_goes_before_it()
    {
        const string key = "extensions:durableTask:storageProvider:workItemQueueVisibilityTimeout";
        const string json = """
            { "extensions": { "durableTask": { "hubName": "mine", "storageProvider": {
              "partitionCount": 2, "controlQueueVisibilityTimeout": "00:00:40", "workItemQueueVisibilityTimeout": "00:00:50",
              "maxQueuePollingInterval": "00:00:02" } } } }
            """;
        var expected = new DurableSettings
        {
            HubName = "mine",
            PartitionCount = 2,
            ControlQueueVisibilityTimeout = TimeSpan.FromSeconds(40),
            WorkItemQueueVisibilityTimeout = TimeSpan.FromSeconds(50),
            MaxQueuePollingInterval = TimeSpan.FromSeconds(2),
        };
        Assert.Equal(expected, HostSettings.Parse(json).Durable);
        Assert.Equal(
            expected with
            {
                WorkItemQueueVisibilityTimeout = TimeSpan.FromSeconds(7),
            },
            HostSettings.Parse(json, instead: k => k == key ? "00:00:07" : null).Durable
        );
        Assert.Equal(new DurableSettings(), HostSettings.Parse("{}").Durable);
        Assert.Contains(
            key,
            Assert.Throws<FormatException>(() => HostSettings.Parse(json, instead: k => k == key ? "soon" : null)).Message,
            StringComparison.Ordinal
        );
    }

    internal sealed class Slow
    {
        private readonly TaskCompletionSource gate;

        public Slow()
            : this(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)) { }

        [ActivatorUtilitiesConstructor]
        public Slow(TaskCompletionSource gate) => this.gate = gate;

        public TaskCompletionSource Gate => gate;

        [Function("Slow")]
        public Task Run([ServiceBusTrigger("intake")] string body) => gate.Task;
    }
}

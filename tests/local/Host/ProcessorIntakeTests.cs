using IRFunctions.Local.Broker;
using IRFunctions.Local.Host;
using IRFunctions.Tests.Broker;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Host;

/// <summary>The functions of <see cref="ServedFunctions"/> behind official processors, over AMQP.</summary>
public sealed class ProcessorIntakeTests : DoorTests
{
    private readonly Calls calls = new();

    private ProcessorIntake Intake(Func<Task>? whenCalm = null, HostSettings? settings = null)
    {
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(calls)
            .AddSingleton(FunctionCatalogTests.Served())
            .AddSingleton(Door.Client);
        return new ProcessorIntake(services.BuildServiceProvider(), settings ?? new HostSettings(), whenCalm ?? (() => Task.CompletedTask));
    }

    [Fact]
    public async Task Each_function_settles_its_messages_and_one_that_throws_gets_its_message_again()
    {
        var intake = Door.Queue("intake", new LocalQueueOptions { MaxDeliveryCount = 3 });
        var auto = Door.Queue("auto");
        await SendAsync("intake", "complete", "dead", "throw");
        await SendAsync("auto", "one", "two");
        await using var processors = Intake();
        await processors.StartAsync();
        await Until(() => intake.Counts == Empty with { DeadLettered = 2 } && auto.Counts == Empty);
        Assert.Equal(
            ["MaxDeliveryCountExceeded", "Why"],
            intake.PeekDeadLetters().Select(m => m.DeadLetterReason).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            ["complete 1", "dead 1", "one", "throw 1", "throw 2", "throw 3", "two"],
            calls.Where(c => c != "disposed").Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task No_function_is_called_before_the_engine_is_calm()
    {
        var calm = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Door.Queue("intake");
        var auto = Door.Queue("auto");
        await SendAsync("auto", "one");
        await using var processors = Intake(() => calm.Task);
        await processors.StartAsync();
        await Until(() => auto.Counts.Locked == 1);
        Assert.Empty(calls);
        calm.SetResult();
        await Until(() => auto.Counts == Empty);
        Assert.Contains("one", calls);
    }

    [Fact]
    public async Task Host_json_decides_on_completion_where_the_trigger_says_nothing()
    {
        Door.Queue("intake");
        var auto = Door.Queue("auto");
        await SendAsync("auto", "one");
        await using var processors = Intake(settings: new HostSettings { AutoCompleteMessages = false });
        await processors.StartAsync();
        await Until(() => calls.Contains("one"));
        Assert.Equal(1, auto.Counts.Locked);
    }
}

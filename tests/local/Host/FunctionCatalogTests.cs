using IRFunctions.Local.Engine.Hosting;
using IRFunctions.Local.Host;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Host;

public sealed class FunctionCatalogTests
{
    internal static readonly Dictionary<string, string> Settings = new() { ["IntakeQueue"] = "intake", ["Nightly"] = "0 0 2 * * *" };

    internal static FunctionCatalog Served() =>
        FunctionCatalog.Discover([typeof(ServedFunctions), typeof(Counter)], Settings.GetValueOrDefault);

    [Fact]
    public void Every_function_is_found_with_its_trigger_and_settings_are_filled_in()
    {
        var catalog = Served();
        Assert.Equal(["Answer", "GetThing", "Number", "Plain", "Start"], catalog.Http.Select(f => f.Name));
        Assert.Equal(
            ("things/{id:guid}", "GET"),
            (catalog.Http.Single(f => f.Name == "GetThing").Route, catalog.Http.Single(f => f.Name == "GetThing").Methods.Single())
        );
        Assert.Equal("Plain", catalog.Http.Single(f => f.Name == "Plain").Route);
        Assert.Equal([("auto", null), ("intake", false)], catalog.Queues.Select(f => (f.Queue, f.AutoCompleteMessages)));
        Assert.Equal(["0 0 2 * * *", "0 */5 * * * *"], catalog.Timers.Select(f => f.Schedule.ToString()));
        Assert.Equal("Greet", Assert.Single(catalog.Orchestrators).Name);
        Assert.Equal(["Describe", "Nothing"], catalog.Activities.Select(f => f.Name));
        Assert.Equal(typeof(Counter), Assert.Single(catalog.Entities).EntityType);
    }

    [Fact]
    public void The_deployable_functions_can_all_be_hosted() =>
        FunctionCatalog.Discover(typeof(FunctionCatalog).Assembly, _ => "0 0 0 * * *");

    private static class Broken
    {
        [Function("Twice")]
        public static Task Twice([ActivityTrigger] string input) => Task.CompletedTask;

        [Function("twice")]
        public static Task TwiceAgain([ActivityTrigger] string input) => Task.CompletedTask;

        [Function("NotTask")]
        public static string NotTask([OrchestrationTrigger] TaskOrchestrationContext context) => "";

        [Function("NoTrigger")]
        public static Task NoTrigger(string input) => Task.CompletedTask;

        [Function("Odd")]
        public static Task Odd([ActivityTrigger] string input, Stream stream) => Task.CompletedTask;

        [Function("NoAnswer")]
        public static Task<int> NoAnswer([HttpTrigger("get")] HttpRequest request) => Task.FromResult(1);

        [Function("NoEntity")]
        public static Task NoEntity([EntityTrigger] TaskEntityDispatcher dispatcher) => Task.CompletedTask;

        [Function("BadSchedule")]
        public static void BadSchedule([TimerTrigger("0 61 * * * *")] TimerInfo timer) => _ = timer;

        [Function("Unset")]
        public static void Unset([ServiceBusTrigger("%Missing%")] string body) => _ = body;

        [Function("Topic")]
        public static void Topic([ServiceBusTrigger("topic", "subscription")] string body) => _ = body;
    }

    private sealed class Unbuildable
    {
        private Unbuildable() { }

        [Function("Unbuildable")]
        public Task<Unbuildable> Run([ActivityTrigger] string input) => Task.FromResult(this);
    }

    [Theory]
    [InlineData("Unbuildable.Run: ", "constructor")]
    [InlineData("Broken.TwiceAgain: the name 'twice' is already taken by", "Broken.Twice")]
    [InlineData("Broken.NotTask: an orchestrator returns Task", "not String")]
    [InlineData("Broken.NoTrigger: a function has exactly one trigger parameter", "has 0")]
    [InlineData("Broken.Odd: parameter 'stream' of type Stream cannot be bound", "activity takes")]
    [InlineData("Broken.NoAnswer: an HTTP function returns IActionResult", "not Int32")]
    [InlineData("Broken.NoEntity: ", "is no ITaskEntity")]
    [InlineData("Broken.BadSchedule: ", "61 is higher than the maximum allowable value for the [Minute] field")]
    [InlineData("Broken.Unset: the setting 'Missing' is not set", "")]
    [InlineData("Broken.Topic: ", "no topics")]
    public void What_cannot_be_hosted_is_named_with_class_method_and_reason_all_at_once(string what, string why)
    {
        var error = Assert.Throws<FunctionCatalogException>(() => FunctionCatalog.Discover([typeof(Broken), typeof(Unbuildable)]));
        Assert.Equal(10, error.Problems.Count);
        var problem = Assert.Single(error.Problems, p => p.Contains(what, StringComparison.Ordinal));
        Assert.Contains(why, problem, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Durable_functions_reach_the_engine_with_their_inputs_services_and_instance()
    {
        var calls = new Calls();
        await using var services = new ServiceCollection().AddSingleton(calls).BuildServiceProvider();
        var tasks = (IDurableTaskFactory2)TaskFactories.From(r => FunctionTasks.Register(Served(), r, services, () => default));

        Assert.True(tasks.TryCreateActivity("Describe", services, out var describe));
        var person = PayloadJson.Converter.Deserialize("""{"name":"Ada","age":36}""", describe.InputType);
        Assert.Equal("Ada is 36", await describe.RunAsync(new Activity(), person));
        Assert.Equal(["describe in greet-1", "disposed"], calls);
        Assert.True(tasks.TryCreateActivity("nothing", services, out var nothing));
        Assert.Null(await nothing.RunAsync(new Activity(), null));
        Assert.True(tasks.TryCreateOrchestrator("Greet", services, out _));
        Assert.True(tasks.TryCreateEntity("Counter", services, out var counter));
        Assert.IsType<Counter>(counter);
        Assert.True(tasks.TryCreateEntity("Counter", services, out var other));
        Assert.NotSame(counter, other);
    }

    private sealed class Activity : TaskActivityContext
    {
        public override TaskName Name => "Describe";

        public override string InstanceId => "greet-1";
    }
}

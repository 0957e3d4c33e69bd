using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Local.Host;

/// <summary>Hands the orchestrators, activities and entities of a catalogue to Durable Task's own registry.</summary>
public static class FunctionTasks
{
    /// <param name="services">Used only when a function runs, so the engine's client may be among them.</param>
    /// <param name="stopping">Cancelled when the engine stops.</param>
    /// <param name="around">Called in place of each activity, with its name and the activity; null: it is run.</param>
    public static void Register(
        FunctionCatalog catalog,
        DurableTaskRegistry registry,
        IServiceProvider services,
        Func<CancellationToken> stopping,
        Func<string, Func<Task<object?>>, Task<object?>>? around = null
    )
    {
        // An orchestrator gets no scope of its own: it is replayed over and over and may use nothing but its context.
        foreach (var f in catalog.Orchestrators)
            registry.AddOrchestrator(
                f.Name,
                () =>
                    new Orchestrator(context =>
                        f.Invoker.InvokeAsync(new Invocation(services, CancellationToken.None) { InScope = true, Orchestration = context })
                            .AsTask()
                    )
            );
        foreach (var f in catalog.Activities)
        {
            registry.AddActivity(
                f.Name,
                new Activity(
                    f.InputType,
                    (context, input) => around is null ? RunAsync(context, input) : around(f.Name, () => RunAsync(context, input))
                )
            );

            Task<object?> RunAsync(TaskActivityContext context, object? input) =>
                f.Invoker.InvokeAsync(new Invocation(services, stopping()) { Activity = context, ActivityInput = input }).AsTask();
        }
        foreach (var f in catalog.Entities)
        {
            var create = ActivatorUtilities.CreateFactory(f.EntityType, Type.EmptyTypes);
            registry.AddEntity(f.Name, _ => (ITaskEntity)create(services, null));
        }
    }

    /// <summary>
    /// A function says only when it runs of what type its input is: it gets a context that reads it then, as in the isolated worker.
    /// </summary>
    private sealed class Orchestrator(Func<TaskOrchestrationContext, Task<object?>> run) : ITaskOrchestrator
    {
        public Type InputType => typeof(JsonElement?);

        public Type OutputType => typeof(object);

        public Task<object?> RunAsync(TaskOrchestrationContext context, object? input) => run(new Context(context, (JsonElement?)input));
    }

    private sealed class Activity(Type inputType, Func<TaskActivityContext, object?, Task<object?>> run) : ITaskActivity
    {
        public Type InputType => inputType;

        public Type OutputType => typeof(object);

        public Task<object?> RunAsync(TaskActivityContext context, object? input) => run(context, input);
    }

    private sealed class Context(TaskOrchestrationContext inner, JsonElement? input) : TaskOrchestrationContext
    {
        public override TaskName Name => inner.Name;

        public override string InstanceId => inner.InstanceId;

        public override ParentOrchestrationInstance? Parent => inner.Parent;

        public override DateTime CurrentUtcDateTime => inner.CurrentUtcDateTime;

        public override bool IsReplaying => inner.IsReplaying;

        public override string Version => inner.Version;

        public override IReadOnlyDictionary<string, object?> Properties => inner.Properties;

        public override TaskOrchestrationEntityFeature Entities => inner.Entities;

        public override ILoggerFactory ReplaySafeLoggerFactory => inner.ReplaySafeLoggerFactory;

        protected override ILoggerFactory LoggerFactory => NullLoggerFactory.Instance;

        public override T GetInput<T>() => input is { } json ? json.Deserialize<T>(PayloadJson.Options)! : default!;

        public override Task<T> CallActivityAsync<T>(TaskName name, object? input = null, TaskOptions? options = null) =>
            inner.CallActivityAsync<T>(name, input, options);

        public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) =>
            inner.CreateTimer(fireAt, cancellationToken);

        public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) =>
            inner.WaitForExternalEvent<T>(eventName, cancellationToken);

        public override void SendEvent(string instanceId, string eventName, object payload) =>
            inner.SendEvent(instanceId, eventName, payload);

        public override void SetCustomStatus(object? customStatus) => inner.SetCustomStatus(customStatus);

        public override Task<T> CallSubOrchestratorAsync<T>(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
            inner.CallSubOrchestratorAsync<T>(orchestratorName, input, options);

        public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
            inner.ContinueAsNew(newInput, preserveUnprocessedEvents);

        public override void ContinueAsNew(ContinueAsNewOptions options) => inner.ContinueAsNew(options);

        public override Guid NewGuid() => inner.NewGuid();

        public override ILogger CreateReplaySafeLogger(string categoryName) => inner.CreateReplaySafeLogger(categoryName);
    }
}

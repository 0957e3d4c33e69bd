using IRFunctions.Local.Durable;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Host;

/// <summary>Hands the orchestrators, activities and entities of a catalogue to the durable engine.</summary>
public static class DurableFunctions
{
    /// <summary>
    /// Registers everything durable; the services are used only when the engine runs a function, so the engine's client may be among them.
    /// </summary>
    public static void Register(FunctionCatalog catalog, DurableRegistry registry, IServiceProvider services)
    {
        // An orchestrator gets no scope of its own: it is replayed over and over and may use nothing but its context.
        foreach (var function in catalog.Orchestrators)
            registry.AddOrchestrator(function.Name, context =>
                function.Invoker.InvokeAsync(new Invocation(services, CancellationToken.None) { InScope = true, Orchestration = context }).AsTask());
        foreach (var function in catalog.Activities)
            registry.AddActivity(function.Name, (context, input, stop) =>
                function.Invoker.InvokeAsync(new Invocation(services, stop) { Activity = context, ActivityInput = input }).AsTask());
        foreach (var function in catalog.Entities)
        {
            var create = ActivatorUtilities.CreateFactory(function.EntityType, Type.EmptyTypes);
            registry.AddEntity(function.Name, () => (ITaskEntity)create(services, null));
        }
    }
}

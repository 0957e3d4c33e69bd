using IRFunctions.Local.Engine;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Host;
using IRFunctions.Local.Time;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Host;

/// <summary>Discovered functions in the durable engine: from an HTTP function to the orchestrator, its activity, and an entity.</summary>
public sealed class DurableDispatchTests
{
    private sealed class World : IAsyncDisposable
    {
        private readonly MemoryStore store = new();
        private LoopbackServer? server;

        public World() => Engine = new DurableEngine(store, new VirtualTimeProvider());

        public Calls Calls { get; } = new();

        public DurableEngine Engine { get; }

        public async Task<Uri> StartAsync()
        {
            var catalog = FunctionCatalogTests.Served();
            server = await LoopbackServer.StartAsync(
                0,
                b => b.Services.AddSingleton(Calls).AddSingleton(_ => Engine.Client),
                app =>
                {
                    Engine.Use(
                        tasks => FunctionTasks.Register(catalog, tasks, app.Services, () => Engine.Stopping),
                        null,
                        new DurableTaskWorkerOptions { DataConverter = PayloadJson.Converter }
                    );
                    HttpFunctions.Map(app, catalog);
                }
            );
            return server.Address;
        }

        public async ValueTask DisposeAsync()
        {
            if (server is not null)
                await server.DisposeAsync();
            await Engine.DisposeAsync();
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_http_function_starts_an_orchestrator_which_calls_its_activity()
    {
        await using var world = new World();
        using var client = new HttpClient { BaseAddress = await world.StartAsync() };
        using var response = await client.PostAsync("/api/start", null);
        Assert.Equal("greet-1", await response.Content.ReadAsStringAsync());
        await world.Engine.RunUntilIdleAsync();
        var instance = await world.Engine.Client.GetInstanceAsync("greet-1", getInputsAndOutputs: true);
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "Ada is 36"), (instance!.RuntimeStatus, instance.ReadOutputAs<string>()));
        Assert.Equal(["describe in greet-1", "disposed"], world.Calls);
    }

    [Fact]
    public async Task An_entity_is_created_with_its_services_and_keeps_its_state()
    {
        await using var world = new World();
        await world.StartAsync();
        var id = new EntityInstanceId("Counter", "k");
        await world.Engine.Client.Entities.SignalEntityAsync(id, "Add", 2);
        await world.Engine.Client.Entities.SignalEntityAsync(id, "Add", 3);
        await world.Engine.RunUntilIdleAsync();
        Assert.Equal(5, (await world.Engine.Client.Entities.GetEntityAsync<int>(id))!.State);
        Assert.Equal(["add 2", "add 3"], world.Calls);
    }
}

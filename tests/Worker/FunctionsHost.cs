using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Local.Host;
using IRFunctions.Local.Model;
using IRFunctions.Local.Tenant;
using IRFunctions.Tests.RealWorker.Rpc;
using IRFunctions.Tests.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.RealWorker;

/// <summary>
/// A Functions host, as far as a worker can tell: it starts the deployable's own process, indexes and loads its functions and invokes them;
/// the durable extension's task hub and the Service Bus extension's settlement answer beside it. Tenant and model are the simulated ones,
/// over HTTP.
/// </summary>
public abstract class FunctionsHost(string environment, Azurite storage) : IAsyncLifetime
{
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(30);
    private static readonly HttpClient Http = new();
    private readonly string folder = System.IO.Directory.CreateTempSubdirectory("irf-worker-").FullName;
    private WebApplication? rpc;
    private LoopbackServer? peers;
    private Uri address = null!;

    public string Environment => environment;

    internal HostStream Stream { get; } = new();

    internal TaskHub Hub { get; } = new();

    internal Settlements Settlements { get; } = new();

    internal SimulatedTenant Tenant { get; } = SimulatedTenant.InMemory();

    internal Collector Collector { get; } = new();

    internal WorkerProcess Worker { get; } = new();

    internal Azurite Storage => storage;

    internal string WorkerId { get; } = Guid.NewGuid().ToString();

    internal string Greeting { get; private set; } = "";

    internal WorkerInitResponse Init { get; private set; } = null!;

    internal FunctionMetadataResponse Index { get; private set; } = null!;

    internal IReadOnlyDictionary<string, FunctionLoadResponse> Loads { get; private set; } = null!;

    /// <summary>Starts the worker and brings it to where the real host would begin to listen to triggers.</summary>
    public async Task InitializeAsync()
    {
        var model = new LocalModel();
        peers = await LoopbackServer.StartAsync(
            0,
            null,
            app =>
            {
                WorkerSettings.MapIdentity(app);
                TenantEndpoint.Map(app, Tenant);
                ModelEndpoint.Map(app, model);
                Collector.Map(app);
            }
        );
        (rpc, address) = await StartRpcAsync();
        Worker.Start(address, WorkerId, WorkerSettings.For(environment, peers.Address, storage.ConnectionString, folder), Stream.End);
        Greeting = await Stream.StartedAsync();
        Init = (
            await Stream.AskAsync(
                new StreamingMessage
                {
                    WorkerInitRequest = new WorkerInitRequest
                    {
                        HostVersion = "4.1000.0",
                        WorkerDirectory = WorkerProcess.Folder,
                        FunctionAppDirectory = WorkerProcess.Folder,
                    },
                }
            )
        ).WorkerInitResponse;
        Index = (
            await Stream.AskAsync(
                new StreamingMessage
                {
                    FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = WorkerProcess.Folder },
                }
            )
        ).FunctionMetadataResponse;
        Loads = await LoadAsync(Index.FunctionMetadataResults);
    }

    public async Task DisposeAsync()
    {
        Stream.Tell(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });
        try
        {
            // A worker that does not stop when told is killed by the host in the middle of its work.
            Assert.Equal(0, await Worker.EndAsync(TimeToEnd));
        }
        finally
        {
            await Worker.DisposeAsync();
            if (rpc is not null)
                await rpc.DisposeAsync();
            if (peers is not null)
                await peers.DisposeAsync();
            await Tenant.DisposeAsync();
            System.IO.Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Invokes a function with what its trigger got; a durable client is bound where it asks for one.</summary>
    /// <param name="values">What the trigger tells beside its data, such as the values of a route.</param>
    internal async Task<InvocationResponse> InvokeAsync(
        string function,
        TypedData trigger,
        string? id = null,
        IReadOnlyDictionary<string, string>? values = null
    )
    {
        var metadata = Index.FunctionMetadataResults.Single(f => f.Name == function);
        var bindings = metadata.RawBindings.Select(b => JsonNode.Parse(b)!).ToList();
        var request = new InvocationRequest
        {
            InvocationId = id ?? Guid.NewGuid().ToString(),
            FunctionId = metadata.FunctionId,
            TraceContext = new RpcTraceContext(),
        };
        request.InputData.Add(new Rpc.ParameterBinding { Name = (string)bindings[0]["name"]!, Data = trigger });
        foreach (var (name, value) in values ?? new Dictionary<string, string>())
            request.TriggerMetadata.Add(name, new TypedData { String = value });
        foreach (var client in bindings.Where(b => (string)b["type"]! == "durableClient"))
            request.InputData.Add(new Rpc.ParameterBinding { Name = (string)client["name"]!, Data = DurableClient() });
        return (await Stream.AskAsync(new StreamingMessage { InvocationRequest = request })).InvocationResponse;
    }

    /// <summary>Sends a request on to the worker's own endpoint, and its invocation beside it, as the host does.</summary>
    internal async Task<HttpResponseMessage> SendAsync(
        string function,
        HttpRequestMessage request,
        IReadOnlyDictionary<string, string>? route = null
    )
    {
        var id = Guid.NewGuid().ToString();
        request.RequestUri = new Uri(new Uri(Init.Capabilities["HttpUri"]), request.RequestUri!);
        request.Headers.Add("x-ms-invocation-id", id);
        var invocation = InvokeAsync(function, new TypedData { Http = new RpcHttp() }, id, route);
        var answer = await Http.SendAsync(request);
        var result = (await invocation).Result;
        Assert.True(result.Status == StatusResult.Types.Status.Success, $"{function}: {result.Exception?.Message}");
        return answer;
    }

    private async Task<IReadOnlyDictionary<string, FunctionLoadResponse>> LoadAsync(IEnumerable<RpcFunctionMetadata> functions)
    {
        var loads = new Dictionary<string, FunctionLoadResponse>();
        foreach (var function in functions)
        {
            function.Directory = WorkerProcess.Folder; // The host fills in where the app lies.
            var load = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function };
            loads[function.Name] = (await Stream.AskAsync(new StreamingMessage { FunctionLoadRequest = load })).FunctionLoadResponse;
        }
        return loads;
    }

    /// <summary>What the durable extension sends for a client binding, as far as the worker reads it.</summary>
    private TypedData DurableClient() =>
        new()
        {
            String = JsonSerializer.Serialize(
                new
                {
                    taskHubName = "irfunctions",
                    connectionName = "Storage",
                    rpcBaseUrl = address.ToString(),
                    httpBaseUrl = address.ToString(),
                    requiredQueryStringParameters = "",
                    maxGrpcMessageSizeInBytes = int.MaxValue,
                    grpcHttpClientTimeout = "\"00:01:40\"",
                }
            ),
        };

    private async Task<(WebApplication, Uri)> StartRpcAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, o => o.Protocols = HttpProtocols.Http2));
        builder.Services.AddRouting();
        builder.Services.AddGrpc(o => o.MaxReceiveMessageSize = int.MaxValue);
        builder.Services.AddSingleton(Stream).AddSingleton(Hub).AddSingleton(Settlements);
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<HostStream>();
        app.MapGrpcService<TaskHub>();
        app.MapGrpcService<Settlements>();
        await app.StartAsync();
        return (app, new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()));
    }
}

/// <summary>As `func start` runs it: the container is validated.</summary>
public sealed class DevelopmentHost(Azurite storage) : FunctionsHost("Development", storage);

public sealed class ProductionHost(Azurite storage) : FunctionsHost("Production", storage);

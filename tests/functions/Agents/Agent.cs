using System.Text.Json;
using IRFunctions.Agents;
using IRFunctions.Containment.Actions;
using IRFunctions.Decisions;
using IRFunctions.Local.Broker;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Agents;

/// <summary>
/// One agent in a whole pipeline under virtual time: what it does arrives as batches on the queue, and the gate is asked about it.
/// </summary>
internal sealed class Agent(World world, string id = "trading-agent-1", string type = "ai_agent", string source = "gateway-1")
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private long sequence;

    public World World => world;

    public string Id => id;

    public string Chain => BreakerKinds.ChainOf(id);

    public Gate Gate => world.Machine.Services.GetRequiredService<Gate>();

    /// <summary>Sends a batch on the queue and works it off.</summary>
    public async Task DoAsync(params IEnumerable<ActivityEvent> events)
    {
        await SendAsync(Batch([.. events]));
        await world.RunAsync();
    }

    public ActivityBatch Batch(IReadOnlyList<ActivityEvent> events) => new(id, type, source, ++sequence, events);

    public Task SendAsync(ActivityBatch batch, string? messageId = null) =>
        world.Machine.Activity.SendAsync(
            new OutgoingMessage
            {
                Body = JsonSerializer.SerializeToUtf8Bytes(batch, Json),
                SessionId = batch.Identity,
                MessageId = messageId ?? $"{batch.Source}-{batch.Sequence}",
            }
        );

    /// <summary>A quiet minute: 60 requests spread over it and over the usual endpoints, 512 KB.</summary>
    public async Task QuietMinuteAsync()
    {
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await DoAsync(QuietEvents());
    }

    /// <summary>Enough quiet minutes for the baseline to be anchored.</summary>
    public async Task LearnAsync()
    {
        for (var i = 0; i < 34; i++)
            await QuietMinuteAsync();
        Assert.True((await StateAsync()).Baseline.IsAnchored);
    }

    public IEnumerable<ActivityEvent> QuietEvents(int count = 60) =>
        Enumerable.Range(0, count).Select(i => At(-59 + i % 60, Windows.Endpoints[i % Windows.Endpoints.Length], 8_700));

    /// <summary>One request, so many seconds from now.</summary>
    public ActivityEvent At(
        double seconds,
        string endpoint,
        long bytes = 1_000,
        Authentication authentication = Authentication.Ok,
        string target = "exchange.example"
    ) => new(world.Time.GetUtcNow() + TimeSpan.FromSeconds(seconds), endpoint, null, target, bytes, authentication, 20);

    /// <summary>A stolen key: failed tries, ten times the data, endpoints and targets never used before.</summary>
    public IEnumerable<ActivityEvent> StolenKey() =>
        Enumerable
            .Range(0, 300)
            .Select(i =>
                At(
                    -3 + i / 100.0,
                    $"GET /accounts/{i % 12}/export",
                    400_000,
                    i < 8 ? Authentication.Failed : Authentication.Ok,
                    $"drop-{i % 9}.example"
                )
            );

    public async Task<BreakerState> StateAsync()
    {
        var entity = await world.Client.Entities.GetEntityAsync<BreakerState>(CircuitBreaker.For(id));
        return entity!.State;
    }

    public ValueTask<GateAnswer> AskAsync(string? endpoint = "GET /quotes", bool failed = false) =>
        Gate.EvaluateAsync(id, new GateRequest(endpoint, failed, type), world.Client);

    public async Task OrderAsync(string operation, string reason = "looked at it", string cause = "person")
    {
        await world.Client.Entities.SignalEntityAsync(CircuitBreaker.For(id), operation, new BreakerOrder(World.Alex, reason, cause));
        await world.RunAsync();
    }

    public async Task<IReadOnlyList<string>> KindsAsync() => await world.KindsAsync(Chain);

    /// <summary>Whether a quarantine step is in effect at the connector.</summary>
    public async Task<string> AspectAsync(string aspect) =>
        (
            await world
                .Machine.Services.GetRequiredService<Connector>()
                .ReadAsync("state", OpenC2.WorkloadAspect(new Target("workload", id, id), aspect), CancellationToken.None)
        ).State;
}

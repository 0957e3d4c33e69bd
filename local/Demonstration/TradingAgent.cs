using System.Text.Json;
using IRFunctions.Agents;
using IRFunctions.Containment.Actions;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Time;
using IRFunctions.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Demonstration;

/// <summary>What the trading agent's gateway enforces itself (samples/trading-agent/limits.yaml).</summary>
/// <param name="PerTrade">Most in one trade.</param>
/// <param name="PerDay">Most in a day.</param>
internal sealed record TradingLimits(decimal PerTrade, decimal PerDay)
{
    /// <exception cref="InvalidDataException">A limit is missing.</exception>
    public static TradingLimits Read(string file)
    {
        var errors = new List<PolicyError>();
        if (
            YamlTree.Read(new PolicyFile(Path.GetFileName(file), File.ReadAllText(file)), new PolicyErrors(Path.GetFileName(file), errors))
            is not { } map
        )
            throw new InvalidDataException(string.Join(' ', errors));
        var section = new Section(map, "", new PolicyErrors(Path.GetFileName(file), errors));
        var limits = new TradingLimits(section.Number("per_trade", 1, 1_000_000), section.Number("per_day", 1, 100_000_000));
        return errors.Count == 0 ? limits : throw new InvalidDataException(string.Join(' ', errors));
    }
}

/// <summary>
/// A trading agent behind a gateway that enforces its limits, asks the gate before every call and reports what happened in batches of a
/// minute. All of it in virtual time, on the whole pipeline.
/// </summary>
internal sealed class TradingAgent(LocalMachine machine, VirtualTimeProvider time, TradingLimits limits)
{
    public const string Identity = "trading-agent";
    public const string RiskAgent = "risk-agent";
    private static readonly string[] Usual = ["GET /quotes", "GET /positions", "POST /orders", "GET /orders"];
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly List<ActivityEvent> batch = [];
    private long sequence;
    private DateTimeOffset day;
    private decimal tradedToday;

    /// <summary>Calls the gate let through, refused, and trades the gateway refused by its own limits.</summary>
    public (int Passed, int Denied, int OverLimit) Calls { get; private set; }

    public Gate Gate => machine.Services.GetRequiredService<Gate>();

    /// <summary>One trade, as the agent wants it; null where it went through, else who refused it and why.</summary>
    public async Task<string?> TradeAsync(decimal amount)
    {
        if (day != time.GetUtcNow().Date)
            (day, tradedToday) = (time.GetUtcNow().Date, 0);
        var over =
            amount > limits.PerTrade ? $"{amount:N0} is more than {limits.PerTrade:N0} a trade"
            : tradedToday + amount > limits.PerDay ? $"{tradedToday + amount:N0} would be more than {limits.PerDay:N0} today"
            : null;
        if (over is not null)
        {
            Calls = Calls with { OverLimit = Calls.OverLimit + 1 };
            // To the breaker a trade beyond a limit is what a failed sign-in is.
            batch.Add(Event("POST /orders", 400) with { Refused = Refusal.Limit });
            return $"the gateway: {over}";
        }
        if (await CallAsync("POST /orders") is { } refused)
            return refused;
        tradedToday += amount;
        return null;
    }

    /// <summary>One call; null where the gate let it through, else its reason.</summary>
    public async Task<string?> CallAsync(string endpoint, long bytes = 36_000, string target = "exchange.example")
    {
        var answer = await Gate.EvaluateAsync(Identity, new GateRequest(endpoint, IdentityType: "ai_agent"), machine.Client);
        if (answer.Verdict == GateVerdict.Deny)
        {
            Calls = Calls with { Denied = Calls.Denied + 1 };
            batch.Add(Event(endpoint, 0, target) with { Refused = Refusal.Gate });
            return $"the gate: {answer.Reason}";
        }
        Calls = Calls with { Passed = Calls.Passed + 1 };
        // Each order is looked at by another agent, which makes it an interaction.
        batch.Add(
            Event(endpoint, bytes, target) with
            {
                Counterpart = endpoint == "POST /orders" ? RiskAgent : null,
                CorrelationId = $"call-{Calls.Passed}",
            }
        );
        return null;
    }

    /// <summary>A minute of ordinary work: looks, positions, now and then a trade.</summary>
    public async Task MinuteAsync(int calls = 60, long bytes = 36_000, string? odd = null)
    {
        for (var i = 0; i < calls; i++)
        {
            time.Advance(TimeSpan.FromMinutes(1) / calls);
            if (i % 20 == 7)
                await TradeAsync(40);
            else
                await CallAsync(
                    odd is not null && i % 10 == 3 ? odd : Usual[i % 3 == 2 ? 3 : i % 3],
                    bytes,
                    odd is not null && i % 10 == 3 ? $"{odd[5..]}.example" : "exchange.example"
                );
        }
        await ReportAsync();
    }

    /// <summary>Sends what happened since the last batch and lets the pipeline work.</summary>
    public async Task ReportAsync()
    {
        if (batch.Count > 0)
            await machine.Activity.SendAsync(
                new OutgoingMessage
                {
                    Body = JsonSerializer.SerializeToUtf8Bytes(
                        new ActivityBatch(Identity, "ai_agent", "sample-gateway", ++sequence, [.. batch]),
                        Json
                    ),
                    SessionId = Identity,
                    MessageId = $"batch-{sequence}",
                }
            );
        batch.Clear();
        await machine.RunUntilIdleAsync();
    }

    public DateTimeOffset Now => time.GetUtcNow();

    public Task PassAsync(TimeSpan length) => machine.AdvanceAsync(length);

    public async Task<BreakerState> StateAsync() =>
        (await machine.Client.Entities.GetEntityAsync<BreakerState>(CircuitBreaker.For(Identity)))!.State;

    /// <summary>What a quarantine step left at the connector.</summary>
    public async Task<string> AspectAsync(string aspect) =>
        (
            await machine
                .Services.GetRequiredService<Containment.Actions.Connector>()
                .ReadAsync(aspect, OpenC2.WorkloadAspect(new("workload", Identity, Identity), aspect), CancellationToken.None)
        ).State;

    /// <summary>
    /// Goes back to a snapshot as POST /api/identities/{id}/snapshots/{version}/restore does: verified, on the record, then half-open.
    /// </summary>
    public async Task<RestoredState> RestoreAsync(long version, string by, string reason)
    {
        var restored = await machine.Services.GetRequiredService<AgentSnapshots>().OpenAsync(Identity, version, CancellationToken.None);
        await machine.Audit.AppendAsync(
            BreakerKinds.ChainOf(Identity),
            [new($"story-restore-{version}", BreakerKinds.Restored, $"went back to snapshot {version}, verified. {reason}", by)]
        );
        await machine.Client.Entities.SignalEntityAsync(
            CircuitBreaker.For(Identity),
            nameof(CircuitBreaker.HalfOpen),
            new BreakerOrder(by, $"restored from snapshot {version}", "restored")
        );
        await machine.RunUntilIdleAsync();
        return restored;
    }

    public Task<Snapshot> SnapshotAsync(string state) =>
        machine
            .Services.GetRequiredService<AgentSnapshots>()
            .KeepAsync(Identity, System.Text.Encoding.UTF8.GetBytes(state), [RiskAgent], CancellationToken.None);

    /// <summary>What is kept of what it did to others, and where it broke a rule.</summary>
    public Task<InteractionReading> EvidenceAsync(DateTimeOffset from) =>
        machine.Services.GetRequiredService<InteractionEvidence>().ReadAsync(Identity, from, time.GetUtcNow());

    private ActivityEvent Event(string endpoint, long bytes, string target = "exchange.example") =>
        new(time.GetUtcNow(), endpoint, null, target, bytes, Authentication.Ok, 20);
}

using IRFunctions.Agents;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Agents;

/// <summary>What owners declare: usual from the first minute, limits of amounts; and that a denied request is evidence.</summary>
public sealed class DeclaredTests
{
    private const string Settlement = "settlement-agent"; // policies/breaker.yaml
    private const string Settle = "POST /settlements";

    [Fact]
    public async Task A_declared_baseline_counts_from_the_first_minute_with_nothing_learnt()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world, Settlement);
        await agent.DoAsync(
            Enumerable.Range(0, 20).Select(i => agent.At(-i, $"GET /accounts/{i}/export", 1_000_000, target: $"drop-{i}.example"))
        );
        var state = await agent.StateAsync();
        Assert.False(state.Baseline.IsAnchored);
        Assert.Equal(BreakerStatus.Open, state.Status);
        foreach (var metric in new[] { "volume", "unusual_endpoints", "first_time_targets" })
            Assert.Contains(state.Score.Contributions, c => c.Metric == metric && c.Points > 0);
    }

    [Fact]
    public async Task What_was_declared_is_no_offence_and_an_identity_without_a_declaration_still_learns()
    {
        await using var world = await World.CreateAsync();
        var (agent, other) = (new Agent(world, Settlement), new Agent(world, "other-agent", source: "gateway-2"));
        await agent.DoAsync(Enumerable.Range(0, 60).Select(i => agent.At(-i, "GET /trades", 10_000, target: "clearing.example")));
        Assert.Equal(0, (await agent.StateAsync()).Score.Value);
        await other.DoAsync(Enumerable.Range(0, 20).Select(i => other.At(-i, $"GET /x/{i}", 10_000, target: $"drop-{i}.example")));
        Assert.Equal(0, (await other.StateAsync()).Score.Value);
    }

    [Theory]
    [InlineData(5_001, "EUR", "5,001 EUR is more than 5,000 a request")]
    [InlineData(10, "USD", "the amount is not in EUR")]
    [InlineData(null, null, "the request does not say how much EUR it would move")]
    public async Task The_gate_denies_what_a_limit_of_one_request_does_not_allow(int? amount, string? unit, string reason)
    {
        await using var world = await World.CreateAsync();
        var answer = await AskAsync(world, amount, unit);
        Assert.Equal(GateVerdict.Deny, answer.Verdict);
        Assert.Equal(reason, answer.Reason);
    }

    [Fact]
    public async Task A_day_and_an_open_position_have_limits_that_hold_over_all_instances()
    {
        await using var world = await World.CreateAsync();
        await AskAsync(world, 1, "EUR"); // the first question about an identity learns what is usual
        for (var i = 0; i < 4; i++)
            Assert.Equal(GateVerdict.Allow, (await AskAsync(world, 4_900, "EUR")).Verdict);
        Assert.Equal("24,501 EUR would be open, 20,000 may be", (await AskAsync(world, 4_900, "EUR")).Reason);
        for (var i = 0; i < 6; i++)
            Assert.Equal(GateVerdict.Allow, (await AskAsync(world, -4_900, "EUR")).Verdict); // the other way
        Assert.Equal("53,901 EUR would be more than 50,000 today", (await AskAsync(world, 4_900, "EUR")).Reason);
        await world.PassAsync(TimeSpan.FromDays(1));
        Assert.Equal(GateVerdict.Allow, (await AskAsync(world, 4_900, "EUR")).Verdict);
    }

    [Fact]
    public async Task Other_requests_of_the_same_agent_and_other_agents_need_no_amount()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(GateVerdict.Allow, (await AskAsync(world, null, null, endpoint: "GET /trades")).Verdict);
        Assert.Equal(GateVerdict.Allow, (await AskAsync(world, null, null, identity: "other-agent")).Verdict);
    }

    [Fact]
    public async Task A_denied_request_is_evidence_by_itself_and_beyond_limits_it_counts_at_the_breaker()
    {
        await using var world = await World.CreateAsync();
        for (var i = 0; i < 8; i++)
        {
            await AskAsync(world, 1_000_000, "EUR");
            await world.PassAsync(TimeSpan.FromSeconds(2));
        }
        var reading = await world
            .Machine.Services.GetRequiredService<InteractionEvidence>()
            .ReadAsync(Settlement, world.Time.GetUtcNow().AddHours(-1), world.Time.GetUtcNow().AddMinutes(1));
        Assert.Equal(8, reading.Events.Count(e => e.Event.Violation == Violations.Limit));
        var state = await new Agent(world, Settlement).StateAsync();
        Assert.Contains(state.Score.Contributions, c => c.Metric == "failed_authentications" && c.Points > 0);
    }

    [Fact]
    public async Task A_flood_of_denied_requests_is_one_write_a_second()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world, Settlement);
        for (var i = 0; i < 300; i++)
            await AskAsync(world, 1_000_000, "EUR");
        await world.PassAsync(TimeSpan.FromSeconds(2));
        await AskAsync(world, 1_000_000, "EUR");
        var reading = await world
            .Machine.Services.GetRequiredService<InteractionEvidence>()
            .ReadAsync(Settlement, world.Time.GetUtcNow().AddHours(-1), world.Time.GetUtcNow().AddMinutes(1));
        Assert.InRange(reading.Batches.Count, 1, 3);
        Assert.InRange(reading.Events.Count(), 150, 301);
    }

    [Fact]
    public async Task A_key_in_public_opens_the_breaker_and_only_a_person_lets_it_go_on()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.DoAsync(agent.At(-1, "GET /quotes"));
        await agent.SendAsync(
            agent.Batch([]) with
            {
                Exposures = [new KeyExposure(world.Time.GetUtcNow().AddMinutes(-5), "key-1", "github.com/contoso/public")],
            }
        );
        await world.RunAsync();
        Assert.Equal(BreakerStatus.Open, (await agent.StateAsync()).Status);
        Assert.Equal("revoked", await agent.AspectAsync("credentials"));
        await world.PassAsync(TimeSpan.FromHours(5));
        Assert.Equal(BreakerStatus.Open, (await agent.StateAsync()).Status);
        await agent.OrderAsync(nameof(CircuitBreaker.HalfOpen), "the key is replaced");
        await agent.DoAsync(agent.At(-1, "GET /quotes"));
        Assert.Equal(BreakerStatus.HalfOpen, (await agent.StateAsync()).Status);
    }

    [Fact]
    public async Task Over_HTTP_the_gate_takes_the_amount()
    {
        await using var world = await World.CreateAsync();
        var api = ActivatorUtilities.CreateInstance<IdentitiesApi>(world.Machine.Services);
        var answer = Assert.IsType<OkObjectResult>(
            await api.EvaluateAsync(
                World.Request(
                    World.Alex,
                    new
                    {
                        endpoint = Settle,
                        amount = 9_000.5m,
                        unit = "EUR",
                    }
                ),
                Settlement,
                world.Client,
                default
            )
        );
        Assert.Equal(GateVerdict.Deny, Assert.IsType<EvaluateAnswer>(answer.Value).Verdict);
    }

    private static async Task<GateAnswer> AskAsync(
        World world,
        int? amount,
        string? unit,
        string endpoint = Settle,
        string identity = Settlement
    ) =>
        await world
            .Machine.Services.GetRequiredService<Gate>()
            .EvaluateAsync(identity, new GateRequest(endpoint, IdentityType: "ai_agent", Amount: amount, Unit: unit), world.Client);
}

using IRFunctions.Agents;
using IRFunctions.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Agents;

/// <summary>The gate: its reflex, what lags, and what it says when it does not know.</summary>
public sealed class GateTests
{
    private static readonly TimeSpan BetweenRequests = TimeSpan.FromSeconds(1) / 5_000;

    /// <summary>
    /// The goal: fewer than 50 requests at 5,000 a second from the first bad one to the deny. Also with endpoints that look usual.
    /// </summary>
    [Theory]
    [InlineData("GET /quotes", 41)]
    [InlineData("GET /accounts/1/export", 11)]
    public async Task A_replayed_burst_is_denied_within_fifty_requests(string endpoint, int expected)
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        Assert.Equal(GateVerdict.Allow, (await agent.AskAsync()).Verdict);
        await world.PassAsync(TimeSpan.FromSeconds(30));
        var (requests, first) = (1, world.Time.GetUtcNow());
        for (; (await agent.AskAsync(endpoint)).Verdict != GateVerdict.Deny; requests++)
            world.Time.Advance(BetweenRequests);
        Assert.InRange(requests, 1, 49);
        Assert.Equal(expected, requests);
        Assert.InRange((world.Time.GetUtcNow() - first).TotalMilliseconds, 0, 10);
        await world.RunAsync();
        var state = await agent.StateAsync();
        Assert.Equal(BreakerStatus.Closed, state.Status); // The reflex throttles; alone it is no reason for a quarantine.
        Assert.Equal(0.3m, state.Score.Value);
        world.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(GateVerdict.Allow, (await agent.AskAsync()).Verdict);
    }

    [Fact]
    public async Task An_agent_at_its_usual_pace_and_a_batch_at_twice_the_pace_are_never_denied()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        for (var i = 0; i < 2_000; i++)
        {
            world.Time.Advance(TimeSpan.FromMilliseconds(400));
            Assert.Equal(GateVerdict.Allow, (await agent.AskAsync(i % 5 == 0 ? "GET /v2/quotes" : "GET /quotes")).Verdict);
        }
    }

    [Fact]
    public async Task The_agents_of_others_are_not_slowed_by_one_that_bursts()
    {
        await using var world = await World.CreateAsync();
        var (loud, calm) = (new Agent(world, "loud"), new Agent(world, "calm"));
        while ((await loud.AskAsync()).Verdict == GateVerdict.Allow) { }
        Assert.Equal(GateVerdict.Allow, (await calm.AskAsync()).Verdict);
    }

    [Fact]
    public async Task A_second_instance_hears_of_an_open_breaker_within_one_look()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        var elsewhere = new Gate(
            world.Machine.Services.GetRequiredService<GateTable>(),
            world.Machine.Services.GetRequiredService<IRFunctions.Policies.PolicyStore>(),
            world.Machine.Services.GetRequiredService<AmountLimits>(),
            world.Machine.Services.GetRequiredService<DeniedRequests>(),
            world.Time
        );
        await agent.QuietMinuteAsync();
        Assert.Equal(GateVerdict.Allow, (await elsewhere.EvaluateAsync(agent.Id, new GateRequest(null), world.Client)).Verdict);
        await agent.OrderAsync(nameof(CircuitBreaker.Open));
        Assert.Equal(GateVerdict.Allow, (await elsewhere.EvaluateAsync(agent.Id, new GateRequest(null), world.Client)).Verdict); // It lags,
        world.Time.Advance(TimeSpan.FromSeconds(1));
        // by a second at most.
        Assert.Equal(GateVerdict.Deny, (await elsewhere.EvaluateAsync(agent.Id, new GateRequest(null), world.Client)).Verdict);
    }

    [Fact]
    public async Task While_the_board_cannot_be_read_it_goes_on_for_ten_seconds_and_then_lets_only_safe_requests_through_S12()
    {
        var tables = new StubbornTables(TimeProvider.System);
        await using var world = await World.CreateAsync(replace: services =>
            services.AddSingleton<Azure.Data.Tables.TableServiceClient>(tables)
        );
        var agent = new Agent(world);
        Assert.Equal(GateVerdict.Allow, (await agent.AskAsync()).Verdict);
        tables.Unreadable = true;
        world.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(GateVerdict.Allow, (await agent.AskAsync()).Verdict);
        world.Time.Advance(TimeSpan.FromSeconds(2));
        var answer = await agent.AskAsync();
        Assert.Equal(GateVerdict.Limited, answer.Verdict);
        Assert.Contains("could not be read", answer.Reason, StringComparison.Ordinal);
        tables.Unreadable = false;
        world.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(GateVerdict.Allow, (await agent.AskAsync()).Verdict);
    }
}

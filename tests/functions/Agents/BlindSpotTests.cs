using IRFunctions.Agents;
using IRFunctions.Containment;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Agents;

/// <summary>Number 10 of the attacks on the running pipeline: how a breaker was kept from seeing, each as a kind.</summary>
public sealed class BlindSpotTests
{
    private static readonly string[] Metrics =
    [
        "failed_authentications",
        "volume",
        "unusual_endpoints",
        "latency_variance",
        "request_rate",
        "tool_chaining",
        "first_time_targets",
    ];

    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            for (var i = 0; i < Metrics.Length; i++)
            for (var j = i + 1; j < Metrics.Length; j++)
                pairs.Add(Metrics[i], Metrics[j]);
            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void No_pair_of_full_signals_stays_below_the_threshold(string one, string other)
    {
        var score = Windows.Score(Full(Full(Windows.Quiet(), one), other));
        Assert.True(score.Value >= Windows.Rules.QuarantineAbove, score.InWords);
        Assert.True(Windows.Score(Full(Windows.Quiet(), one)).Value < Windows.Rules.QuarantineAbove);
    }

    [Fact]
    public async Task Twenty_gigabytes_a_minute_at_ten_times_the_rate_open_it()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await agent.DoAsync(Enumerable.Range(0, 700).Select(i => agent.At(-i / 20.0, Windows.Endpoints[0], 30_000_000)));
        var state = await agent.StateAsync();
        Assert.Equal(BreakerStatus.Open, state.Status);
        Assert.Equal("paused", await agent.AspectAsync("session")); // and its playbook runs
    }

    [Fact]
    public async Task A_batch_in_anothers_name_with_a_huge_number_silences_nobody()
    {
        await using var world = await World.CreateAsync();
        var (agent, thief) = (new Agent(world), new Agent(world));
        await agent.LearnAsync();
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await agent.SendAsync(thief.Batch([agent.At(-1, "GET /quotes")]) with { Sequence = long.MaxValue - 1 });
        await world.RunAsync();
        await agent.DoAsync(agent.StolenKey());
        Assert.Equal(BreakerStatus.Open, (await agent.StateAsync()).Status);
    }

    [Fact]
    public async Task Over_HTTP_the_sender_is_who_signed_in_whatever_name_the_batch_claims()
    {
        await using var world = await World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?> { ["Activity:Gateways"] = World.Outsider },
            }
        );
        var agent = new Agent(world);
        foreach (var (by, sequence) in new[] { (World.Outsider, 1L), (World.Alex, 1L) })
        {
            var api = ActivatorUtilities.CreateInstance<IdentitiesApi>(world.Machine.Services);
            var batch = new ActivityBatch(agent.Id, "ai_agent", "gateway-1", sequence, [agent.At(-1, "GET /quotes")]);
            Assert.IsType<AcceptedResult>(await api.ActivityAsync(World.Request(by, batch), world.Client, default));
            await world.RunAsync();
        }
        var state = await agent.StateAsync();
        Assert.Equal(0, state.Duplicates);
        Assert.Equal(2, state.Senders.Count);
    }

    [Fact]
    public async Task Junk_names_of_senders_make_no_old_batch_count_again()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.QuietMinuteAsync();
        var batch = agent.Batch([agent.At(-1, "GET /quotes")]);
        await agent.SendAsync(batch, "first");
        for (var i = 0; i < 40; i++)
            await agent.SendAsync(batch with { Source = $"junk-{i}", Events = [agent.At(-2, "GET /quotes")] }, $"junk-{i}");
        await world.RunAsync();
        var before = await agent.StateAsync();
        await agent.SendAsync(batch, "again");
        await world.RunAsync();
        var after = await agent.StateAsync();
        Assert.Equal(before.Duplicates + 1, after.Duplicates);
        Assert.NotNull(after.OddAt); // and that there were too many counts as unusual
        Assert.Contains(after.Score.Contributions, c => c.Metric == "unusual_endpoints" && c.Points > 0);
    }

    [Fact]
    public async Task Junk_correlation_ids_hide_no_chain_of_tools()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await agent.DoAsync(
            Enumerable
                .Range(0, 300)
                .Select(i => agent.At(-1, "GET /quotes") with { Tool = "junk", CorrelationId = $"junk-{i}" })
                .Concat(
                    Enumerable.Range(0, 12).Select(i => agent.At(-1, "GET /quotes") with { Tool = $"tool-{i}", CorrelationId = "task" })
                )
        );
        Assert.Contains((await agent.StateAsync()).Score.Contributions, c => c.Metric == "tool_chaining" && c.Points > 0);
    }

    [Fact]
    public async Task The_first_batch_does_not_fix_the_type_and_an_owners_registration_does()
    {
        await using var world = await World.CreateAsync();
        var (liar, agent) = (new Agent(world, type: "service_principal", source: "liar"), new Agent(world));
        await liar.DoAsync(liar.At(-1, "GET /quotes"));
        await agent.DoAsync(agent.At(-1, "GET /quotes"));
        Assert.Equal("unknown", (await agent.StateAsync()).IdentityType); // people decide
        var registered = new Agent(world, "trading-agent", "service_principal", "gateway-3");
        await registered.DoAsync(registered.At(-1, "GET /quotes"));
        Assert.Equal("ai_agent", (await registered.StateAsync()).IdentityType); // policies/identities.yaml
    }

    [Fact]
    public async Task An_identity_of_the_longest_id_is_quarantined_like_any_other()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world, new string('a', ActivityLimits.MaxIdentity));
        await agent.LearnAsync();
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await agent.DoAsync(agent.StolenKey());
        await world.PassAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(GateVerdict.Deny, (await agent.AskAsync()).Verdict);
        Assert.Equal("paused", await agent.AspectAsync("session"));
        Assert.Contains(await world.ContainmentsAsync(), c => c.State.Status == ContainmentStatus.Live);
    }

    /// <summary>The window with one signal at its full weight.</summary>
    private static WindowTotals Full(WindowTotals window, string metric) =>
        metric switch
        {
            "failed_authentications" => window with { Failed = 100 },
            "volume" => window with { Bytes = 100 * window.Bytes },
            "unusual_endpoints" => window with { Endpoints = [.. window.Endpoints, .. Enumerable.Range(0, 50).Select(i => $"odd-{i}")] },
            "latency_variance" => window with { LatencyVariance = 1e9 },
            "request_rate" => window with { Requests = 1_000_000 },
            "tool_chaining" => window with { LongestChain = 40 },
            _ => window with { Targets = [.. window.Targets, .. Enumerable.Range(0, 50).Select(i => $"new-{i}")] },
        };
}

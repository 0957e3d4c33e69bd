using IRFunctions.Agents;
using IRFunctions.Containment;
using IRFunctions.Record;

namespace IRFunctions.Tests.Agents;

/// <summary>Whole stories of one agent's breaker, state by state.</summary>
public sealed class BreakerStoryTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_quiet_day_with_a_nightly_batch_and_a_release_stays_closed_and_says_why()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync([.. agent.QuietEvents(150), agent.At(-1, "GET /v2/quotes")]);
        var state = await agent.StateAsync();
        Assert.Equal(BreakerStatus.Closed, state.Status);
        Assert.InRange(state.Score.Value, 0m, 0.1m);
        Assert.Contains(
            state.Score.Contributions,
            c => c.Metric == "volume" && c.Points == 0 && c.Reason.Contains("times the usual", StringComparison.Ordinal)
        );
        Assert.Equal(GateVerdict.Allow, (await agent.AskAsync()).Verdict);
        Assert.Empty(await world.Machine.Audit.ReadAsync(agent.Chain));
    }

    [Fact]
    public async Task A_stolen_key_opens_it_the_gate_denies_and_the_quarantine_runs_in_the_policys_order_S1_S5_S11()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync(agent.StolenKey());

        var state = await agent.StateAsync();
        Assert.Equal(BreakerStatus.Open, state.Status);
        Assert.True(state.Score.Value > 0.7m, state.Score.InWords);
        await world.PassAsync(TimeSpan.FromSeconds(2));
        var answer = await agent.AskAsync();
        Assert.Equal(GateVerdict.Deny, answer.Verdict);
        Assert.Contains("score", answer.Reason, StringComparison.Ordinal);
        Assert.Equal(state.Until, answer.Until);

        foreach (
            var (aspect, expected) in (List<(string, string)>)
                [
                    ("evidence", "preserved"),
                    ("session", "paused"),
                    ("credentials", "revoked"),
                    ("discovery", "removed"),
                    ("network", "normal"),
                ]
        )
            Assert.Equal(expected, await agent.AspectAsync(aspect));
        Assert.Equal("isolate_workload_identity", Assert.Single(await world.PendingAsync()).View.Request.Decision.Action);
        var incident = Assert.Single(await world.IncidentsAsync());
        var executed = (await world.RecordAsync(incident.Incident)).Where(e => e.Kind == AuditKinds.Executed).Select(e => e.Text).ToList();
        Assert.Equal(
            ["evidence", "paused", "credentials", "discovery"],
            executed
                .Where(t => t.StartsWith(agent.Id, StringComparison.Ordinal))
                .Select(t =>
                    ((string[])["evidence", "paused", "credentials", "discovery"]).Single(w => t.Contains(w, StringComparison.Ordinal))
                )
        );
        Assert.Equal([BreakerKinds.Opened], await agent.KindsAsync());
    }

    [Fact]
    public async Task Its_time_up_it_is_half_open_and_closes_after_good_behaviour_and_what_was_held_is_given_back_S6_S7()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync(agent.StolenKey());
        await world.PassAsync(15 * Minute);
        Assert.Equal(BreakerStatus.HalfOpen, (await agent.StateAsync()).Status);
        await world.PassAsync(Minute);
        Assert.Equal("normal", await agent.AspectAsync("session"));
        Assert.Equal("removed", await agent.AspectAsync("discovery"));
        Assert.Equal(GateVerdict.Limited, (await agent.AskAsync("GET /quotes")).Verdict);
        Assert.Equal(GateVerdict.Deny, (await agent.AskAsync("GET /accounts/1/export")).Verdict);

        for (var i = 0; i < 11; i++)
        {
            await world.PassAsync(Minute);
            await agent.DoAsync(agent.QuietEvents(30).Where(e => e.Time > world.Time.GetUtcNow() - TimeSpan.FromSeconds(50)));
        }
        Assert.Equal(BreakerStatus.Closed, (await agent.StateAsync()).Status);
        await world.PassAsync(Minute);
        Assert.Equal("normal", await agent.AspectAsync("discovery"));
        Assert.Equal(GateVerdict.Allow, (await agent.AskAsync()).Verdict);
        Assert.Equal([BreakerKinds.Opened, BreakerKinds.HalfOpened, BreakerKinds.Closed], await agent.KindsAsync());
        Assert.DoesNotContain(await world.ContainmentsAsync(), c => c.State.Status is ContainmentStatus.Live);
    }

    [Theory]
    [InlineData("a failed authentication")]
    [InlineData("an unusual endpoint")]
    [InlineData("requests in a minute")]
    public async Task The_first_bad_request_while_half_open_opens_it_again_and_for_twice_as_long(string bad)
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync(agent.StolenKey());
        await world.PassAsync(16 * Minute);
        await agent.DoAsync(
            bad switch
            {
                "a failed authentication" => [agent.At(-1, "GET /quotes", authentication: Authentication.Failed)],
                "an unusual endpoint" => [agent.At(-1, "GET /accounts/1/export")],
                _ => Enumerable.Range(0, 61).Select(i => agent.At(-i / 10.0, "GET /quotes")),
            }
        );
        var state = await agent.StateAsync();
        Assert.Equal(BreakerStatus.Open, state.Status);
        Assert.Contains(bad, state.History[^1].Reason, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromMinutes(30), state.Until - state.Since);
        await world.PassAsync(Minute);
        Assert.Equal(2, (await world.IncidentsAsync()).Count); // A quarantine of its own.
    }

    [Fact]
    public async Task What_is_late_from_before_the_half_open_state_does_not_open_it_again()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync(agent.StolenKey());
        var late = agent.StolenKey().ToList();
        await world.PassAsync(15 * Minute + TimeSpan.FromSeconds(1));
        await agent.DoAsync(late);
        Assert.Equal(BreakerStatus.HalfOpen, (await agent.StateAsync()).Status);
        Assert.Equal(300, (await agent.StateAsync()).Late);
    }

    [Fact]
    public async Task Illegal_changes_are_refused_and_stand_on_the_record()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.QuietMinuteAsync();
        await agent.OrderAsync(nameof(CircuitBreaker.HalfOpen)); // closed -> half-open
        await agent.OrderAsync(nameof(CircuitBreaker.Close)); // closed -> closed
        await agent.OrderAsync(nameof(CircuitBreaker.Rebase)); // nothing learnt
        Assert.Equal(BreakerStatus.Closed, (await agent.StateAsync()).Status);
        await agent.OrderAsync(nameof(CircuitBreaker.Open));
        await agent.OrderAsync(nameof(CircuitBreaker.Close)); // open -> closed
        await agent.OrderAsync(nameof(CircuitBreaker.Open)); // open -> open
        Assert.Equal(BreakerStatus.Open, (await agent.StateAsync()).Status);
        await agent.OrderAsync(nameof(CircuitBreaker.HalfOpen));
        await agent.OrderAsync(nameof(CircuitBreaker.HalfOpen)); // half-open -> half-open
        await agent.OrderAsync(nameof(CircuitBreaker.Close));
        Assert.Equal(BreakerStatus.Closed, (await agent.StateAsync()).Status);
        Assert.Equal(6, (await agent.StateAsync()).Refusals);
        Assert.Equal(6, (await agent.KindsAsync()).Count(k => k == BreakerKinds.Refused));
        Assert.All(
            (await world.RecordAsync(agent.Chain)).Where(e => e.Kind == BreakerKinds.Refused),
            e => Assert.Equal(World.Alex, e.Actor)
        );
    }

    [Fact]
    public async Task The_same_batch_twice_or_in_another_order_changes_nothing_more()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await world.PassAsync(Minute);
        var batches = Enumerable.Range(0, 6).Select(i => agent.Batch([.. agent.QuietEvents(10)])).ToList();
        foreach (var i in (int[])[3, 0, 5, 0, 3, 1, 4, 2, 5])
            await agent.SendAsync(batches[i], $"m-{Guid.NewGuid()}");
        await world.RunAsync();
        var state = await agent.StateAsync();
        Assert.Equal((60, 3), (state.Window.Current(Minute).Requests + Late(state), state.Duplicates));

        static int Late(BreakerState state) => state.Late;
    }

    [Fact]
    public async Task A_business_critical_agent_is_limited_while_a_person_decides_and_denied_when_that_time_is_up()
    {
        await using var world = await World.CreateAsync(o =>
            o with
            {
                EditPolicy = files => [.. files.Select(f => f.Name == "protected.yaml" ? f with { Text = f.Text + Registration } : f)],
            }
        );
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync(agent.StolenKey());
        await world.PassAsync(TimeSpan.FromSeconds(2));
        var answer = await agent.AskAsync();
        Assert.Equal(GateVerdict.Limited, answer.Verdict);
        Assert.Contains("business-critical", answer.Reason, StringComparison.Ordinal);
        Assert.Equal(GateVerdict.Deny, (await agent.AskAsync("GET /accounts/1/export")).Verdict);
        Assert.Equal("normal", await agent.AspectAsync("session")); // A person decides.
        // Step by step, each with a person.
        Assert.Equal("preserve_evidence", Assert.Single(await world.PendingAsync()).View.Request.Decision.Action);
        Assert.Contains(
            "business-critical: limited instead of denied until",
            (await world.RecordAsync(agent.Chain))[0].Text,
            StringComparison.Ordinal
        );
        await world.PassAsync(9 * Minute + TimeSpan.FromSeconds(50));
        Assert.Equal(GateVerdict.Limited, (await agent.AskAsync()).Verdict);
        await world.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(GateVerdict.Deny, (await agent.AskAsync()).Verdict);
    }

    private const string Registration = """

          - kind: workload
            id: trading-agent-1
            name: the trading agent
            containment: ask
            owner: trading@contoso.example
            ticket: CHG-900
            why: it hedges open positions
            registered: 2026-10-05
            expires: 2027-10-31

        """;

    [Fact]
    public async Task The_global_stop_halts_the_deny_and_the_quarantine_and_once_it_is_lifted_the_gate_denies_S13()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.StopAsync(engage: true);
        await world.RunAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync(agent.StolenKey());
        await world.PassAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(BreakerStatus.Open, (await agent.StateAsync()).Status);
        Assert.Equal(GateVerdict.Allow, (await agent.AskAsync()).Verdict);
        Assert.Equal([BreakerKinds.Opened, BreakerKinds.Halted], await agent.KindsAsync());
        Assert.Empty(await world.IncidentsAsync());
        await world.StopAsync(engage: false);
        await world.PassAsync(2 * Minute);
        Assert.Equal(GateVerdict.Deny, (await agent.AskAsync()).Verdict);
        Assert.Equal("paused", await agent.AspectAsync("session"));
    }

    [Fact]
    public async Task A_message_in_a_strange_session_and_one_that_is_no_batch_go_to_the_dead_letters()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        var batch = agent.Batch([agent.At(0, "GET /quotes")]);
        await world.Machine.Activity.SendAsync(
            new IRFunctions.Local.Broker.OutgoingMessage
            {
                Body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(batch, System.Text.Json.JsonSerializerOptions.Web),
                SessionId = "somebody-else",
                MessageId = "1",
            }
        );
        await world.Machine.Activity.SendAsync(
            new IRFunctions.Local.Broker.OutgoingMessage
            {
                Body = "{}"u8.ToArray(),
                SessionId = agent.Id,
                MessageId = "2",
            }
        );
        await world.RunAsync();
        Assert.Equal(2, world.Machine.Activity.Counts.DeadLettered);
        Assert.All(world.Machine.Activity.PeekDeadLetters(), m => Assert.Equal(ActivityReading.ReasonCode, m.DeadLetterReason));
    }
}

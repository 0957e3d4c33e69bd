using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Agents;
using IRFunctions.Local.Machine;
using IRFunctions.Storage;
using IRFunctions.Stories;
using IRFunctions.Tests.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Agents;

/// <summary>
/// Whole stories of agents that call each other, in the pipeline: what is evidence, what is sampled, and what an incident shows of it.
/// </summary>
public sealed class InteractionStoryTests
{
    private const string Gateway = "00000000-0000-4000-8000-00000000aa01";
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task An_incident_shows_whom_the_agent_called_and_what_stopped_it_and_every_line_says_its_share()
    {
        await using var world = await World.CreateAsync();
        var (agent, other) = (new Agent(world), new Agent(world, "desk-agent-1", source: "gateway-2"));
        await agent.LearnAsync();
        await other.LearnAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync(agent.StolenKey().Select((e, i) => e with { Counterpart = i % 3 == 0 ? other.Id : null }));
        await world.PassAsync(Minute);
        await other.DoAsync(other.StolenKey());
        await world.PassAsync(TimeSpan.FromMinutes(6)); // The record is sealed, and its index knows both.

        var incidents = await world.IncidentsAsync();
        Assert.Equal(2, incidents.Count);
        var chain = (
            await world
                .Machine.Services.GetRequiredService<AttackChains>()
                .AroundAsync(incidents.Single(i => i.Title.Contains(agent.Id, StringComparison.Ordinal)).Incident)
        )!;
        Assert.Equal(2, chain.Steps.Count);
        var link = Assert.Single(chain.Links);
        Assert.Equal($"{agent.Id} -> {other.Id}", Assert.Single(link.Shared));
        Assert.Contains("called desk-agent-1 100 times", Assert.Single(link.Things), StringComparison.Ordinal);

        var edges = chain.Steps[0].Edges;
        var call = edges.Single(e => e.Kind == AgentEdge.Interaction);
        Assert.Equal(
            (agent.Id, other.Id, 100, 100.0, 3, 1.0),
            (call.From, call.To, call.Kept, call.Estimated, call.Violations, call.Share)
        );
        Assert.Equal((Violations.Authentication, 5), edges.Where(e => e.Kind == AgentEdge.Violation).Select(e => (e.To, e.Kept)).Single());
        Assert.Equal(
            ["preserve_evidence", "pause_agent_session", "revoke_ephemeral_credentials", "remove_from_service_discovery"],
            chain.Steps[0].Answers.Where(a => a.Target == $"workload:{agent.Id}").Select(a => a.Action)
        );
        Assert.Equal(4, edges.Count(e => e is { Kind: AgentEdge.Containment, From: AgentEdge.Ours, Share: 1 }));
        Assert.Contains(chain.Steps[1].Edges, e => e.From == agent.Id && e.To == other.Id); // Seen from the one that was called, too.

        var page = AttackPicture.Html(chain);
        Assert.Contains("class=\"foul\"", page, StringComparison.Ordinal);
        Assert.Equal(chain.Steps.Sum(s => s.Edges.Count), page.Split("data-label=\"Sampled at\">share 1").Length - 1);
    }

    [Fact]
    public async Task A_quiet_agents_calls_are_sampled_a_risky_ones_are_not_and_an_incident_says_so()
    {
        await using var world = await World.CreateAsync();
        var (quiet, risky) = (new Agent(world, "quiet-1"), new Agent(world, "risky-1", source: "gateway-2"));
        await world.PassAsync(10 * Minute);
        foreach (var agent in (Agent[])[quiet, risky])
            for (var i = 0; i < 20; i++)
                await agent.DoAsync(
                    Enumerable
                        .Range(0, 50)
                        .Select(n => agent.At(-n, "POST /ask") with { Counterpart = "risk-agent", CorrelationId = $"{agent.Id}-{i}-{n}" })
                );
        await risky.OrderAsync(nameof(CircuitBreaker.Open));
        await risky.DoAsync(risky.At(-1, "POST /ask") with { Counterpart = "risk-agent" });
        for (var i = 0; i < 28; i++)
            await world.PassAsync(TimeSpan.FromHours(1)); // The timer comes by, and the hour leaves the table.

        var evidence = world.Machine.Services.GetRequiredService<InteractionEvidence>();
        var (one, two) = (await ReadAsync(quiet), await ReadAsync(risky));
        Assert.Equal(("warm", 1_000, 0.1), (one.Tier, one.Seen, one.Share));
        Assert.InRange(one.Kept, 60, 140);
        Assert.Equal(("warm", 1_001, 1_001, 1.0), (two.Tier, two.Seen, two.Kept, two.Share));
        var incident = (await world.IncidentsAsync()).Single();
        var chain = (await world.Machine.Services.GetRequiredService<AttackChains>().AroundAsync(incident.Incident))!;
        Assert.Contains(
            "risky-1 called risk-agent 1001 times",
            chain.Steps[0].Edges.Single(e => e.Kind == AgentEdge.Interaction).What,
            StringComparison.Ordinal
        );

        var sampled = AgentEdge.Of(
            quiet.Id,
            (await evidence.ReadAsync(quiet.Id, World.NewClock().GetUtcNow().AddHours(-1), world.Time.GetUtcNow())).Edges.Single()
        );
        Assert.Equal($"share 0.1: {one.Kept} kept, the rest estimated", sampled.Sampling);
        Assert.Contains("about ", sampled.What, StringComparison.Ordinal);

        async Task<EvidenceWindow> ReadAsync(Agent agent) =>
            Assert.Single((await evidence.ReadAsync(agent.Id, World.NewClock().GetUtcNow().AddHours(-1), world.Time.GetUtcNow())).Windows);
    }

    [Fact]
    public async Task A_message_is_not_complete_before_its_evidence_is_durable_and_the_breaker_does_not_wait_for_it()
    {
        var tables = new StubbornTables(TimeProvider.System);
        await using var world = await World.CreateAsync(replace: services =>
            services.AddSingleton<Azure.Data.Tables.TableServiceClient>(tables)
        );
        var agent = new Agent(world);
        var refusals = 3;
        tables.Refuses = (table, _) => table == InteractionStore.TableName && refusals-- > 0;
        await agent.DoAsync(agent.StolenKey().Select(e => e with { Counterpart = "risk-agent" }));
        Assert.Equal(3, tables.Refused);
        Assert.Equal(3, (await agent.StateAsync()).Duplicates); // The breaker had it the first time.
        var reading = await world
            .Machine.Services.GetRequiredService<InteractionEvidence>()
            .ReadAsync(agent.Id, world.Time.GetUtcNow().AddHours(-2), world.Time.GetUtcNow().AddHours(1));
        Assert.Equal(300, reading.Windows.Sum(w => w.Seen));
        Assert.Equal(0, reading.Conflicts);
    }

    [Fact]
    public async Task What_the_gate_refused_is_evidence_and_no_fresh_offence_and_an_exceeded_limit_is_one()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.LearnAsync();
        await world.PassAsync(Minute);
        await agent.DoAsync(Enumerable.Range(0, 40).Select(i => agent.At(-i, $"GET /odd/{i}", 9_000_000) with { Refused = Refusal.Gate }));
        var state = await agent.StateAsync();
        Assert.Equal((BreakerStatus.Closed, 0m, 0), (state.Status, state.Score.Value, state.Late));
        await agent.DoAsync(Enumerable.Range(0, 6).Select(i => agent.At(-i, "POST /orders") with { Refused = Refusal.Limit }));
        Assert.Equal(0.3m, (await agent.StateAsync()).Score.Value);
        var reading = await world
            .Machine.Services.GetRequiredService<InteractionEvidence>()
            .ReadAsync(agent.Id, world.Time.GetUtcNow().AddHours(-1), world.Time.GetUtcNow().AddHours(1));
        Assert.Equal(["gate 40", "limit 6"], reading.Edges.Select(e => $"{e.Other} {e.Kept}"));
    }

    [Fact]
    public async Task Over_HTTP_the_same_evidence_comes_in_and_is_read_by_whoever_may_read()
    {
        await using var world = await World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?> { ["Activity:Gateways"] = Gateway },
            }
        );
        var agent = new Agent(world);
        var batch = agent.Batch([.. agent.StolenKey().Select(e => e with { Counterpart = "Risk-Agent" })]);
        var identities = ActivatorUtilities.CreateInstance<IdentitiesApi>(world.Machine.Services);
        foreach (var by in (string[])[Gateway, World.Alex])
            Assert.Equal(202, Status(await identities.ActivityAsync(SignedIn.Request(by, batch), world.Client, default)));
        await agent.OrderAsync(nameof(CircuitBreaker.Open));
        await world.PassAsync(Minute);

        var api = ActivatorUtilities.CreateInstance<InteractionsApi>(world.Machine.Services);
        Assert.Equal(401, Status(await api.GetAsync(SignedIn.Request(null), agent.Id, default)));
        Assert.Equal(400, Status(await api.GetAsync(SignedIn.Request(World.Adele), "agent 1", default)));
        Assert.Equal(400, Status(await api.GetAsync(Asking("?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z"), agent.Id, default)));
        Assert.Equal(400, Status(await api.GetAsync(Asking("?from=soon"), agent.Id, default)));
        Assert.Equal(400, Status(await api.GetAsync(Asking("?top=0"), agent.Id, default)));
        var shown = JsonNode.Parse(
            JsonSerializer.Serialize(((OkObjectResult)await api.GetAsync(Asking("?top=7"), agent.Id, default)).Value, Web)
        )!;
        Assert.Equal((300, 300), ((int)shown["windows"]![0]!["seen"]!, (int)shown["windows"]![0]!["kept"]!));
        Assert.Equal(
            ("risk-agent", 300.0, 8, 1.0),
            (
                (string)shown["counterparts"]![0]!["other"]!,
                (double)shown["counterparts"]![0]!["estimated"]!,
                (int)shown["counterparts"]![0]!["violations"]!,
                (double)shown["counterparts"]![0]!["share"]!
            )
        );
        Assert.Equal(7, shown["events"]!.AsArray().Count);
        Assert.NotEmpty(shown["breaker"]!.AsArray());
        Assert.Contains(shown["containments"]!.AsArray(), c => (string)c!["action"]! == "pause_agent_session" && (int)c["share"]! == 1);

        static Microsoft.AspNetCore.Http.HttpRequest Asking(string query)
        {
            var request = SignedIn.Request(World.Adele);
            request.QueryString = new Microsoft.AspNetCore.Http.QueryString(query);
            return request;
        }
    }

    [Fact]
    public async Task Evidence_that_was_changed_is_paged_at_night_and_named_in_the_attack_chain()
    {
        await using var world = await World.CreateAsync();
        var agent = new Agent(world);
        await agent.DoAsync(agent.StolenKey().Select(e => e with { Counterpart = "risk-agent" }));
        await agent.OrderAsync(nameof(CircuitBreaker.Open));
        for (var i = 0; i < 27; i++)
            await world.PassAsync(TimeSpan.FromHours(1));
        ((MemoryBlobs)world.Machine.Services.GetRequiredService<IRetainedBlobs>()).Tamper("interactions/", content => [.. content, 1]);
        for (var i = 0; i < 24; i++)
            await world.PassAsync(TimeSpan.FromHours(1));
        Assert.Contains(
            world.Machine.Tenant.Journal.Of("page.trigger"),
            e => e.Detail.Contains("EVIDENCE OF INTERACTIONS WAS CHANGED", StringComparison.Ordinal)
        );
        var chain = (
            await world.Machine.Services.GetRequiredService<AttackChains>().AroundAsync((await world.IncidentsAsync()).Single().Incident)
        )!;
        Assert.Contains(
            chain.NotFollowed,
            n =>
                n.StartsWith($"evidence about {agent.Id}: interactions/", StringComparison.Ordinal)
                && n.EndsWith("were changed", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_counterpart_is_an_identity_in_lower_case_and_never_the_caller()
    {
        var read = ActivityReader.Read(
            JsonSerializer.SerializeToUtf8Bytes(new ActivityBatch("a", "ai_agent", "g", 1, [Event("B"), Event("A"), Event(null)]), Web)
        );
        Assert.Equal(["b", null, null], read.Batch!.Events.Select(e => e.Counterpart));
        var wrong = ActivityReader.Read(
            JsonSerializer.SerializeToUtf8Bytes(new ActivityBatch("a", "ai_agent", "g", 1, [Event("b c")]), Web)
        );
        Assert.StartsWith("events[0]: counterpart: an identity is expected", Assert.Single(wrong.Problems), StringComparison.Ordinal);
        // As senders wrote it before there were counterparts.
        var old = ActivityReader.Read(
            """
            {"identity":"a","identityType":"ai_agent","source":"g","sequence":1,
            "events":[{"time":"2026-11-23T03:00:00Z","endpoint":"GET /quotes"}]}
            """u8.ToArray()
        );
        Assert.Equal((null, Refusal.None), (old.Batch!.Events[0].Counterpart, old.Batch.Events[0].Refused));

        static ActivityEvent Event(string? counterpart) =>
            new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero), "POST /ask", Counterpart: counterpart);
    }

    private static int Status(IActionResult result) =>
        result switch
        {
            ObjectResult o => o.StatusCode ?? 200,
            StatusCodeResult s => s.StatusCode,
            _ => 0,
        };
}

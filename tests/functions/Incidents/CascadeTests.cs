using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Agents;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Local.CommandLine;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Tests.Directory;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// Our own containment sets off an alert: about the thing itself or about what depends on it. It is linked, told so, and asks, whichever
/// action it recommends.
/// </summary>
public sealed class CascadeTests
{
    private const string Principal = "00000000-0000-4000-8000-000000000301";
    private const string Client = "00000000-0000-4000-8000-000000000302";

    public static TheoryData<string> WhatHangsOnMegan =>
        ["the thing itself", "an application that she owns", "a laptop that is hers", "a job", "a workload"];

    [Theory]
    [MemberData(nameof(WhatHangsOnMegan))]
    public async Task An_alert_about_what_we_contained_or_what_depends_on_it_is_linked_told_so_and_asks(string what)
    {
        await using var world = await DisabledAsync();
        var first = Assert.Single(await world.IncidentsAsync()).Incident;
        await world.PassAsync(TimeSpan.FromMinutes(10));
        await world.SendAsync(await EchoAsync(world, what));
        await world.RunAsync();
        var (incident, decisions) = await DecisionsAsync(world, "echo-1");
        Assert.NotEqual(first, incident);
        // Linked and told so, wherever people read: on each containment and on the ticket.
        Assert.All(
            decisions.Where(d => d.Target.Kind == "alert" || d.Kind == DecisionKind.Ask),
            d => Assert.Contains(d.Reasons, r => r.Rule == "cascade" && r.Text.Contains(first, StringComparison.Ordinal))
        );
        Assert.DoesNotContain(decisions, d => d.Kind == DecisionKind.Run && d.Target.Kind != "alert");
        Assert.Contains(
            decisions,
            d => d.Reasons.Any(r => r.Text.Contains("disable_user_account_temporarily at", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Hours_later_and_undone_it_is_no_echo_any_more()
    {
        await using var world = await DisabledAsync();
        await world.PassAsync(TimeSpan.FromHours(4));
        Assert.True(await world.CanSignInAsync(World.Megan));
        await world.SendAsync(await EchoAsync(world, "an application that she owns"));
        await world.RunAsync();
        Assert.DoesNotContain((await DecisionsAsync(world, "echo-1")).Decisions, d => d.Reasons.Any(r => r.Rule == "cascade"));
    }

    [Fact]
    public async Task An_alert_that_has_nothing_to_do_with_it_runs_as_ever()
    {
        await using var world = await DisabledAsync();
        await world.SendAsync(Given.MaliciousAddress("echo-1"));
        await world.RunAsync();
        Assert.DoesNotContain(
            (await DecisionsAsync(world, "echo-1")).Decisions,
            d => d.Reasons.Any(r => r.Rule.StartsWith("cascade", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Every_action_that_would_run_or_be_asked_for_asks_and_says_why()
    {
        var policy = Policies.Shipped.Policy;
        var now = World.NewClock().GetUtcNow();
        var covered = 0;
        foreach (var rule in policy.Actions.Values.Where(r => r is { Tier: < 3, IsNotification: false, TargetKind: not null }))
        {
            var alert = AlertFor(rule);
            var facts = PolicyDiff.Favourable(alert, [policy], IdentityType.Person, now);
            var assessment = Assessment(rule.Name, alert.Entities[0].Id);
            var before = Assert.Single(Decider.Decide(alert, assessment, facts, policy), d => d.Action == rule.Name);
            facts = facts with { Cascades = [new CascadeFact("x", "It belongs to what we contained.", ["incident-1"])] };
            var after = Assert.Single(Decider.Decide(alert, assessment, facts, policy), d => d.Action == rule.Name);
            Assert.NotEqual(DecisionKind.Run, after.Kind);
            if (before.Kind is not (DecisionKind.Run or DecisionKind.Ask))
                continue;
            Assert.Equal(DecisionKind.Ask, after.Kind);
            Assert.Contains(after.Reasons, r => r.Rule == "cascade" && r.Text.Contains("incident-1", StringComparison.Ordinal));
            covered++;
        }
        Assert.InRange(covered, 8, int.MaxValue);
    }

    private static Alert AlertFor(ActionRule rule) =>
        rule.TargetKind == "workload"
            ? Quarantine.AlertOf(
                new BreakerChange
                {
                    Identity = "agent-1",
                    IdentityType = "ai_agent",
                    Number = 1,
                    From = BreakerStatus.Closed,
                    To = BreakerStatus.Open,
                    Cause = "score",
                    By = "policy",
                    Reason = "r",
                    At = World.NewClock().GetUtcNow(),
                    Score = 0.9m,
                }
            )
            : AlertParser.Read(JsonSerializer.SerializeToUtf8Bytes(Containment.ActionCase.Of(rule.Name).Alert())).Alert!;

    private static AlertAssessment Assessment(string action, string entity) =>
        new()
        {
            Verdict = Verdict.TruePositive,
            Confidence = 100,
            Reasoning = "r",
            By = AssessedBy.Model,
            Recommendations = [new Recommendation(action, entity, 100, "r")],
        };

    /// <summary>Megan's account is disabled, after a person approved.</summary>
    private static async Task<World> DisabledAsync()
    {
        var world = await World.CreateAsync(o =>
            o with
            {
                EditPolicy = files =>
                    [
                        .. files.Select(f =>
                            f.Name switch
                            {
                                "context.yaml" => f with
                                {
                                    Text = f.Text.Replace(
                                        "jobs:\n",
                                        $"jobs:\n  - {{ name: nightly, kind: account, id: {World.Megan}, from: \"01:00\", "
                                            + "until: \"02:00\", works_on: [vm1.contoso.example], owner: o, ticket: t, "
                                            + "ends: 2027-06-30 }\n",
                                        StringComparison.Ordinal
                                    ),
                                },
                                "identities.yaml" => f with
                                {
                                    Text =
                                        f.Text
                                        + $"  - {{ id: {TenantSeed.PayrollApp}, owner: o, ticket: t, ends: 2027-06-30, "
                                        + $"depends_on: [{World.Megan}] }}\n",
                                },
                                _ => f,
                            }
                        ),
                    ],
            }
        );
        await world.Machine.Tenant.AddPrincipalAsync(Principal, Client, "Megan's mailing", "Application", World.Megan);
        await world.Machine.Tenant.AddMachineAsync(
            "4a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b",
            "laptop-megan.contoso.example",
            "00000000-0000-4000-8000-000000000231",
            owner: World.Megan
        );
        await world.SendAsync(Given.StolenAccount(World.Megan));
        await world.RunAsync();
        var (request, view) = Assert.Single(await world.PendingAsync());
        Assert.InRange(await world.AnswerAsync(request, World.Alex, "approve", actionHash: view.Request.ActionHash), 200, 299);
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Megan));
        return world;
    }

    private static Task<JsonNode> EchoAsync(World world, string what)
    {
        var json = Named.Alert(
            "echo-1",
            what switch
            {
                "the thing itself" => Named.Account(("AadUserId", World.Megan)),
                "an application that she owns" => Named.Application(("AppId", Client)),
                "a laptop that is hers" => Named.Host(("HostName", "laptop-megan"), ("DnsDomain", "contoso.example")),
                "a job" => Named.Host(("HostName", "vm1"), ("DnsDomain", "contoso.example")),
                _ => Named.Application(("AppId", TenantSeed.PayrollAppId)),
            }
        );
        json["AlertName"] = "Service stopped answering";
        return Task.FromResult(json);
    }

    private static async Task<(string Incident, IReadOnlyList<Decision> Decisions)> DecisionsAsync(World world, string alert)
    {
        var incident = Assert.Single(await world.IncidentsAsync(), i => i.AlertId == alert).Incident;
        return (
            incident,
            [
                .. (await world.RecordAsync(incident))
                    .Where(e => e.Kind == AuditKinds.Decided)
                    .Select(e => JsonSerializer.Deserialize<Decision>(e.Data!, JsonSerializerOptions.Web)!),
            ]
        );
    }
}

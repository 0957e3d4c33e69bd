using System.Text.Json.Nodes;
using IRFunctions.Incidents;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.Containment;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// An alert's source hears what became of it, as the policy wants: once, on the record first, and never by default (S11).
/// </summary>
public sealed class SourceToldTests
{
    private const string Sentinel = "22220000-0000-4000-8000-000000000002";

    [Fact]
    public async Task The_shipped_policy_tells_no_source()
    {
        await using var world = await WorldAsync("");
        await ApprovedAsync(world);
        Assert.Empty(world.Effects("securityAlert.comment"));
        Assert.DoesNotContain(await KindsAsync(world), k => k == AuditKinds.SourceTold);
    }

    [Fact]
    public async Task What_was_done_stands_as_a_comment_at_the_alert_and_the_record_had_it_before()
    {
        var sent = new List<(string Method, Uri Uri, string Body, string? Prefer)>();
        await using var world = await WorldAsync(
            "source_comment: acted\nsource_tags: [irfunctions]\nsource_status: in_progress\nsource_classification: approved\n",
            services => services.AddHttpClient("graph").AddHttpMessageHandler(() => new GraphRequestTests.Tap(sent))
        );
        await ApprovedAsync(world);
        var comment = Assert.Single(world.Effects("securityAlert.comment"));
        Assert.Contains("disable_user_account_temporarily on Adele Vance", comment.Detail, StringComparison.Ordinal);
        Assert.Contains("[irf-", comment.Detail, StringComparison.Ordinal);
        var record = await world.RecordAsync(Assert.Single(await world.IncidentsAsync()).Incident);
        var told = record.Single(e => e.Kind == AuditKinds.SourceTold);
        Assert.True(told.At <= comment.At);
        Assert.Contains("inProgress", Assert.Single(world.Effects("securityAlert.change")).Detail, StringComparison.Ordinal);
        Assert.Contains("truePositive", world.Effects("securityAlert.change")[0].Detail, StringComparison.Ordinal);
        Assert.Contains("irfunctions", Assert.Single(world.Effects("securityIncident.change")).Detail, StringComparison.Ordinal);
        Assert.All(
            sent.Where(r => r.Uri.AbsolutePath.Contains("/security/", StringComparison.Ordinal)),
            r => Assert.Empty(GraphRequestTests.Problems(r.Method, r.Uri, r.Body))
        );
    }

    [Fact]
    public async Task Told_twice_it_says_it_once()
    {
        await using var world = await WorldAsync("source_comment: all\nsource_tags: [irfunctions]\n");
        await ApprovedAsync(world);
        var view = Assert.Single(await world.IncidentsAsync());
        var again = ActivatorUtilities.CreateInstance<SourceActivities>(world.Machine.Services);
        await again.TellSource(
            new TellSourceInput(new SourceAddress(IRFunctions.Alerts.AlertShape.GraphAlert, "alert-1", "incident-1"), view),
            default
        );
        Assert.Single(world.Effects("securityAlert.comment"));
        Assert.Single(world.Effects("securityIncident.change"));
        Assert.Single(await KindsAsync(world), AuditKinds.SourceTold);
    }

    [Fact]
    public async Task What_only_became_a_ticket_is_told_where_the_policy_wants_all()
    {
        foreach (var (rule, comments) in new[] { ("acted", 0), ("all", 1) })
        {
            await using var world = await WorldAsync($"source_comment: {rule}\nsource_classification: approved\n");
            await Life.SendAsync(world, Life.Alert("new", severity: "low"));
            Assert.Equal(comments, world.Effects("securityAlert.comment").Count);
            Assert.Empty(world.Effects("securityAlert.change")); // Nobody approved anything, so that nothing is classified.
        }
    }

    [Fact]
    public async Task Where_the_permission_is_missing_the_record_says_so_and_the_outcome_stays()
    {
        await using var world = await WorldAsync("source_comment: acted\n");
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/graph/v1.0/security/*"));
        await ApprovedAsync(world);
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Equal(Outcome.Acted, incident.Outcome);
        Assert.Contains(
            await world.RecordAsync(incident.Incident),
            e => e.Text.Contains("SecurityAlert.ReadWrite.All", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_sentinel_incident_gets_comment_and_label_in_our_own_workspace()
    {
        await using var world = await WorldAsync("source_comment: all\nsource_tags: [irfunctions]\nsource_status: in_progress\n");
        await world.Machine.Tenant.PutSentinelIncidentAsync(Sentinel, new JsonObject { ["title"] = "x", ["status"] = "New" });
        var message = Life.Message("002");
        message["object"]!["properties"]!["status"] = "New";
        message["object"]!["properties"]!.AsObject().Remove("classification");
        message["object"]!["properties"]!["severity"] = "Low";
        await Life.SendAsync(world, message);
        Assert.Single(world.Effects("sentinelIncident.comment"));
        var change = Assert.Single(world.Effects("sentinelIncident.change")).Detail;
        Assert.Contains("irfunctions", change, StringComparison.Ordinal);
        Assert.Contains("Active", change, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("source_comment: loud\n")]
    [InlineData("source_tags: [irfunctions]\n")]
    [InlineData("source_status: in_progress\n")]
    [InlineData("source_comment: all\nsource_status: resolved\n")]
    public async Task A_rule_that_says_nothing_or_too_much_refuses_to_start(string rules) =>
        await Assert.ThrowsAnyAsync<Exception>(async () => await (await WorldAsync(rules)).DisposeAsync());

    private static async Task<World> WorldAsync(string rules, Action<IServiceCollection>? replace = null)
    {
        var world = await World.CreateAsync(
            o =>
                o with
                {
                    EditPolicy = files =>
                        [.. files.Select(f => f.Name == "threshold.yaml" ? f with { Text = Without(f.Text) + "\n" + rules } : f)],
                },
            replace: replace
        );
        await world.Machine.Tenant.PutSecurityAsync(false, Life.Alert("new").AsObject());
        await world.Machine.Tenant.PutSecurityAsync(
            true,
            new JsonObject
            {
                ["id"] = "incident-1",
                ["status"] = "active",
                ["customTags"] = new JsonArray("theirs"),
            }
        );
        return world;
    }

    private static string Without(string text) =>
        string.Join('\n', text.Split('\n').Where(line => !line.StartsWith("source_", StringComparison.Ordinal)));

    private static async Task ApprovedAsync(World world)
    {
        await Life.SendAsync(world, Life.Alert("new"));
        Assert.Equal(202, await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "approve"));
        await world.RunAsync();
    }

    private static async Task<IReadOnlyList<string>> KindsAsync(World world) =>
        await world.KindsAsync(Assert.Single((await world.IncidentsAsync()).Select(i => i.Incident).Distinct()));
}

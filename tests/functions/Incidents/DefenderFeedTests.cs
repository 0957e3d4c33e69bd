using System.Globalization;
using System.Text.Json.Nodes;
using IRFunctions.Incidents;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.Containment;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Incidents;

/// <summary>Defender XDR without Sentinel: alerts and incidents are read from Graph, each once, and none is lost (S10).</summary>
public sealed class DefenderFeedTests
{
    private static readonly TimeSpan Round = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task It_is_off_until_the_one_setting_turns_it_on()
    {
        await using var world = await World.CreateAsync();
        await PutAsync(world, Life.Alert("new"));
        await RoundsAsync(world, 5);
        Assert.Empty(await world.IncidentsAsync());
    }

    [Fact]
    public async Task An_alert_is_read_once_and_answered_and_every_request_is_documented()
    {
        var sent = new List<(string Method, Uri Uri, string Body, string? Prefer)>();
        await using var world = await FeedAsync(services =>
            services.AddHttpClient("graph").AddHttpMessageHandler(() => new GraphRequestTests.Tap(sent))
        );
        await PutAsync(world, Life.Alert("new"));
        await RoundsAsync(world, 10);
        Assert.Single(await world.PendingAsync());
        Assert.Single(await world.IncidentsAsync());
        Assert.Equal(0, (await world.TallyAsync()).Duplicates);
        Assert.Contains(sent, r => r.Uri.AbsolutePath.EndsWith("/security/incidents", StringComparison.Ordinal));
        Assert.All(sent, r => Assert.Empty(GraphRequestTests.Problems(r.Method, r.Uri, r.Body)));
    }

    [Fact]
    public async Task News_and_closings_come_by_the_same_way()
    {
        await using var world = await FeedAsync();
        await PutAsync(world, Life.Alert("new", severity: "medium"));
        await world.PassAsync(Round);
        await PutAsync(world, Life.Alert("new", severity: "high"));
        await world.PassAsync(Round);
        Assert.Single(await world.PendingAsync());
        await PutAsync(world, Life.Alert("resolved", "falsePositive"));
        await world.PassAsync(Round);
        var incidents = await world.IncidentsAsync();
        Assert.Equal([null, NewsKind.Changed, NewsKind.Changed], incidents.Select(i => i.News?.Kind));
        Assert.Equal(Outcome.ClosedAtSource, incidents[^1].Outcome);
    }

    [Fact]
    public async Task An_open_incident_starts_nothing_beside_its_alerts_and_its_closing_asks()
    {
        await using var world = await FeedAsync();
        await PutAsync(world, Life.Alert("new"));
        await PutAsync(world, Incident("active"), incident: true);
        await world.PassAsync(Round);
        var (id, _) = Assert.Single(await world.PendingAsync());
        Assert.Single(await world.IncidentsAsync());
        await world.AnswerAsync(id, World.Alex, "approve");
        await PutAsync(world, Incident("resolved", "falsePositive"), incident: true);
        await world.PassAsync(Round);
        Assert.NotNull((await world.ContainmentOfAsync(World.Adele)).Question);
        await PutAsync(world, Incident("active"), incident: true);
        await world.PassAsync(Round);
        Assert.Equal(NewsKind.Reopened, (await world.IncidentsAsync()).MaxBy(i => i.Number)!.News!.Kind);
    }

    [Fact]
    public async Task What_graph_shows_some_minutes_late_is_found_all_the_same()
    {
        await using var world = await FeedAsync();
        await RoundsAsync(world, 10);
        await PutAsync(world, Life.Alert("new"), changed: world.Time.GetUtcNow() - TimeSpan.FromMinutes(8));
        await world.PassAsync(Round);
        Assert.Single(await world.PendingAsync());
    }

    [Fact]
    public async Task Throttled_it_leaves_graph_alone_as_long_as_it_was_asked_to()
    {
        await using var world = await FeedAsync();
        await world.PassAsync(Round);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Throttle, "/graph/v1.0/security/alerts_v2", "GET", Seconds: 600));
        await PutAsync(world, Life.Alert("new"));
        await world.PassAsync(Round);
        var cursor = await CursorAsync(world);
        Assert.True(cursor.NotBefore >= world.Time.GetUtcNow() + TimeSpan.FromMinutes(5), $"{cursor.NotBefore:O}");
        world.Machine.Tenant.Faults.Clear();
        await RoundsAsync(world, 2);
        Assert.Empty(await world.PendingAsync());
        await RoundsAsync(world, 6);
        Assert.Single(await world.PendingAsync());
    }

    [Fact]
    public async Task After_a_day_without_graph_everything_is_read_and_people_hear_of_the_gap()
    {
        await using var world = await FeedAsync();
        await world.PassAsync(Round);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, "/graph/v1.0/security/*", "GET"));
        await RoundsAsync(world, 60);
        Assert.Contains(world.Pages(), p => p.Contains("alerts of Defender XDR cannot be read since", StringComparison.Ordinal));
        await PutAsync(world, Life.Alert("new"));
        await RoundsAsync(world, 22, TimeSpan.FromHours(1));
        world.Machine.Tenant.Faults.Clear();
        await RoundsAsync(world, 10);
        Assert.Single(await world.PendingAsync());
        Assert.Contains(world.Pages(), p => p.Contains("were not read from", StringComparison.Ordinal));
        Assert.Contains(
            await world.RecordAsync(RecordChains.Pipeline),
            e => e.Kind == AuditKinds.SourceNews && e.Text.Contains("were not read from", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_missing_permission_is_paged_with_its_name()
    {
        await using var world = await FeedAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/graph/v1.0/security/*", "GET"));
        await world.PassAsync(Round);
        Assert.Contains(world.Pages(), p => p.Contains("SecurityAlert.Read.All", StringComparison.Ordinal));
        Assert.Contains(world.Pages(), p => p.Contains("SecurityIncident.Read.All", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_crash_before_the_cursor_moved_hands_in_nothing_twice()
    {
        await using var world = await FeedAsync();
        await world.PassAsync(Round);
        var table = world.Machine.Services.GetRequiredService<FeedTable>();
        var before = (await table.FindAsync("alerts", default))!.Value;
        await PutAsync(world, Life.Alert("new"));
        await world.PassAsync(Round);
        var after = (await table.FindAsync("alerts", default))!.Value;
        await table.KeepAsync("alerts", before.Cursor, after.Version, default);
        await world.PassAsync(Round);
        Assert.Single(await world.IncidentsAsync());
        Assert.Equal(0, (await world.TallyAsync()).Duplicates);
    }

    [Fact]
    public async Task What_cannot_be_taken_in_becomes_a_ticket_and_stops_nothing()
    {
        await using var world = await FeedAsync();
        var odd = Life.Alert("new");
        odd["id"] = new string('x', 700);
        await PutAsync(world, odd);
        await PutAsync(world, Life.Alert("new"));
        await world.PassAsync(Round);
        Assert.Single(await world.PendingAsync());
        Assert.Contains(
            await world.RecordAsync(RecordChains.Pipeline),
            e => e.Kind == AuditKinds.Refused && e.Text.Contains("is not taken in (NoIdentity)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_window_that_holds_too_much_is_read_in_narrower_ones_over_all_pages()
    {
        await using var world = await FeedAsync();
        var reader = world.Machine.Services.GetRequiredService<DefenderFeedReader>();
        var from = world.Time.GetUtcNow();
        for (var i = 0; i < 1_010; i++)
            await PutAsync(world, new JsonObject { ["id"] = $"many-{i:D4}" }, changed: from + TimeSpan.FromSeconds(i));
        Assert.Null(await reader.ReadAsync(DefenderFeedKind.Alerts, from, from + TimeSpan.FromHours(1), default));
        var half = await reader.ReadAsync(DefenderFeedKind.Alerts, from, from + TimeSpan.FromSeconds(505), default);
        Assert.Equal(Enumerable.Range(0, 505).Select(i => $"many-{i:D4}"), half!.Select(i => i.Id));
    }

    /// <summary>The machine runs a timer once for each time it moves.</summary>
    private static async Task RoundsAsync(World world, int rounds, TimeSpan? each = null)
    {
        for (var round = 0; round < rounds; round++)
            await world.PassAsync(each ?? Round);
    }

    private static Task<World> FeedAsync(Action<IServiceCollection>? replace = null) =>
        World.CreateAsync(o => o with { Settings = new Dictionary<string, string?> { ["Defender:Feed"] = "true" } }, replace: replace);

    /// <summary>Defender has it from now on.</summary>
    private static Task PutAsync(World world, JsonNode item, DateTimeOffset? changed = null, bool incident = false)
    {
        item["lastUpdateDateTime"] = (changed ?? world.Time.GetUtcNow()).ToString("O", CultureInfo.InvariantCulture);
        return world.Machine.Tenant.PutSecurityAsync(incident, item.DeepClone().AsObject());
    }

    private static JsonObject Incident(string status, string? classification = null) =>
        new()
        {
            ["@odata.type"] = "#microsoft.graph.security.incident",
            ["id"] = "incident-1",
            ["tenantId"] = Life.Alert("new")["tenantId"]!.DeepClone(),
            ["displayName"] = "A stolen account",
            ["severity"] = "high",
            ["status"] = status,
            ["classification"] = classification,
        };

    private static async Task<FeedCursor> CursorAsync(World world) =>
        (await world.Machine.Services.GetRequiredService<FeedTable>().FindAsync("alerts", default))!.Value.Cursor;
}

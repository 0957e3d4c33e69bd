using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Record;

namespace IRFunctions.Tests.Incidents;

/// <summary>An incident that its source merged into another follows the survivor.</summary>
public sealed class MergedIncidentTests
{
    [Fact]
    public async Task Merged_away_it_is_noted_under_the_survivor_and_pages_nobody()
    {
        await using var world = await World.CreateAsync();
        var survivor = Life.Message("028");
        (survivor["incidentId"], survivor["redirectIncidentId"], survivor["status"]) = (4101, null, "Active");
        await Life.SendAsync(world, survivor);
        var pages = world.Pages().Count;
        await Life.SendAsync(world, Life.Message("028"));
        var incidents = await world.IncidentsAsync();
        Assert.Single(incidents.Select(i => i.Incident).Distinct());
        Assert.Equal(Outcome.Joined, incidents.Single(i => i.AlertId == "4100").Outcome);
        Assert.Equal(pages, world.Pages().Count);
        Assert.Contains(
            await world.RecordAsync(incidents[0].Incident),
            e => e.Kind == AuditKinds.SourceNews && e.Text.Contains("merged incident 4100", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("redirected")]
    [InlineData("Redirected")]
    public async Task So_it_is_in_graphs_words(string status)
    {
        await using var world = await World.CreateAsync();
        var merged = Given.Sample("graph-incident-megan.json");
        (merged["status"], merged["redirectIncidentId"], merged["alerts"]) = (status, "28282", new JsonArray());
        await Life.SendAsync(world, merged);
        Assert.Empty(world.Pages());
        Assert.Equal(Outcome.Joined, Assert.Single(await world.IncidentsAsync()).Outcome);
    }

    [Fact]
    public async Task Alerts_that_still_come_with_a_merged_incident_are_answered_under_the_survivor()
    {
        await using var world = await World.CreateAsync();
        var (merged, survivor) = (Given.Sample("graph-incident-megan.json"), Given.Sample("graph-incident-megan.json"));
        (merged["id"], merged["status"], merged["redirectIncidentId"]) = ("70", "redirected", survivor["id"]!.DeepClone());
        await Life.SendAsync(world, merged);
        await Life.SendAsync(world, survivor);
        Assert.Single((await world.IncidentsAsync()).Select(i => i.Incident).Distinct());
        Assert.All(await world.IncidentsAsync(), i => Assert.NotEqual(Outcome.ClosedAtSource, i.Outcome));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("4100")]
    public void No_survivor_is_none_whatever_the_source_writes_for_it(string? none)
    {
        var incident = Life.Message("028");
        (incident["redirectIncidentId"], incident["status"]) = (none, "Active");
        var alert = AlertParser.Read(System.Text.Encoding.UTF8.GetBytes(incident.ToJsonString())).Alert!;
        Assert.Equal("4100", alert.IncidentId);
    }

    [Fact]
    public async Task The_survivors_closing_asks_about_what_the_merged_incident_holds()
    {
        await using var world = await ClosedAtSourceTests.ContainedAsync();
        var tenant = Life.Alert("new")["tenantId"]!.ToString();
        await Life.SendAsync(world, Incident("incident-1", "redirected", redirect: "incident-2"));
        await Life.SendAsync(world, Incident("incident-2", "resolved", "falsePositive"));
        Assert.Contains("Withdraw or release?", (await world.ContainmentOfAsync(World.Adele)).Question, StringComparison.Ordinal);
        Assert.Equal(ContainmentStatus.Live, (await world.ContainmentOfAsync(World.Adele)).Status);

        JsonObject Incident(string id, string status, string? classification = null, string? redirect = null) =>
            new()
            {
                ["@odata.type"] = "#microsoft.graph.security.incident",
                ["id"] = id,
                ["tenantId"] = tenant,
                ["displayName"] = "Two that are one",
                ["severity"] = "high",
                ["status"] = status,
                ["classification"] = classification,
                ["redirectIncidentId"] = redirect,
            };
    }
}

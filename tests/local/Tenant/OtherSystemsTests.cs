using System.Net;
using System.Text.Json.Nodes;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Tenant;

/// <summary>Sentinel's watchlists, the ticket system and paging.</summary>
public sealed class OtherSystemsTests
{
    private const string ItemId = "82ba292c-dc97-4dfc-969d-d4dd9e666842";
    private const string Item = """{"properties":{"itemsKeyValue":{"IPAddress":"198.51.100.7","Source":"IRFunctions"}}}""";

    private static string List(string alias = TenantSeed.Watchlist) =>
        $"/arm{TenantSeed.Workspace}/providers/Microsoft.SecurityInsights/watchlists/{alias}";

    private static string ItemPath(string alias = TenantSeed.Watchlist) => $"{List(alias)}/watchlistItems/{ItemId}?api-version=2023-11-01";

    [Fact]
    public async Task A_watchlist_item_is_put_read_listed_and_deleted_in_ARMs_shapes()
    {
        using var t = new TenantFixture();
        Assert.Equal(HttpStatusCode.NotFound, (await t.Send("GET", ItemPath())).Status);
        Assert.Equal(HttpStatusCode.Created, (await t.Send("PUT", ItemPath(), Item)).Status);
        var (again, item, _) = await t.Send("PUT", ItemPath(), Item);
        Assert.Equal(HttpStatusCode.OK, again);
        Assert.Equal(
            $"{TenantSeed.Workspace}/providers/Microsoft.SecurityInsights/Watchlists/{TenantSeed.Watchlist}/WatchlistItems/{ItemId}",
            (string?)item!["id"]
        );
        Assert.Equal("Microsoft.SecurityInsights/Watchlists/WatchlistItems", (string?)item["type"]);
        Assert.Equal(
            [
                "watchlistItemType",
                "watchlistItemId",
                "tenantId",
                "isDeleted",
                "created",
                "updated",
                "createdBy",
                "updatedBy",
                "itemsKeyValue",
                "entityMapping",
            ],
            item["properties"]!.AsObject().Select(p => p.Key)
        );
        Assert.Equal([true, false], t.Tenant.Journal.Of("watchlistItem.put").Select(e => e.Changed));

        Assert.Single((await t.Send("GET", $"{List()}/watchlistItems?api-version=2023-11-01")).Body!["value"]!.AsArray());
        Assert.Equal(HttpStatusCode.OK, (await t.Send("DELETE", ItemPath())).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await t.Send("DELETE", ItemPath())).Status);
        Assert.Single(t.Tenant.Journal.Of("watchlistItem.delete"));
    }

    [Fact]
    public async Task ARM_refuses_what_ARM_refuses()
    {
        using var t = new TenantFixture();
        Assert.Equal("MissingApiVersionParameter", (string?)(await t.Send("GET", $"{List()}/watchlistItems")).Body!["error"]!["code"]);
        Assert.Equal(HttpStatusCode.NotFound, (await t.Send("PUT", ItemPath("no-such-list"), Item)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await t.Send("PUT", ItemPath(), "{}")).Status);
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await t.Send("PUT", ItemPath().Replace(ItemId, "not-a-guid", StringComparison.Ordinal), Item)).Status
        );
        Assert.Equal(HttpStatusCode.NotFound, (await t.Send("GET", "/arm/subscriptions/x?api-version=1")).Status);
        Assert.Empty(t.Tenant.Journal.Entries);

        Assert.Equal(
            HttpStatusCode.Created,
            (await t.Send("PUT", $"{List("second")}?api-version=2023-11-01", """{"properties":{"displayName":"Second"}}""")).Status
        );
        Assert.Equal(HttpStatusCode.Created, (await t.Send("PUT", ItemPath("second"), Item)).Status);
        t.Http.DefaultRequestHeaders.Authorization = null;
        Assert.Equal(HttpStatusCode.Unauthorized, (await t.Send("GET", ItemPath())).Status);
    }

    [Fact]
    public async Task The_same_idempotency_key_gives_the_same_ticket()
    {
        using var t = new TenantFixture();
        var (first, ticket, _) = await t.Send(
            "POST",
            "/itsm/tickets",
            """{"title":"Look","severity":"high"}""",
            ("Idempotency-Key", "k-1")
        );
        var (second, same, _) = await t.Send("POST", "/itsm/tickets", """{"title":"Look again"}""", ("Idempotency-Key", "k-1"));
        var (third, other, _) = await t.Send("POST", "/itsm/tickets", """{"title":"Look"}""", ("Idempotency-Key", "k-2"));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.Created), (first, second, third));
        Assert.Equal(ticket!.ToJsonString(), same!.ToJsonString());
        Assert.NotEqual((string?)ticket["id"], (string?)other!["id"]);
        Assert.Equal(2, (await t.Send("GET", "/itsm/tickets")).Body!["tickets"]!.AsArray().Count);
        Assert.Equal("Look", (string?)(await t.Send("GET", $"/itsm/tickets/{(string)ticket["id"]!}")).Body!["title"]);
        Assert.Equal([true, false, true], t.Tenant.Journal.Of("ticket.create").Select(e => e.Changed));
        Assert.Equal(HttpStatusCode.BadRequest, (await t.Send("POST", "/itsm/tickets", "{}")).Status);
    }

    private static string Event(string action, string key = "page-1", string routing = "0123456789abcdef0123456789abcdef") =>
        new JsonObject
        {
            ["routing_key"] = routing,
            ["event_action"] = action,
            ["dedup_key"] = key,
            ["payload"] = new JsonObject
            {
                ["summary"] = "Approve or deny",
                ["source"] = "irfunctions",
                ["severity"] = "critical",
            },
        }.ToJsonString();

    [Fact]
    public async Task Events_of_one_dedup_key_are_one_page()
    {
        using var t = new TenantFixture();
        foreach (var action in (string[])["trigger", "trigger", "acknowledge", "resolve", "resolve"])
        {
            var (status, body, _) = await t.Send("POST", "/pager/v2/enqueue", Event(action));
            Assert.Equal(HttpStatusCode.Accepted, status);
            Assert.Equal("""{"status":"success","message":"Event processed","dedup_key":"page-1"}""", body!.ToJsonString());
        }
        Assert.Equal([true, false, true, true, false], t.Tenant.Journal.Entries.Select(e => e.Changed));
        var page = Assert.Single((await t.Send("GET", "/pager/pages")).Body!["pages"]!.AsArray())!;
        Assert.Equal(("resolved", 5), ((string?)page["status"], (int)page["events"]!));
    }

    [Fact]
    public async Task An_event_PagerDuty_would_refuse_is_refused_with_every_reason()
    {
        using var t = new TenantFixture();
        var (status, body, _) = await t.Send("POST", "/pager/v2/enqueue", """{"routing_key":"short","event_action":"shout"}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("invalid event", (string?)body!["status"]);
        Assert.Equal(2, body["errors"]!.AsArray().Count);
        Assert.Empty(t.Tenant.Journal.Entries);
    }
}

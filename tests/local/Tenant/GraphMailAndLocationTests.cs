using System.Net;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Tenant;

public sealed class GraphMailAndLocationTests
{
    private const string Locations = "/identity/conditionalAccess/namedLocations";
    private const string Block = """
        {"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":"Blocked","isTrusted":false,
         "ipRanges":[{"@odata.type":"#microsoft.graph.iPv4CidrRange","cidrAddress":"198.51.100.7/32"}]}
        """;

    private static readonly string Mailbox = $"/users/{TenantSeed.Megan}";

    private static async Task<string> Phish(TenantFixture t)
    {
        var filter = Uri.EscapeDataString($"internetMessageId eq '{TenantSeed.PhishingMail}'");
        var (_, found, _) = await t.Graph("GET", $"{Mailbox}/messages?$filter={filter}&$select=id");
        return (string)Assert.Single(found!["value"]!.AsArray())!["id"]!;
    }

    [Fact]
    public async Task A_moved_message_has_a_new_id_and_the_old_one_is_gone()
    {
        using var t = new TenantFixture();
        var id = await Phish(t);
        var (status, moved, _) = await t.Graph(
            "POST",
            $"{Mailbox}/messages/{Uri.EscapeDataString(id)}/move",
            """{"destinationId":"junkemail"}"""
        );
        Assert.Equal(HttpStatusCode.Created, status);
        var newId = (string)moved!["id"]!;
        Assert.NotEqual(id, newId);
        Assert.Equal("ErrorItemNotFound", (string?)(await t.Graph("GET", $"{Mailbox}/messages/{id}")).Body!["error"]!["code"]);
        var (_, junk, _) = await t.Graph("GET", $"{Mailbox}/mailFolders/junkemail/messages");
        Assert.Equal(newId, (string?)Assert.Single(junk!["value"]!.AsArray())!["id"]);
        Assert.Contains($"as {newId}", t.Tenant.Journal.Of("message.move", id).Single().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_immutable_ids_a_moved_message_keeps_its_id_and_comes_back()
    {
        using var t = new TenantFixture();
        var id = await Phish(t);
        var inbox = (string)(await t.Graph("GET", $"{Mailbox}/messages/{id}")).Body!["parentFolderId"]!;
        var (_, folder, _) = await t.Graph("POST", $"{Mailbox}/mailFolders", """{"displayName":"Quarantine"}""");
        foreach (var destination in (string[])[(string)folder!["id"]!, inbox])
        {
            var (_, moved, _) = await t.Graph(
                "POST",
                $"{Mailbox}/messages/{id}/move",
                $$"""{"destinationId":"{{destination}}"}""",
                ("Prefer", "IdType=\"ImmutableId\"")
            );
            Assert.Equal((id, destination), ((string?)moved!["id"], (string?)moved["parentFolderId"]));
        }
        Assert.Equal(HttpStatusCode.Conflict, (await t.Graph("POST", $"{Mailbox}/mailFolders", """{"displayName":"quarantine"}""")).Status);
    }

    [Fact]
    public async Task A_message_of_another_mailbox_is_not_there()
    {
        using var t = new TenantFixture();
        Assert.Equal(HttpStatusCode.NotFound, (await t.Graph("GET", $"/users/{TenantSeed.Adele}/messages/{await Phish(t)}")).Status);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await t.Graph("POST", $"{Mailbox}/messages/{await Phish(t)}/move", """{"destinationId":"nowhere"}""")).Status
        );
        Assert.Empty(t.Tenant.Journal.Entries);
    }

    [Fact]
    public async Task A_named_location_is_created_changed_read_and_deleted()
    {
        using var t = new TenantFixture();
        var (status, created, _) = await t.Graph("POST", Locations, Block);
        Assert.Equal(HttpStatusCode.Created, status);
        var id = (string)created!["id"]!;
        Assert.Equal("#microsoft.graph.ipNamedLocation", (string?)created["@odata.type"]);

        var more = Block.Replace("198.51.100.7/32", "198.51.100.8/32", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await t.Graph("PATCH", $"{Locations}/{id}", more)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await t.Graph("PATCH", $"{Locations}/{id}", more)).Status);
        var (_, read, _) = await t.Graph("GET", $"{Locations}/{id}");
        Assert.Equal("198.51.100.8/32", (string?)read!["ipRanges"]![0]!["cidrAddress"]);
        Assert.Equal([true, false], t.Tenant.Journal.Of("namedLocation.update", id).Select(e => e.Changed));

        Assert.Equal(3, (await t.Graph("GET", Locations)).Body!["value"]!.AsArray().Count);
        Assert.Equal(HttpStatusCode.NoContent, (await t.Graph("DELETE", $"{Locations}/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await t.Graph("DELETE", $"{Locations}/{id}")).Status);
    }

    [Theory]
    [InlineData("""{"displayName":"x","ipRanges":[]}""")]
    [InlineData("""{"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":"x"}""")]
    [InlineData(
        """
            {"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":"x",
             "ipRanges":[{"@odata.type":"#microsoft.graph.iPv4CidrRange","cidrAddress":"198.51.100.7"}]}
            """
    )]
    [InlineData(
        """
            {"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":"x",
             "ipRanges":[{"@odata.type":"#microsoft.graph.iPv6CidrRange","cidrAddress":"198.51.100.7/32"}]}
            """
    )]
    [InlineData(
        """
            {"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":"x",
             "ipRanges":[{"@odata.type":"#microsoft.graph.iPv4CidrRange","cidrAddress":"0.0.0.0/0"}]}
            """
    )]
    [InlineData("""{"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":"x","ipRanges":["198.51.100.7/32"]}""")]
    [InlineData("""{"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":7,"ipRanges":[]}""")]
    public async Task A_named_location_that_makes_no_sense_is_refused(string body)
    {
        using var t = new TenantFixture();
        Assert.Equal(HttpStatusCode.BadRequest, (await t.Graph("POST", Locations, body)).Status);
        Assert.Empty(t.Tenant.Journal.Entries);
    }

    [Fact]
    public async Task A_trusted_location_is_not_deleted()
    {
        using var t = new TenantFixture();
        var (_, list, _) = await t.Graph("GET", Locations + "?$filter=displayName eq 'Head office'");
        var office = (string)Assert.Single(list!["value"]!.AsArray())!["id"]!;
        Assert.Equal(HttpStatusCode.BadRequest, (await t.Graph("DELETE", $"{Locations}/{office}")).Status);
    }
}

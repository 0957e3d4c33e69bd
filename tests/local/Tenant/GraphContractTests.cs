using System.Net;
using System.Text.Json.Nodes;
using IRFunctions.Local.Tenant;
using IRFunctions.Tests.Assessment;

namespace IRFunctions.Tests.Tenant;

/// <summary>The tenant keeps to Graph's own description: what it takes and what it answers, its errors included.</summary>
public sealed class GraphContractTests
{
    private static readonly OpenApiFile Description = OpenApiFile.Load("graph", "graph-v1.0-strict-test-profile.openapi.json");

    public static TheoryData<string, string, string, string?, int> Exchanges =>
        new()
        {
            { "GET", "/users/{user-id}", $"/users/{TenantSeed.Adele}", null, 200 },
            {
                "GET",
                "/users/{user-id}",
                $"/users/{TenantSeed.Adele}?$select=id,accountEnabled,signInSessionsValidFromDateTime,onPremisesSyncEnabled",
                null,
                200
            },
            { "GET", "/users/{user-id}", "/users/nobody@contoso.example", null, 404 },
            { "POST", "/users/{user-id}/revokeSignInSessions", $"/users/{TenantSeed.Adele}/revokeSignInSessions", null, 200 },
            { "PATCH", "/users/{user-id}", $"/users/{TenantSeed.Adele}", """{"accountEnabled":false}""", 204 },
            { "PATCH", "/users/{user-id}", $"/users/{TenantSeed.Lee}", """{"accountEnabled":false}""", 400 },
            { "GET", "/users/{user-id}/messages/{message-id}", $"/users/{TenantSeed.Megan}/messages/AAMkSeed1AAA=", null, 200 },
            {
                "POST",
                "/users/{user-id}/messages/{message-id}/move",
                $"/users/{TenantSeed.Megan}/messages/AAMkSeed1AAA=/move",
                """{"destinationId":"junkemail"}""",
                201
            },
            {
                "POST",
                "/security/microsoft.graph.security.runHuntingQuery",
                "/security/microsoft.graph.security.runHuntingQuery",
                $$"""{"query":"EntraIdSignInEvents | where Timestamp > ago(1d) | where AccountObjectId in """
                    + $$"""(\"{{TenantSeed.Adele}}\") | summarize SignIns = countif(ErrorCode == 0) by Key = """
                    + $$"""AccountObjectId","timespan":"P1D"}""",
                200
            },
            {
                "POST",
                "/security/microsoft.graph.security.runHuntingQuery",
                "/security/microsoft.graph.security.runHuntingQuery",
                """{"query":"EntraIdSignInEvents | take 5"}""",
                400
            },
            { "GET", "/identity/conditionalAccess/namedLocations", "/identity/conditionalAccess/namedLocations", null, 200 },
            {
                "POST",
                "/identity/conditionalAccess/namedLocations",
                "/identity/conditionalAccess/namedLocations",
                """
                    {"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":"B","isTrusted":false,
                     "ipRanges":[{"@odata.type":"#microsoft.graph.iPv4CidrRange","cidrAddress":"198.51.100.7/32"}]}
                    """,
                201
            },
        };

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Requests_and_answers_keep_to_the_description(string method, string template, string path, string? body, int expected)
    {
        using var t = new TenantFixture();
        if (body is not null)
            Assert.Empty(Description.CheckRequest(template, method.ToLowerInvariant(), body));
        var (status, answer, _) = await t.Graph(method, path, body);
        Assert.Equal(expected, (int)status);
        Assert.Empty(Description.CheckResponse(template, method.ToLowerInvariant(), expected, answer?.ToJsonString() ?? ""));
    }

    [Theory]
    [InlineData(FaultKind.Throttle, 429)]
    [InlineData(FaultKind.Unavailable, 503)]
    [InlineData(FaultKind.Forbid, 403)]
    public async Task Errors_keep_to_the_description(FaultKind kind, int expected)
    {
        using var t = new TenantFixture();
        t.Tenant.Faults.Add(new Fault(kind));
        var (status, answer, _) = await t.Graph("PATCH", $"/users/{TenantSeed.Adele}", """{"accountEnabled":false}""");
        Assert.Equal(expected, (int)status);
        Assert.Empty(Description.CheckResponse("/users/{user-id}", "patch", expected, answer!.ToJsonString()));
    }

    [Fact]
    public void The_description_has_teeth()
    {
        Assert.NotEmpty(Description.CheckRequest("/users/{user-id}", "patch", """{"accountEnabled":"false"}"""));
        Assert.NotEmpty(Description.CheckRequest("/users/{user-id}", "patch", """{"shoeSize":42}"""));
        Assert.NotEmpty(Description.CheckRequest("/users/{user-id}/messages/{message-id}/move", "post", "{}"));
    }

    [Fact]
    public async Task The_documentations_own_requests_are_taken_and_answered_with_their_documented_shape()
    {
        using var t = new TenantFixture();
        var pages = JsonNode
            .Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "data", "graph", "docs_named_locations.json")))!
            .AsArray();
        var examples = pages[0]!["examples"]!.AsArray();
        for (var i = 0; i < examples.Count; i += 2)
        {
            var (status, answer, _) = await t.Graph(
                "POST",
                "/identity/conditionalAccess/namedLocations",
                examples[i]!["body"]!.ToJsonString()
            );
            Assert.Equal(HttpStatusCode.Created, status);
            var documented = examples[i + 1]!["body"]!.AsObject();
            Assert.Equal(documented.Select(p => p.Key).Order(), answer!.AsObject().Select(p => p.Key).Order());
        }
        var users = JsonNode
            .Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "data", "graph", "docs_user_actions.json")))!
            .AsArray();
        foreach (var example in users[0]!["examples"]!.AsArray().Where(e => (string?)e!["kind"] == "request"))
        {
            Assert.Equal(
                HttpStatusCode.NoContent,
                (await t.Graph("PATCH", $"/users/{TenantSeed.Adele}", example!["body"]!.ToJsonString())).Status
            );
        }
    }
}

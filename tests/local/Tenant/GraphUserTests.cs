using System.Net;
using System.Text.Json.Nodes;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Tenant;

public sealed class GraphUserTests
{
    [Fact]
    public async Task A_user_comes_with_Graphs_usual_properties_and_no_others()
    {
        using var t = new TenantFixture();
        var (status, body, response) = await t.Graph("GET", $"/users/{TenantSeed.Adele}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            [
                "@odata.context",
                "businessPhones",
                "displayName",
                "givenName",
                "jobTitle",
                "mail",
                "mobilePhone",
                "officeLocation",
                "preferredLanguage",
                "surname",
                "userPrincipalName",
                "id",
            ],
            body!.AsObject().Select(p => p.Key)
        );
        Assert.Equal("https://graph.microsoft.com/v1.0/$metadata#users/$entity", (string?)body["@odata.context"]);
        Assert.Equal("Adele Vance", (string?)body["displayName"]);
        Assert.NotEmpty(response.Headers.GetValues("request-id").Single());
    }

    [Fact]
    public async Task Select_gives_what_was_asked_for_and_nothing_else()
    {
        using var t = new TenantFixture();
        var (_, body, _) = await t.Graph(
            "GET",
            "/users/AdeleV@contoso.example?$select=id,accountEnabled,department,signInSessionsValidFromDateTime"
        );
        Assert.Equal(
            ["@odata.context", "id", "accountEnabled", "department", "signInSessionsValidFromDateTime"],
            body!.AsObject().Select(p => p.Key)
        );
        Assert.Equal(
            "https://graph.microsoft.com/v1.0/$metadata#users(id,accountEnabled,department,signInSessionsValidFromDateTime)/$entity",
            (string?)body["@odata.context"]
        );
        Assert.True((bool)body["accountEnabled"]!);
        Assert.Null(body["department"]);
    }

    [Fact]
    public async Task Selecting_what_does_not_exist_is_refused()
    {
        using var t = new TenantFixture();
        var (status, body, _) = await t.Graph("GET", $"/users/{TenantSeed.Adele}?$select=shoeSize");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("Could not find a property named 'shoeSize'", (string?)body!["error"]!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disabling_and_enabling_an_account_shows_and_is_on_the_journal()
    {
        using var t = new TenantFixture();
        foreach (var enabled in (bool[])[false, false, true])
        {
            var (status, body, _) = await t.Graph(
                "PATCH",
                $"/users/{TenantSeed.Adele}",
                $$"""{"accountEnabled":{{(enabled ? "true" : "false")}}}"""
            );
            Assert.Equal((HttpStatusCode.NoContent, null), (status, body));
            Assert.Equal(enabled, (bool)t.Tenant.FindUser(TenantSeed.Adele)!["accountEnabled"]!);
        }
        Assert.Equal([true, false, true], t.Tenant.Journal.Of("user.update", TenantSeed.Adele).Select(e => e.Changed));
        Assert.All(t.Tenant.Journal.Entries, e => Assert.Equal(t.Clock.Now, e.At));
    }

    [Theory]
    [InlineData("""{"accountEnabled":"false"}""", "Request_BadRequest")]
    [InlineData("""{"accountEnabled":null}""", "Request_BadRequest")]
    [InlineData("""{"shoeSize":42}""", "Request_BadRequest")]
    [InlineData("""{"id":"x"}""", "Request_BadRequest")]
    [InlineData("""{"displayName":7}""", "Request_BadRequest")]
    [InlineData("""{"accountEnabled":true,"accountEnabled":false}""", "BadRequest")]
    [InlineData("[]", "BadRequest")]
    [InlineData("{", "BadRequest")]
    [InlineData("", "BadRequest")]
    public async Task A_change_that_makes_no_sense_is_refused_and_changes_nothing(string patch, string code)
    {
        using var t = new TenantFixture();
        var (status, body, _) = await t.Graph("PATCH", $"/users/{TenantSeed.Adele}", patch);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(code, (string?)body!["error"]!["code"]);
        Assert.Empty(t.Tenant.Journal.Entries);
    }

    [Fact]
    public async Task An_account_mastered_on_premises_cannot_be_disabled_in_the_cloud()
    {
        using var t = new TenantFixture();
        var (status, body, _) = await t.Graph("PATCH", $"/users/{TenantSeed.Lee}", """{"accountEnabled":false}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("on-premises mastered", (string?)body!["error"]!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoking_sessions_moves_the_time_from_which_they_are_valid()
    {
        using var t = new TenantFixture();
        var (status, body, _) = await t.Graph("POST", $"/users/{TenantSeed.Adele}/revokeSignInSessions");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True((bool)body!["value"]!);
        Assert.Equal("2026-03-01T03:00:00.0000000Z", (string?)t.Tenant.FindUser(TenantSeed.Adele)!["signInSessionsValidFromDateTime"]);
        Assert.Single(t.Tenant.Journal.Of("user.revokeSessions"));
    }

    [Fact]
    public async Task A_new_password_is_neither_kept_nor_on_the_journal()
    {
        using var t = new TenantFixture();
        await t.Graph(
            "PATCH",
            $"/users/{TenantSeed.Adele}",
            """{"passwordProfile":{"forceChangePasswordNextSignIn":true,"password":"example-only"}}"""
        );
        Assert.DoesNotContain(
            "example-only",
            t.Tenant.FindUser(TenantSeed.Adele)!.ToJsonString() + t.Tenant.Journal.Entries[0].Detail,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Nobody_of_that_id_is_not_found_in_Graphs_words()
    {
        using var t = new TenantFixture();
        var (status, body, _) = await t.Graph(
            "PATCH",
            "/users/00000000-0000-4000-8000-00000000ffff",
            """{"accountEnabled":false}""",
            ("client-request-id", "abc")
        );
        Assert.Equal(HttpStatusCode.NotFound, status);
        var error = body!["error"]!;
        Assert.Equal("Request_ResourceNotFound", (string?)error["code"]);
        Assert.Equal(
            ("2026-03-01T03:00:00Z", "abc"),
            ((string?)error["innerError"]!["date"], (string?)error["innerError"]!["client-request-id"])
        );
        Assert.NotNull(error["innerError"]!["request-id"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer ")]
    [InlineData("Basic abc")]
    public async Task Without_a_bearer_token_nothing_is_answered(string? authorization)
    {
        using var t = new TenantFixture();
        t.Http.DefaultRequestHeaders.Authorization = null;
        var (status, body, response) = await t.Graph(
            "GET",
            $"/users/{TenantSeed.Adele}",
            null,
            authorization is null ? [] : [("Authorization", authorization)]
        );
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal("InvalidAuthenticationToken", (string?)body!["error"]!["code"]);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task A_list_can_be_filtered_and_comes_in_pages()
    {
        using var t = new TenantFixture();
        var (_, one, _) = await t.Graph("GET", "/users?$filter=userPrincipalName eq 'MeganB@contoso.example'&$select=id");
        Assert.Equal(TenantSeed.Megan, (string?)Assert.Single(one!["value"]!.AsArray())!["id"]);

        var ids = new List<string?>();
        var next = "/graph/v1.0/users?$top=3&$select=id";
        while (next is not null)
        {
            var (_, page, _) = await t.Send("GET", next);
            ids.AddRange(page!["value"]!.AsArray().Select(u => (string?)u!["id"]));
            next = (string?)page["@odata.nextLink"];
            Assert.InRange(ids.Count, 1, 50);
        }
        Assert.Equal(10, ids.Distinct().Count());
        Assert.Equal(HttpStatusCode.BadRequest, (await t.Graph("GET", "/users?$filter=startswith(displayName,'A')")).Status);
    }

    [Fact]
    public async Task Memberships_reach_through_groups_and_include_roles()
    {
        using var t = new TenantFixture();
        var (_, body, _) = await t.Graph("GET", $"/users/{TenantSeed.Alex}/transitiveMemberOf");
        Assert.Equal([TenantSeed.PrimaryApprovers, TenantSeed.AllApprovers], body!["value"]!.AsArray().Select(g => (string?)g!["id"]));

        var (_, admin, _) = await t.Graph("GET", $"/users/{TenantSeed.Admin}/transitiveMemberOf/microsoft.graph.directoryRole");
        Assert.Equal(TenantSeed.GlobalAdministrators, (string?)Assert.Single(admin!["value"]!.AsArray())!["id"]);

        var (_, check, _) = await t.Graph(
            "POST",
            $"/users/{TenantSeed.Sam}/checkMemberGroups",
            $$"""{"groupIds":["{{TenantSeed.AllApprovers}}","{{TenantSeed.AdminGroup}}"]}"""
        );
        Assert.Equal([TenantSeed.AllApprovers], check!["value"]!.AsArray().Select(g => (string?)g));

        var (_, members, _) = await t.Graph("GET", $"/groups/{TenantSeed.AllApprovers}/transitiveMembers/microsoft.graph.user?$select=id");
        Assert.Equal([TenantSeed.Alex, TenantSeed.Sam, TenantSeed.Morgan], members!["value"]!.AsArray().Select(u => (string?)u!["id"]));
    }

    [Fact]
    public async Task Membership_changes_count_at_once_and_circles_do_no_harm()
    {
        using var t = new TenantFixture();
        var reference = new JsonObject
        {
            ["@odata.id"] = $"https://graph.microsoft.com/v1.0/directoryObjects/{TenantSeed.Adele}",
        }.ToJsonString();
        Assert.Equal(HttpStatusCode.NoContent, (await t.Graph("POST", $"/groups/{TenantSeed.Managers}/members/$ref", reference)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await t.Graph("POST", $"/groups/{TenantSeed.Managers}/members/$ref", reference)).Status);
        var circle = new JsonObject
        {
            ["@odata.id"] = $"https://graph.microsoft.com/v1.0/directoryObjects/{TenantSeed.AllApprovers}",
        }.ToJsonString();
        Assert.Equal(HttpStatusCode.NoContent, (await t.Graph("POST", $"/groups/{TenantSeed.Managers}/members/$ref", circle)).Status);
        var (_, body, _) = await t.Graph("GET", $"/users/{TenantSeed.Adele}/transitiveMemberOf");
        Assert.Equal(2, body!["value"]!.AsArray().Count);
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await t.Graph("DELETE", $"/groups/{TenantSeed.Managers}/members/{TenantSeed.Adele}/$ref")).Status
        );
        Assert.Empty((await t.Graph("GET", $"/users/{TenantSeed.Adele}/transitiveMemberOf")).Body!["value"]!.AsArray());
    }

    [Theory]
    [InlineData("GET", "/me", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/", HttpStatusCode.BadRequest)]
    [InlineData("DELETE", "/users/00000000-0000-4000-8000-0000000000a1", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/users/00000000-0000-4000-8000-0000000000a1/photo", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/users/00000000-0000-4000-8000-0000000000a1/checkMemberGroups", HttpStatusCode.BadRequest)]
    public async Task What_it_does_not_know_it_refuses(string method, string path, HttpStatusCode status)
    {
        using var t = new TenantFixture();
        Assert.Equal(status, (await t.Graph(method, path, method == "POST" ? "{}" : null)).Status);
    }
}

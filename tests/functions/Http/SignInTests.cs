using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Local.Tenant;
using IRFunctions.OperatorConsole;
using IRFunctions.People;
using IRFunctions.Record;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Http;

/// <summary>The other door: Entra ID tokens on the HTTP API, under the same checks; and the page that decides nothing.</summary>
public sealed class SignInTests
{
    private const string Api = "00000000-0000-4000-8000-0000000000aa";
    private const string Issuer = $"https://login.microsoftonline.com/{TenantSeed.TenantId}/v2.0";

    private static Task<TeamsWorld> WorldAsync() =>
        TeamsWorld.CreateAsync(
            settings: new Dictionary<string, string?>
            {
                ["SignIn:Audience"] = Api,
                ["SignIn:TenantId"] = TenantSeed.TenantId,
                ["SignIn:Metadata"] = "http://127.0.0.1/teams/openid",
            }
        );

    private static string Token(TeamsWorld teams, Action<JsonObject>? change = null)
    {
        var now = teams.World.Time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = Api,
            ["tid"] = TenantSeed.TenantId,
            ["oid"] = World.Alex,
            ["name"] = "Alex Analyst",
            ["scp"] = "user_impersonation",
            ["roles"] = new JsonArray("Approver"),
            ["nbf"] = now,
            ["iat"] = now,
            ["exp"] = now + 3600,
        };
        change?.Invoke(claims);
        return teams.Teams.Sign(claims);
    }

    private static HttpRequest Request(string? token, object? body = null, string? fetchSite = null)
    {
        var http = new DefaultHttpContext();
        var bytes = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(body, System.Text.Json.JsonSerializerOptions.Web);
        http.Request.Body = new MemoryStream(bytes);
        http.Request.ContentLength = bytes.Length;
        if (token is not null)
            http.Request.Headers.Authorization = $"Bearer {token}";
        if (fetchSite is not null)
            http.Request.Headers["Sec-Fetch-Site"] = fetchSite;
        return http.Request;
    }

    private static async Task<int> AnswerAsync(TeamsWorld teams, string id, string? token, string? fetchSite = null)
    {
        var api = ActivatorUtilities.CreateInstance<ApprovalsApi>(teams.World.Machine.Services);
        var result = await api.AnswerAsync(
            Request(token, new { decision = "approve", reason = "seen" }, fetchSite),
            id,
            teams.World.Client,
            default
        );
        await teams.World.RunAsync();
        return ((ObjectResult)result).StatusCode ?? 200;
    }

    [Fact]
    public async Task An_approver_signed_in_with_Entra_ID_approves_and_the_token_is_on_the_record()
    {
        await using var teams = await WorldAsync();
        var id = await teams.AskedAsync();
        Assert.Equal(202, await AnswerAsync(teams, id, Token(teams)));
        Assert.False(await teams.World.CanSignInAsync(World.Adele));
        var answered = Assert.Single(
            await teams.World.RecordAsync(Assert.Single(await teams.World.IncidentsAsync()).Incident),
            e => e.Kind == AuditKinds.Answered
        );
        Assert.Contains("tokenIssuedAt", answered.Data!, StringComparison.Ordinal);
    }

    public static TheoryData<string, int, Action<JsonObject>> Bad =>
        new()
        {
            { "another tenant", 401, c => c["tid"] = "00000000-0000-4000-8000-00000000ffff" },
            { "another issuer", 401, c => c["iss"] = "https://api.botframework.com" },
            { "another audience", 401, c => c["aud"] = "00000003-0000-0000-c000-000000000000" },
            { "expired", 401, c => c["exp"] = 1 },
            { "an application", 401, c => c.Remove("scp") },
            { "nobody", 401, c => c.Remove("oid") },
            { "no role", 401, c => c.Remove("roles") },
            { "an unknown role", 401, c => c["roles"] = new JsonArray("GlobalAdmin") },
            { "a reader", 403, c => c["roles"] = new JsonArray("Reader") },
            { "a responder who is no approver", 403, c => c["roles"] = new JsonArray("Responder") },
            { "an approver by role who is on no ladder", 403, c => c["oid"] = World.Outsider },
        };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_token_of_or_for_somebody_else_decides_nothing_and_is_on_the_record(
        string who,
        int status,
        Action<JsonObject> change
    )
    {
        await using var teams = await WorldAsync();
        var id = await teams.AskedAsync();
        Assert.True(await AnswerAsync(teams, id, Token(teams, change)) == status, who);
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.NotEmpty(await teams.RefusedAsync());
    }

    [Fact]
    public async Task A_token_is_needed_and_a_page_elsewhere_cannot_use_a_signed_in_browser()
    {
        await using var teams = await WorldAsync();
        var id = await teams.AskedAsync();
        Assert.Equal(401, await AnswerAsync(teams, id, null));
        Assert.Equal(401, await AnswerAsync(teams, id, "a.b.c"));
        Assert.Equal(403, await AnswerAsync(teams, id, Token(teams), "cross-site"));
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_flood_without_a_sign_in_does_not_flood_the_record()
    {
        await using var teams = await WorldAsync();
        for (var i = 0; i < 50; i++)
            Assert.Equal(401, await AnswerAsync(teams, "approval-x", null));
        Assert.Equal(20, (await teams.RefusedAsync()).Count);
    }

    [Theory]
    [InlineData("Reader", 403)]
    [InlineData("Responder", 403)]
    [InlineData("Approver", 202)]
    [InlineData(null, 202)] // A registration without roles: the ladder alone decides.
    [InlineData("SomethingElse", 202)]
    public async Task Roles_count_where_App_Service_signed_the_person_in(string? role, int status)
    {
        await using var teams = await TeamsWorld.CreateAsync(
            settings: new Dictionary<string, string?> { ["WEBSITE_AUTH_ENABLED"] = "True" }
        );
        var id = await teams.AskedAsync();
        var claims = new JsonArray(new JsonObject { ["typ"] = "oid", ["val"] = World.Alex });
        if (role is not null)
            claims.Add(new JsonObject { ["typ"] = "roles", ["val"] = role });
        var request = Request(null, new { decision = "approve", reason = "seen" });
        request.Headers["X-MS-CLIENT-PRINCIPAL"] = Convert.ToBase64String(
            System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["claims"] = claims }.ToJsonString())
        );
        var api = ActivatorUtilities.CreateInstance<ApprovalsApi>(teams.World.Machine.Services);
        Assert.Equal(status, ((ObjectResult)await api.AnswerAsync(request, id, teams.World.Client, default)).StatusCode);
        await teams.World.RunAsync();
        Assert.Equal(status == 403, await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task A_reader_may_look_and_is_noted_as_having_looked()
    {
        await using var teams = await WorldAsync();
        var id = await teams.AskedAsync();
        var api = ActivatorUtilities.CreateInstance<ApprovalsApi>(teams.World.Machine.Services);
        Assert.IsAssignableFrom<OkObjectResult>(
            await api.GetAsync(Request(Token(teams, c => c["roles"] = new JsonArray("Reader"))), id, default)
        );
        Assert.Equal(401, ((ObjectResult)await api.GetAsync(Request(null), id, default)).StatusCode);
        var closing = await teams.Get<ApprovalRegister>().CloseAsync(id, ApprovalState.Expired, default);
        Assert.Equal([World.Alex], closing.Looked);
    }

    [Fact]
    public async Task Opening_the_link_of_a_page_decides_nothing_for_anyone()
    {
        await using var teams = await WorldAsync();
        var id = await teams.AskedAsync();
        var console = ActivatorUtilities.CreateInstance<ConsoleApi>(teams.World.Machine.Services);
        var request = Request(Token(teams));
        request.QueryString = new QueryString("?decision=approve&reason=preview");
        var page = Assert.IsType<ContentResult>(await console.ViewAsync(request, "request", id, teams.World.Client, default));
        Assert.Contains("Adele", page.Content!, StringComparison.Ordinal);
        var policy = request.HttpContext.Response.Headers.ContentSecurityPolicy.ToString();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        var nobody = Assert.IsType<ContentResult>(await console.ViewAsync(Request(null), "request", id, teams.World.Client, default));
        Assert.Equal(401, nobody.StatusCode);
        Assert.DoesNotContain("Adele", nobody.Content!, StringComparison.Ordinal);
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Single(await teams.World.PendingAsync());
    }

    [Fact]
    public void Half_a_configuration_does_not_start()
    {
        static void Start(params (string, string?)[] settings) => LocalStart(settings.ToDictionary(s => s.Item1, s => s.Item2));
        Assert.Contains(
            "TenantId",
            Assert.Throws<InvalidOperationException>(() => Start(("Teams:AppId", Api))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "AppId",
            Assert.Throws<InvalidOperationException>(() => Start(("Teams:AppId", "my-bot"))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "AuthorityHost",
            Assert
                .Throws<InvalidOperationException>(() =>
                    Start(("Teams:AppId", Api), ("Teams:TenantId", Api), ("Teams:AuthorityHost", "http://127.0.0.1/"))
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Metadata",
            Assert
                .Throws<InvalidOperationException>(() =>
                    Start(("Teams:AppId", Api), ("Teams:TenantId", Api), ("Teams:Metadata", "http://evil.example"))
                )
                .Message,
            StringComparison.Ordinal
        );
    }

    private static void LocalStart(Dictionary<string, string?> settings) =>
        TeamsSettings.From(
            new Microsoft.Extensions.Configuration.ConfigurationBuilder()
                .Add(new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource { InitialData = settings })
                .Build()
        );
}

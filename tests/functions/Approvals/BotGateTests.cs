using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Local.Teams;
using IRFunctions.Record;
using IRFunctions.Tests.Http;

namespace IRFunctions.Tests.Approvals;

/// <summary>Before the sender is proven: every forged message is refused with an HTTP error, leaves an entry and changes nothing.</summary>
public sealed class BotGateTests
{
    private static async Task RefusedAsync(
        int status,
        string rule,
        Func<TeamsWorld, HeldCard, (JsonNode Activity, string Authorization)> forge
    )
    {
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var (activity, authorization) = forge(teams, Assert.Single(teams.CardsOf(World.Alex)));
        var before = (await teams.RefusedAsync()).Count;
        Assert.Equal(status, (await teams.PostAsync(activity, authorization)).Http);
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Single(await teams.World.PendingAsync());
        var entry = Assert.Single((await teams.RefusedAsync()).Skip(before));
        Assert.Contains(rule, entry.Text, StringComparison.Ordinal);
    }

    private static JsonObject Honest(HeldCard card) => TeamsWorld.Click(card, World.Alex, "approve");

    private static Task TokenRefusedAsync(string rule, Action<JsonObject> change, int status = 401) =>
        RefusedAsync(
            status,
            rule,
            (t, c) =>
            {
                var now = t.World.Time.GetUtcNow().ToUnixTimeSeconds();
                var claims = new JsonObject
                {
                    ["iss"] = LoopbackTeams.Issuer,
                    ["aud"] = LoopbackTeams.AppId,
                    ["serviceurl"] = TeamsWorld.ServiceUrl,
                    ["nbf"] = now,
                    ["exp"] = now + 3600,
                };
                change(claims);
                return (Honest(c), $"Bearer {t.Teams.Sign(claims)}");
            }
        );

    [Fact]
    public Task Nobody() => RefusedAsync(401, "Missing", (t, c) => (Honest(c), ""));

    [Fact]
    public Task Somebody_with_a_password() => RefusedAsync(401, "Missing", (t, c) => (Honest(c), "Basic YTpi"));

    [Fact]
    public Task A_token_signed_by_somebody_else() =>
        RefusedAsync(
            401,
            "Signature",
            (t, c) =>
            {
                using var rsa = RSA.Create(2048);
                return (Honest(c), "Bearer " + TokenRig.Sign($$"""{"alg":"RS256","kid":"{{LoopbackTeams.KeyId}}"}""", "{}", rsa));
            }
        );

    [Theory]
    [InlineData("UnknownKey", "RS256", "somebody-elses")]
    [InlineData("Algorithm", "none", LoopbackTeams.KeyId)]
    [InlineData("Algorithm", "HS256", LoopbackTeams.KeyId)]
    public Task A_token_of_another_key_or_kind(string rule, string alg, string kid) =>
        RefusedAsync(
            401,
            rule,
            (t, c) =>
            {
                using var rsa = RSA.Create(2048);
                return (Honest(c), "Bearer " + TokenRig.Sign($$"""{"alg":"{{alg}}","kid":"{{kid}}"}""", "{}", rsa));
            }
        );

    [Fact]
    public Task A_token_too_large_to_be_one() => RefusedAsync(401, "TooLarge", (t, c) => (Honest(c), "Bearer " + new string('a', 20_000)));

    [Fact]
    public async Task While_the_keys_cannot_be_read_nobody_is_believed()
    {
        await using var teams = await TeamsWorld.CreateAsync(
            installed: false,
            settings: new Dictionary<string, string?> { ["Teams:Metadata"] = "http://127.0.0.1/teams/gone" }
        );
        Assert.Equal(503, (await teams.PostAsync(TeamsWorld.Install(World.Alex))).Http);
        Assert.Contains("KeysUnavailable", Assert.Single(await teams.RefusedAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_token_for_another_bot() => TokenRefusedAsync("Audience", c => c["aud"] = "00000000-0000-4000-8000-0000000000f3");

    [Fact]
    public Task A_token_of_our_own_tenant_instead_of_the_Bot_Framework() =>
        TokenRefusedAsync("Issuer", c => c["iss"] = "https://login.microsoftonline.com/00000000-0000-4000-8000-000000000001/v2.0");

    [Fact]
    public Task An_expired_token() => TokenRefusedAsync("Expired", c => c["exp"] = c["nbf"]!.GetValue<long>() - 301);

    [Fact]
    public Task A_token_from_the_future() => TokenRefusedAsync("NotYetValid", c => c["nbf"] = c["nbf"]!.GetValue<long>() + 301);

    [Fact]
    public Task A_token_without_a_service_address() => TokenRefusedAsync("service-url", c => c.Remove("serviceurl"), 403);

    [Fact]
    public Task A_token_for_another_service_address() =>
        TokenRefusedAsync("service-url", c => c["serviceurl"] = "https://smba.trafficmanager.net/amer/", 403);

    [Fact]
    public Task A_true_token_for_a_service_address_of_the_attackers() =>
        RefusedAsync(
            403,
            "service-host",
            (t, c) =>
            {
                var click = Honest(c);
                click["serviceUrl"] = "https://evil.example/";
                return (click, $"Bearer {t.Teams.BotToken("https://evil.example/")}");
            }
        );

    [Fact]
    public Task Another_channel_than_the_key_may_speak_for() =>
        RefusedAsync(
            403,
            "endorsement",
            (t, c) =>
            {
                var click = Honest(c);
                click["channelId"] = "webchat";
                return (click, $"Bearer {t.Teams.BotToken(TeamsWorld.ServiceUrl)}");
            }
        );

    [Theory]
    [InlineData("conversation")]
    [InlineData("channelData")]
    [InlineData("both")]
    [InlineData("none")]
    public Task A_person_of_another_tenant(string where) =>
        RefusedAsync(
            403,
            "tenant",
            (t, c) =>
            {
                var click = Honest(c);
                const string foreign = "00000000-0000-4000-8000-00000000ffff";
                if (where is "conversation" or "both")
                    click["conversation"]!["tenantId"] = foreign;
                if (where is "channelData" or "both")
                    click["channelData"]!["tenant"]!["id"] = foreign;
                if (where is "none")
                {
                    ((JsonObject)click["conversation"]!).Remove("tenantId");
                    click.Remove("channelData");
                }
                return (click, $"Bearer {t.Teams.BotToken(TeamsWorld.ServiceUrl)}");
            }
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_too_large_whether_or_not_it_says_so(bool saysSo)
    {
        await using var teams = await TeamsWorld.CreateAsync();
        var large = Encoding.UTF8.GetBytes("{\"type\":\"invoke\",\"x\":\"" + new string('x', 300_000) + "\"}");
        Assert.Equal(413, (await teams.PostAsync(large, $"Bearer {teams.Teams.BotToken(TeamsWorld.ServiceUrl)}", saysSo)).Http);
        Assert.Contains("size", Assert.Single(await teams.RefusedAsync()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"type\":")]
    [InlineData("{\"type\":\"invoke\",\"type\":\"message\"}")]
    public async Task A_body_that_is_not_one_JSON_object(string body)
    {
        await using var teams = await TeamsWorld.CreateAsync();
        Assert.Equal(
            400,
            (await teams.PostAsync(Encoding.UTF8.GetBytes(body), $"Bearer {teams.Teams.BotToken(TeamsWorld.ServiceUrl)}")).Http
        );
        Assert.Contains("malformed", Assert.Single(await teams.RefusedAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bot_that_is_not_configured_believes_nobody()
    {
        await using var teams = await TeamsWorld.CreateAsync(
            installed: false,
            settings: new Dictionary<string, string?> { ["Teams:AppId"] = "" }
        );
        Assert.Equal(401, (await teams.PostAsync(TeamsWorld.Install(World.Alex))).Http);
        Assert.Equal(401, (await teams.PostAsync(TeamsWorld.Install(World.Alex), "")).Http);
    }

    [Fact]
    public async Task A_flood_of_forgeries_does_not_flood_the_record()
    {
        await using var teams = await TeamsWorld.CreateAsync();
        for (var i = 0; i < 100; i++)
            Assert.Equal(401, (await teams.PostAsync(TeamsWorld.Install(World.Alex), "Bearer a.b.c")).Http);
        Assert.Equal(20, (await teams.World.RecordAsync(RecordChains.Pipeline)).Count(e => e.Kind == AuditKinds.Refused));
        await teams.World.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(401, (await teams.PostAsync(TeamsWorld.Install(World.Alex), "Bearer a.b.c")).Http);
        Assert.Contains(await teams.RefusedAsync(), e => e.Text.StartsWith("80 more", StringComparison.Ordinal));
    }
}

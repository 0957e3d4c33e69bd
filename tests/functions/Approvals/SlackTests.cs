using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.People;
using IRFunctions.Record;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Approvals;

/// <summary>Slack as a second place to ask: signed, bound by the policy, judged as everywhere.</summary>
public sealed class SlackTests
{
    private const string Alex = "U0ALEXAAAA";
    private const string Stranger = "U0STRANGER";
    private const string Team = "T0OURTEAM";
    private const string Secret = "8f742231b10e8888abcd99yyyzzz85a5";

    [Fact]
    public async Task A_request_is_asked_in_Slack_a_click_asks_why_and_the_form_approves()
    {
        using var slack = new FakeSlack();
        await using var world = await AskedAsync(slack);
        var asked = Assert.Single(slack.Got, g => g.Method == "chat.postMessage").Body;
        Assert.Equal(Alex, (string)asked["channel"]!);
        Assert.DoesNotContain("mrkdwn", asked.ToJsonString(), StringComparison.Ordinal);
        var button = asked["blocks"]!.AsArray().Single(b => (string)b!["type"]! == "actions")!["elements"]![0]!;

        Assert.Equal(200, (await PostAsync(world, Click(Alex, button))).Status);
        var form = Assert.Single(slack.Got, g => g.Method == "views.open").Body["view"]!;
        Assert.True(await world.CanSignInAsync(World.Adele));
        var (_, said) = await PostAsync(world, Submit(Alex, form, "the sign-ins are not hers"));
        Assert.Equal("update", (string)said!["response_action"]!);
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        var record = await world.RecordAsync((await world.IncidentsAsync())[0].Incident);
        Assert.Contains(record, e => e.Kind == AuditKinds.Answered && e.Actor == World.Alex);
    }

    [Fact]
    public async Task Whom_the_policy_does_not_bind_cannot_answer_and_it_is_on_the_record()
    {
        using var slack = new FakeSlack();
        await using var world = await AskedAsync(slack);
        var form = await FormAsync(world, slack);
        var (status, said) = await PostAsync(world, Submit(Stranger, form, "let me in"));
        Assert.Equal((200, "errors"), (status, (string)said!["response_action"]!));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Contains(await world.RecordAsync(RecordChains.Pipeline), e => e.Text.Contains("binds nobody", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_judge_is_the_same_no_reason_another_action_and_a_second_answer_do_not_count()
    {
        using var slack = new FakeSlack();
        await using var world = await AskedAsync(slack);
        var form = await FormAsync(world, slack);
        Assert.Contains("reason", await ErrorAsync(world, Submit(Alex, form, " ")), StringComparison.OrdinalIgnoreCase);
        var other = form.DeepClone();
        other["private_metadata"] = ((string)form["private_metadata"]!).Replace("\"hash\":\"", "\"hash\":\"00", StringComparison.Ordinal);
        Assert.Contains("not what is being asked", await ErrorAsync(world, Submit(Alex, other, "r")), StringComparison.Ordinal);
        Assert.Equal("update", (string)(await PostAsync(world, Submit(Alex, form, "r"))).Body!["response_action"]!);
        await world.RunAsync();
        Assert.NotEqual("", await ErrorAsync(world, Submit(Alex, form, "again")));
    }

    [Theory]
    [InlineData("old")]
    [InlineData("future")]
    [InlineData("forged")]
    [InlineData("unsigned")]
    [InlineData("changed")]
    [InlineData("team")]
    public async Task What_Slack_did_not_sign_now_is_refused_and_changes_nothing(string how)
    {
        using var slack = new FakeSlack();
        await using var world = await AskedAsync(slack);
        var form = await FormAsync(world, slack);
        var payload = Submit(Alex, form, "approve it");
        if (how == "team")
            payload["team"]!["id"] = "T0OTHER";
        var (status, _) = await PostAsync(world, payload, how);
        Assert.Equal(how == "team" ? 403 : 401, status);
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Contains(await world.RecordAsync(RecordChains.Pipeline), e => e.Text.Contains("in Slack's name", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_Slack_is_away_people_are_asked_elsewhere_and_the_record_says_so()
    {
        using var slack = new FakeSlack { Answer = """{"ok":false,"error":"account_inactive"}""" };
        await using var world = await AskedAsync(slack);
        Assert.Single(await world.PendingAsync());
        var record = await world.RecordAsync((await world.IncidentsAsync())[0].Incident);
        Assert.Contains(record, e => e.Text.Contains("account_inactive", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_signing_secret_every_request_is_refused()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(401, (await PostAsync(world, new JsonObject { ["type"] = "block_actions" })).Status);
    }

    private static async Task<JsonNode> FormAsync(World world, FakeSlack slack)
    {
        var asked = slack.Got.Single(g => g.Method == "chat.postMessage").Body;
        var button = asked["blocks"]!.AsArray().Single(b => (string)b!["type"]! == "actions")!["elements"]![0]!;
        await PostAsync(world, Click(Alex, button));
        return slack.Got.Last(g => g.Method == "views.open").Body["view"]!;
    }

    private static async Task<string> ErrorAsync(World world, JsonObject payload) =>
        (string?)(await PostAsync(world, payload)).Body?["errors"]?["reason"] ?? "";

    private static JsonObject Click(string user, JsonNode button) =>
        new()
        {
            ["type"] = "block_actions",
            ["team"] = new JsonObject { ["id"] = Team },
            ["user"] = new JsonObject { ["id"] = user },
            ["trigger_id"] = "1.2.3",
            ["actions"] = new JsonArray(
                new JsonObject { ["action_id"] = button["action_id"]!.DeepClone(), ["value"] = button["value"]!.DeepClone() }
            ),
        };

    private static JsonObject Submit(string user, JsonNode form, string reason) =>
        new()
        {
            ["type"] = "view_submission",
            ["team"] = new JsonObject { ["id"] = Team },
            ["user"] = new JsonObject { ["id"] = user },
            ["view"] = new JsonObject
            {
                ["callback_id"] = form["callback_id"]!.DeepClone(),
                ["private_metadata"] = form["private_metadata"]!.DeepClone(),
                ["state"] = new JsonObject
                {
                    ["values"] = new JsonObject { ["reason"] = new JsonObject { ["text"] = new JsonObject { ["value"] = reason } } },
                },
            },
        };

    private static async Task<(int Status, JsonNode? Body)> PostAsync(World world, JsonObject payload, string how = "")
    {
        var body = Encoding.UTF8.GetBytes("payload=" + Uri.EscapeDataString(payload.ToJsonString()));
        var at =
            world.Time.GetUtcNow()
            + (
                how switch
                {
                    "old" => -TimeSpan.FromMinutes(6),
                    "future" => TimeSpan.FromMinutes(6),
                    _ => default,
                }
            );
        var stamp = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var secret = Encoding.UTF8.GetBytes(how == "forged" ? "guessed" : Secret);
        var http = new DefaultHttpContext();
        http.Request.Method = "POST";
        http.Request.Headers["X-Slack-Request-Timestamp"] = stamp;
        if (how != "unsigned")
            http.Request.Headers["X-Slack-Signature"] = $"v0={SlackEndpoint.SignatureOf(secret, stamp, body)}";
        http.Request.Body = new MemoryStream(how == "changed" ? [.. body, (byte)'x'] : body);
        var endpoint = ActivatorUtilities.CreateInstance<SlackEndpoint>(world.Machine.Services);
        return await endpoint.PostAsync(http.Request, world.Client, CancellationToken.None) switch
        {
            ContentResult content => (200, JsonNode.Parse(content.Content!)),
            ObjectResult problem => (problem.StatusCode ?? 0, null),
            StatusCodeResult plain => (plain.StatusCode, null),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    private static async Task<World> AskedAsync(FakeSlack slack)
    {
        var world = await World.CreateAsync(
            o =>
                o with
                {
                    Settings = new Dictionary<string, string?>
                    {
                        ["Slack:SigningSecret"] = Secret,
                        ["Slack:BotToken"] = "xoxb-test",
                        ["Slack:Team"] = Team,
                    },
                    EditPolicy = files =>
                        [
                            .. files.Select(f =>
                                f.Name.EndsWith("ladder.yaml", StringComparison.Ordinal)
                                    ? f with
                                    {
                                        Text = f.Text.Replace(
                                            "name: Alex Analyst",
                                            $"name: Alex Analyst, slack: {Alex}",
                                            StringComparison.Ordinal
                                        ),
                                    }
                                    : f
                            ),
                        ],
                },
            replace: services =>
                services.AddSingleton(s => new SlackClient(
                    new HttpClient(slack, disposeHandler: false),
                    s.GetRequiredService<SlackSettings>()
                ))
        );
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        return world;
    }

    private sealed class FakeSlack : HttpMessageHandler
    {
        public List<(string Method, JsonNode Body)> Got { get; } = [];

        public string Answer { get; init; } = """{"ok":true}""";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal("Bearer xoxb-test", request.Headers.Authorization?.ToString());
            Got.Add((request.RequestUri!.Segments[^1], JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!));
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Answer) };
        }
    }
}

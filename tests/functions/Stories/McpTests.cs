using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Local.Host;

namespace IRFunctions.Tests.Stories;

#pragma warning disable CA1001 // xunit disposes it through IAsyncLifetime.
/// <summary>Assistants read and propose over the Model Context Protocol; they decide nothing.</summary>
public sealed class McpTests : IAsyncLifetime
{
    private ServedWorld served = null!;

    public async Task InitializeAsync()
    {
        served = await ServedWorld.StartAsync();
        await served.Machine.Start();
    }

    public async Task DisposeAsync() => await served.DisposeAsync();

    [Fact]
    public async Task It_introduces_itself_and_has_tools_that_read_and_one_that_proposes()
    {
        var hello = await AskAsync(
            "initialize",
            new
            {
                protocolVersion = "2025-06-18",
                capabilities = new { },
                clientInfo = new { name = "test", version = "1" },
            }
        );
        Assert.Equal("irfunctions", (string)hello["result"]!["serverInfo"]!["name"]!);
        var tools = (await AskAsync("tools/list"))["result"]!["tools"]!.AsArray();
        Assert.Equal(
            ["list_waiting_requests", "list_containments", "list_incidents", "read_story", "find_on_record", "propose_containment"],
            tools.Select(t => (string)t!["name"]!)
        );
        Assert.DoesNotContain(
            tools,
            t => ((string)t!["name"]!).Split('_').Any(w => w is "approve" or "deny" or "release" or "confirm" or "stop")
        );
        Assert.All(
            tools.Where(t => (string)t!["name"]! != "propose_containment"),
            t => Assert.True((bool)t!["annotations"]!["readOnlyHint"]!)
        );
    }

    [Fact]
    public async Task What_it_proposes_asks_somebody_else_even_where_the_policy_would_let_it_run()
    {
        var answer = await CallAsync(
            "propose_containment",
            new
            {
                action = "add_ip_to_watchlist",
                kind = "ip",
                id = "203.0.113.9",
                reason = "seen in three alerts",
            }
        );
        Assert.Contains("incident-", (string)answer["result"]!["content"]![0]!["text"]!, StringComparison.Ordinal);
        await World.EventuallyAsync(async () => (await served.World.PendingAsync()).Count == 1, "people are asked");
        var (id, view) = (await served.World.PendingAsync())[0];
        Assert.Equal(World.Alex, view.Request.RequestedBy);
        Assert.Equal(403, await served.World.AnswerAsync(id, World.Alex, "approve"));
        Assert.Empty(await served.World.ContainmentsAsync());
        var waiting = await CallAsync("list_waiting_requests", new { target = "203.0.113.9" });
        Assert.Contains(id, (string)waiting["result"]!["content"]![0]!["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_API_refuses_is_an_error_of_the_tool_with_its_words()
    {
        var wrong = await CallAsync("list_incidents", new { state = "Perhaps" });
        Assert.True((bool)wrong["result"]!["isError"]!);
        Assert.Contains("Awaiting", (string)wrong["result"]!["content"]![0]!["text"]!, StringComparison.Ordinal);
        Assert.NotNull((await CallAsync("approve", new { }))["error"]);
        Assert.NotNull((await CallAsync("read_story", new { }))["error"]);
        var reader = await CallAsync(
            "propose_containment",
            new
            {
                action = "x",
                kind = "ip",
                id = "203.0.113.9",
                reason = "r",
            }
        );
        Assert.True((bool)reader["result"]!["isError"]!);
    }

    [Theory]
    [InlineData(null, "{}", HttpStatusCode.Unauthorized)]
    [InlineData(World.Alex, "", HttpStatusCode.BadRequest)]
    [InlineData(World.Alex, "{\"jsonrpc\":", HttpStatusCode.BadRequest)]
    public async Task Nobody_and_nonsense_are_refused_with_a_problem_and_no_redirect(string? user, string body, HttpStatusCode status)
    {
        using var answer = await PostAsync(user, body);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    private Task<JsonNode> CallAsync(string name, object arguments) => AskAsync("tools/call", new { name, arguments });

    private async Task<JsonNode> AskAsync(string method, object? parameters = null)
    {
        var message = JsonSerializer.Serialize(
            new
            {
                jsonrpc = "2.0",
                id = 1,
                method,
                @params = parameters ?? new { },
            }
        );
        using var answer = await PostAsync(World.Alex, message);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        var data = text.Split('\n').Last(l => l.StartsWith("data:", StringComparison.Ordinal));
        return JsonNode.Parse(data["data:".Length..])!;
    }

    private async Task<HttpResponseMessage> PostAsync(string? user, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/mcp")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (user is not null)
            request.Headers.Add(DevelopmentSignIn.Header, user);
        return await served.Http.SendAsync(request);
    }
}

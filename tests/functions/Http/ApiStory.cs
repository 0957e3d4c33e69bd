using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Host;

namespace IRFunctions.Tests.Http;

/// <summary>One request and what came back.</summary>
internal sealed record Exchange(string Method, string Path, int Status, string? ContentType, string Request, string Body);

/// <summary>
/// A night over HTTP alone: alerts, answers, containments, an agent, restoring, shredding. Every endpoint is asked at least once, and all
/// that was said is kept.
/// </summary>
internal sealed class ApiStory(ServedWorld served)
{
    private const string Agent = "trading-agent-1";

    public List<Exchange> Said { get; } = [];

    public async Task RunAsync()
    {
        await served.Machine.Start();
        await IncidentAsync();
        await AgentAsync();
        foreach (var path in (string[])["api/drills", "api/health", "api/permissions", "api/openapi.json", "api/stop"])
            await SendAsync("GET", path);
        await SendAsync("GET", "api/webhooks");
        await SendAsync(
            "POST",
            "api/mcp",
            new
            {
                jsonrpc = "2.0",
                id = 1,
                method = "tools/list",
            }
        );
        await SendAsync(
            "POST",
            "api/containments",
            new
            {
                action = "block_ip_at_firewall",
                target = new { kind = "ip", id = "203.0.113.200" },
                reason = "it scans us and no detector sees it",
            }
        );
        await SendAsync("PUT", "api/stop", new { reason = "something is off" });
        await SendAsync("DELETE", "api/stop", new { reason = "all clear" });
        await SendAsync("POST", "api/messages", new { type = "message" }, user: null);
        await SendAsync("POST", "api/slack", new { type = "message" }, user: null);
        foreach (var path in (string[])["api/incidents", "api/incidents/x", "api/stop?engaged=true", "api/record?form=1"])
            await SendAsync("GET", path, user: path == "api/incidents" ? null : World.Alex);
    }

    private async Task IncidentAsync()
    {
        await served.Machine.Alerts.SendAsync(OutgoingMessage.Json(Given.StolenAccount().ToJsonString()));
        var waiting = await UntilAsync("api/approvals", j => j["approvals"]!.AsArray().Count == 1);
        var approval = (string)waiting["approvals"]![0]!["id"]!;
        var incident = (string)waiting["approvals"]![0]!["request"]!["request"]!["incident"]!;
        await SendAsync("GET", $"api/approvals/{approval}");
        await SendAsync("POST", $"api/approvals/{approval}", new { decision = "approve", reason = "the sign-ins are not hers" });
        var containment = World.DisableOf(World.Adele);
        await UntilAsync("api/containments", j => j["containments"]!.AsArray().Any(c => (string)c!["state"]!["effect"]! == "InEffect"));
        await UntilAsync("api/incidents", j => (string)j["incidents"]![0]!["status"]! == "Completed");
        await SendAsync("GET", $"api/containments/{containment}");
        await SendAsync("POST", $"api/containments/{containment}/extend", new { reason = "still looking", hours = 1.5 });
        foreach (
            var path in (string[])
                [
                    $"api/incidents/{incident}",
                    $"api/incidents/{incident}/story?top=2",
                    $"api/incidents/{incident}/attack-chain",
                    $"api/audit/{incident}?top=3",
                    $"api/audit/{incident}/export?format=jsonl",
                    "api/record?kind=received&top=1",
                    $"api/recovery-points?incident={incident}",
                ]
        )
            await SendAsync("GET", path);
        var points = await GetAsync($"api/recovery-points?incident={incident}");
        var point = Uri.EscapeDataString((string)points["recoveryPoints"]!.AsArray().First(p => p!["restorable"] is null)!["id"]!);
        await SendAsync("POST", $"api/recovery-points/{point}/restore", new { reason = "the owner called" });
        await SendAsync("POST", $"api/recovery-points/{point}/restore", new { reason = "so they did" }, World.Sam);
        foreach (var other in (await GetAsync("api/containments?status=Live"))["containments"]!.AsArray())
            await SendAsync("POST", $"api/containments/{(string)other!["id"]!}/release", new { reason = "all clear" });
        await UntilAsync("api/containments", j => j["containments"]!.AsArray().Count == 0);
        served.World.Time.Advance(TimeSpan.FromHours(1)); // Only a record that rests is shredded.
        await SendAsync("DELETE", $"api/audit/{incident}/words", new { reason = "asked to be forgotten" });
        await SendAsync("DELETE", $"api/audit/{incident}/words", new { reason = "it is lawful" }, World.Sam);
    }

    private async Task AgentAsync()
    {
        var at = served.World.Time.GetUtcNow().AddSeconds(-20);
        var batch = new
        {
            identity = Agent,
            identityType = "ai_agent",
            source = "gateway-1",
            sequence = 1,
            events = Enumerable
                .Range(0, 5)
                .Select(i => new
                {
                    time = at.AddSeconds(i),
                    endpoint = "GET /quotes",
                    target = "exchange.example",
                    bytes = 512,
                    authentication = "Ok",
                    latencyMs = 12,
                    correlationId = $"t-{i}",
                }),
        };
        await SendAsync("POST", "api/activity", batch);
        await UntilAsync($"api/identities/{Agent}", j => j["identity"] is not null);
        await UntilAsync("api/identities?state=Closed", j => j["identities"]!.AsArray().Count == 1);
        await SendAsync("POST", $"api/identities/{Agent}/evaluate", new { endpoint = "GET /quotes" });
        await SendAsync("POST", $"api/identities/{Agent}/snapshots", new { positions = 3 });
        await SendAsync("GET", $"api/identities/{Agent}/snapshots");
        await SendAsync("GET", $"api/identities/{Agent}/snapshots/1");
        await SendAsync("POST", $"api/identities/{Agent}/snapshots/1/restore", new { reason = "poisoned since" });
        await SendAsync("POST", $"api/identities/{Agent}/breaker/open", new { reason = "it buys at night" });
        await UntilAsync($"api/identities/{Agent}", j => (string)j["state"]! == "Open");
        await SendAsync("GET", $"api/identities/{Agent}/interactions");
    }

    private async Task<JsonNode> UntilAsync(string path, Func<JsonNode, bool> wanted)
    {
        JsonNode? last = null;
        await World.EventuallyAsync(
            async () =>
            {
                using var answer = await AskAsync("GET", path, null, World.Alex);
                last = JsonNode.Parse(await answer.Content.ReadAsStringAsync());
                return answer.IsSuccessStatusCode && wanted(last!);
            },
            path
        );
        await SendAsync("GET", path);
        return last!;
    }

    private async Task<JsonNode> GetAsync(string path) => JsonNode.Parse((await SendAsync("GET", path)).Body)!;

    private async Task<Exchange> SendAsync(string method, string path, object? body = null, string? user = World.Alex)
    {
        using var answer = await AskAsync(method, path, body, user);
        var said = new Exchange(
            method,
            path,
            (int)answer.StatusCode,
            answer.Content.Headers.ContentType?.MediaType,
            body is null ? "" : JsonSerializer.Serialize(body, JsonSerializerOptions.Web),
            await answer.Content.ReadAsStringAsync()
        );
        Said.Add(said);
        return said;
    }

    private async Task<HttpResponseMessage> AskAsync(string method, string path, object? body, string? user)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(
                JsonSerializer.Serialize(body, JsonSerializerOptions.Web),
                Encoding.UTF8,
                "application/json"
            );
        if (user is not null)
            request.Headers.Add(DevelopmentSignIn.Header, user);
        return await served.Http.SendAsync(request);
    }
}

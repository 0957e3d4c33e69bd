using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;

namespace IRFunctions.Tests.Http;

#pragma warning disable CA1001 // xunit disposes it through IAsyncLifetime.
/// <summary>The HTTP functions on a real loopback server, as people and programs meet them.</summary>
public sealed class HttpApiTests : IAsyncLifetime
{
    private ServedWorld served = null!;
    private LocalMachine machine = null!;
    private HttpClient http = null!;

    public static TheoryData<string, string> Endpoints =>
        new()
        {
            { "GET", "api/incidents" },
            { "GET", "api/incidents/incident-x" },
            { "GET", "api/approvals" },
            { "POST", "api/approvals/approval-x" },
            { "GET", "api/containments" },
            { "POST", "api/containments/x/release" },
            { "POST", "api/containments/x/confirm" },
            { "POST", "api/containments/x/extend" },
            { "GET", "api/audit/incident-x" },
            { "GET", "api/stop" },
            { "PUT", "api/stop" },
            { "DELETE", "api/stop" },
        };

    public async Task InitializeAsync()
    {
        served = await ServedWorld.StartAsync();
        (machine, http) = (served.Machine, served.Http);
        await machine.Start();
    }

    public async Task DisposeAsync() => await served.DisposeAsync();

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Without_a_sign_in_every_endpoint_answers_401_with_a_problem(string method, string path)
    {
        await AssertProblemAsync(
            401,
            await SendAsync(method, path, null, new { reason = "r", decision = "approve" }),
            "urn:irfunctions:sign-in"
        );
        await AssertProblemAsync(401, await SendAsync(method, path, "00000000-0000-4000-8000-00000000ffff", new { reason = "r" }), null);
        await AssertProblemAsync(401, await SendAsync(method, path, "nobody", new { reason = "r" }), null);
    }

    [Fact]
    public async Task A_forged_platform_header_signs_nobody_in()
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "api/stop") { Content = JsonContent.Create(new { reason = "r" }) };
        request.Headers.Add(
            "X-MS-CLIENT-PRINCIPAL",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"claims":[{"typ":"oid","val":"{{World.Alex}}"}]}"""))
        );
        await AssertProblemAsync(401, await http.SendAsync(request), "urn:irfunctions:sign-in");
    }

    [Fact]
    public async Task Health_is_open_and_says_how_things_are()
    {
        var health = await http.GetFromJsonAsync<JsonElement>("api/health");
        Assert.Equal("healthy", health.GetProperty("status").GetString());
        Assert.Equal("readable", health.GetProperty("record").GetString());
    }

    [Fact]
    public async Task A_whole_incident_over_HTTP_alone()
    {
        var (incident, approval) = await AskedAsync(World.Adele);
        Assert.Equal(202, await StatusAsync("POST", $"api/approvals/{approval}", new { decision = "approve", reason = "stolen" }));
        var containment = World.DisableOf(World.Adele);
        await UntilAsync(
            "api/containments",
            j => j.GetProperty("containments").EnumerateArray().Any(c => c.GetProperty("id").GetString() == containment)
        );
        await UntilAsync($"api/incidents/{incident}", j => j.GetProperty("alerts")[0].GetProperty("status").GetString() == "Completed");
        Assert.Equal(JsonValueKind.Array, (await GetAsync($"api/incidents/{incident}")).GetProperty("timeline").ValueKind);

        Assert.Equal(202, await StatusAsync("POST", $"api/containments/{containment}/extend", new { reason = "still looking", hours = 1 }));
        Assert.Equal(202, await StatusAsync("POST", $"api/containments/{containment}/confirm", new { reason = "really stolen" }));
        await UntilAsync(
            "api/containments?all=true",
            j => j.GetProperty("containments")[0].GetProperty("state").GetProperty("status").GetString() == "Confirmed"
        );
        Assert.Equal(
            202,
            await StatusAsync("POST", $"api/containments/{Uri.EscapeDataString(containment)}/release", new { reason = "owner called" })
        );
        await UntilAsync(
            "api/containments?all=true",
            j => j.GetProperty("containments")[0].GetProperty("state").GetProperty("status").GetString() == "Released"
        );

        var audit = await GetAsync($"api/audit/{incident}");
        Assert.Equal(0, audit.GetProperty("problems").GetArrayLength());
        foreach (var kind in (string[])["received", "asked", "granted", "executing", "extended", "confirmed", "release-asked", "undone"])
            Assert.Contains(audit.GetProperty("entries").EnumerateArray(), e => e.GetProperty("kind").GetString() == kind);
        Assert.Empty((await GetAsync("api/approvals")).GetProperty("approvals").EnumerateArray());
    }

    [Fact]
    public async Task The_stop_is_engaged_seen_and_lifted()
    {
        Assert.False((await GetAsync("api/stop")).GetProperty("engaged").GetBoolean());
        Assert.Equal(202, await StatusAsync("PUT", "api/stop", new { reason = "something is off" }));
        await UntilAsync("api/stop", j => j.GetProperty("engaged").GetBoolean() && j.GetProperty("by").GetString() == World.Alex);
        Assert.Contains("engaged", (await GetAsync("api/health")).GetProperty("durable").GetString(), StringComparison.Ordinal);
        Assert.Equal(202, await StatusAsync("DELETE", "api/stop", new { reason = "all clear" }));
        await UntilAsync("api/stop", j => !j.GetProperty("engaged").GetBoolean());
        Assert.Equal(2, (await GetAsync("api/audit/pipeline")).GetProperty("entries").GetArrayLength());
    }

    [Fact]
    public async Task Each_error_is_a_problem_with_type_title_and_a_detail_that_helps()
    {
        var (_, approval) = await AskedAsync(World.Adele);
        var answer = $"api/approvals/{approval}";
        await AssertProblemAsync(404, await SendAsync("GET", "api/incidents/incident-none"), "urn:irfunctions:not-found");
        await AssertProblemAsync(404, await SendAsync("GET", "api/incidents/@globalstop@tenant"), "urn:irfunctions:not-found");
        await AssertProblemAsync(404, await SendAsync("GET", "api/audit/incident-none"), "urn:irfunctions:not-found");
        await AssertProblemAsync(
            404,
            await SendAsync("POST", "api/approvals/approval-none", body: new { decision = "deny", reason = "r" }),
            "urn:irfunctions:not-found"
        );
        await AssertProblemAsync(
            404,
            await SendAsync("POST", "api/approvals/incident-none", body: new { decision = "deny", reason = "r" }),
            "urn:irfunctions:not-found"
        );
        await AssertProblemAsync(
            404,
            await SendAsync("POST", "api/containments/none/release", body: new { reason = "r" }),
            "urn:irfunctions:not-found"
        );
        await AssertProblemAsync(
            404,
            await SendAsync("POST", "api/containments/none/destroy", body: new { reason = "r" }),
            "urn:irfunctions:not-found"
        );
        await AssertProblemAsync(404, await SendAsync("GET", "api/nothing-here"), null);
        await AssertProblemAsync(405, await SendAsync("DELETE", "api/incidents"), null);
        await AssertProblemAsync(400, await SendAsync("GET", "api/incidents?top=many"), "urn:irfunctions:query");
        await AssertProblemAsync(
            400,
            await SendAsync("POST", answer, body: new { decision = "maybe", reason = "r" }),
            "urn:irfunctions:decision"
        );
        await AssertProblemAsync(400, await SendAsync("POST", answer, raw: "{\"decision\":"), "urn:irfunctions:body");
        await AssertProblemAsync(400, await SendAsync("POST", answer, raw: "null"), "urn:irfunctions:body");
        await AssertProblemAsync(400, await SendAsync("POST", answer, raw: ""), "urn:irfunctions:body");
        await AssertProblemAsync(413, await SendAsync("POST", answer, raw: new string(' ', 20_000)), "urn:irfunctions:too-large");
        await AssertProblemAsync(
            403,
            await SendAsync("POST", answer, body: new { decision = "approve", reason = "" }),
            "urn:irfunctions:reason"
        );
        await AssertProblemAsync(
            409,
            await SendAsync(
                "POST",
                answer,
                body: new
                {
                    decision = "approve",
                    reason = "r",
                    actionHash = "00",
                }
            ),
            "urn:irfunctions:other-action"
        );
        await AssertProblemAsync(400, await SendAsync("PUT", "api/stop", body: new { reason = " " }), "urn:irfunctions:reason");
        await AssertProblemAsync(
            400,
            await SendAsync("POST", "api/containments/none/extend", body: new { reason = "r" }),
            "urn:irfunctions:hours"
        );

        Assert.Equal(202, await StatusAsync("POST", answer, new { decision = "deny", reason = "known travel" }));
        await UntilAsync("api/approvals", j => j.GetProperty("approvals").GetArrayLength() == 0);
        await AssertProblemAsync(
            409,
            await SendAsync("POST", answer, body: new { decision = "approve", reason = "r" }),
            "urn:irfunctions:already-decided"
        );
    }

    [Fact]
    public async Task Nobody_approves_for_their_own_account_over_HTTP_403()
    {
        var (_, approval) = await AskedAsync(World.Alex);
        await AssertProblemAsync(
            403,
            await SendAsync("POST", $"api/approvals/{approval}", body: new { decision = "approve", reason = "it was me" }),
            "urn:irfunctions:is-target"
        );
    }

    [Fact]
    public async Task GET_and_HEAD_and_link_previews_change_nothing()
    {
        var (incident, approval) = await AskedAsync(World.Adele);
        await UntilAsync(
            $"api/incidents/{incident}",
            j => j.GetProperty("alerts")[0].GetProperty("view").GetProperty("outcome").GetString() == "Awaiting"
        );
        var (steps, journal, record) = (
            machine.Engine.Steps,
            machine.Tenant.Journal.Count,
            (await machine.Audit.ReadAsync(incident)).Count
        );
        foreach (
            var path in (string[])
                [
                    "api/incidents",
                    $"api/incidents/{incident}",
                    "api/approvals",
                    $"api/approvals/{approval}",
                    $"api/approvals/{approval}?decision=approve&reason=r",
                    "api/containments?all=true",
                    $"api/containments/{World.DisableOf(World.Adele)}/release",
                    $"api/audit/{incident}",
                    "api/stop",
                    "api/health",
                ]
        )
        {
            foreach (var method in (string[])["GET", "HEAD", "OPTIONS"])
                (await SendAsync(method, path)).Dispose();
        }
        Assert.Equal(
            (steps, journal, record),
            (machine.Engine.Steps, machine.Tenant.Journal.Count, (await machine.Audit.ReadAsync(incident)).Count)
        );
        Assert.Single((await GetAsync("api/approvals")).GetProperty("approvals").EnumerateArray());
    }

    [Fact]
    public async Task An_alert_of_5_MB_is_refused_with_403_as_by_Service_Bus()
    {
        using var answer = await http.PostAsync("alerts/messages", new ByteArrayContent(new byte[5 * 1024 * 1024]));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("too large", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, machine.Alerts.Counts.Active);
    }

    private async Task<(string Incident, string Approval)> AskedAsync(string user)
    {
        await machine.Alerts.SendAsync(OutgoingMessage.Json(Given.StolenAccount(user).ToJsonString()));
        var found = await UntilAsync("api/approvals", j => j.GetProperty("approvals").GetArrayLength() == 1);
        var approval = found.GetProperty("approvals")[0];
        return (
            approval.GetProperty("request").GetProperty("request").GetProperty("incident").GetString()!,
            approval.GetProperty("id").GetString()!
        );
    }

    private async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> wanted)
    {
        JsonElement last = default;
        await World.EventuallyAsync(async () => wanted(last = await GetAsync(path)), path);
        return last;
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await SendAsync("GET", path);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<int> StatusAsync(string method, string path, object body)
    {
        using var answer = await SendAsync(method, path, body: body);
        return (int)answer.StatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method,
        string path,
        string? user = World.Alex,
        object? body = null,
        string? raw = null
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is not ("GET" or "HEAD" or "OPTIONS"))
            request.Content = raw is null ? JsonContent.Create(body) : new StringContent(raw, Encoding.UTF8, "application/json");
        if (user is not null)
            request.Headers.Add(DevelopmentSignIn.Header, user);
        return await http.SendAsync(request);
    }

    private static async Task AssertProblemAsync(int status, HttpResponseMessage answer, string? type)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(
                status == (int)answer.StatusCode,
                $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri}: {answer.StatusCode} {text}"
            );
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            var problem = JsonDocument.Parse(text).RootElement;
            Assert.Equal(status, problem.GetProperty("status").GetInt32());
            Assert.NotEmpty(problem.GetProperty("title").GetString()!);
            Assert.NotEmpty(problem.GetProperty("type").GetString()!);
            if (type is null)
                return;
            Assert.Equal(type, problem.GetProperty("type").GetString());
            Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        }
    }
}

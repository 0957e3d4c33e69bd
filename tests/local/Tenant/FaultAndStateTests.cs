using System.Net;
using System.Text;
using IRFunctions.Local.Tenant;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Tests.Tenant;

/// <summary>Trouble on order, state that survives, and the same answers over HTTP.</summary>
public sealed class FaultAndStateTests
{
    private const string Disable = """{"accountEnabled":false}""";

    private static readonly string Adele = $"/users/{TenantSeed.Adele}";

    [Fact]
    public async Task A_throttled_request_says_when_to_come_back_and_does_nothing()
    {
        using var t = new TenantFixture();
        t.Tenant.Faults.Add(new Fault(FaultKind.Throttle, "/graph/v1.0/users/*", "PATCH", Count: 2, Seconds: 7));
        for (var i = 0; i < 2; i++)
        {
            var (status, body, response) = await t.Graph("PATCH", Adele, Disable);
            Assert.Equal(HttpStatusCode.TooManyRequests, status);
            Assert.Equal("7", response.Headers.GetValues("Retry-After").Single());
            Assert.Equal("TooManyRequests", (string?)body!["error"]!["code"]);
            Assert.Equal(HttpStatusCode.OK, (await t.Graph("GET", Adele)).Status);
        }
        Assert.Empty(t.Tenant.Journal.Entries);
        Assert.Equal(HttpStatusCode.NoContent, (await t.Graph("PATCH", Adele, Disable)).Status);
        Assert.Empty(t.Tenant.Faults.Planned);
    }

    [Theory]
    [InlineData(FaultKind.Unavailable, HttpStatusCode.ServiceUnavailable, "ServiceUnavailable")]
    [InlineData(FaultKind.Error, HttpStatusCode.InternalServerError, "InternalServerError")]
    [InlineData(FaultKind.Forbid, HttpStatusCode.Forbidden, "Authorization_RequestDenied")]
    public async Task Other_refusals_carry_Graphs_codes_until_cleared(FaultKind kind, HttpStatusCode expected, string code)
    {
        using var t = new TenantFixture();
        t.Tenant.Faults.Add(new Fault(kind, "/graph/*"));
        for (var i = 0; i < 3; i++)
        {
            var (status, body, _) = await t.Graph("PATCH", Adele, Disable);
            Assert.Equal((expected, code), (status, (string?)body!["error"]!["code"]));
        }
        t.Tenant.Faults.Clear();
        Assert.Equal(HttpStatusCode.NoContent, (await t.Graph("PATCH", Adele, Disable)).Status);
    }

    [Fact]
    public async Task A_slow_request_works_after_its_wait_on_the_tenants_clock()
    {
        using var t = new TenantFixture();
        t.Tenant.Faults.Add(new Fault(FaultKind.Slow, Count: 1, Seconds: 90));
        Assert.Equal(HttpStatusCode.NoContent, (await t.Graph("PATCH", Adele, Disable)).Status);
        Assert.Equal([TimeSpan.FromSeconds(90)], t.Clock.Waits);
    }

    [Fact]
    public async Task A_lost_answer_leaves_its_effect_behind()
    {
        using var t = new TenantFixture();
        t.Tenant.Faults.Add(new Fault(FaultKind.LoseAnswer, Count: 1));
        await Assert.ThrowsAsync<HttpRequestException>(() => t.Graph("PATCH", Adele, Disable));
        Assert.True(t.Tenant.Journal.Entries.Single().Changed);
        Assert.False((bool)t.Tenant.FindUser(TenantSeed.Adele)!["accountEnabled"]!);
    }

    [Fact]
    public async Task Faults_can_be_ordered_over_HTTP()
    {
        using var t = new TenantFixture();
        var (status, body, _) = await t.Send(
            "PUT",
            "/local/tenant/faults",
            """[{"kind":"Throttle","path":"/itsm/*","count":1,"seconds":3},{"kind":"Error","path":"/pager/*"}]"""
        );
        Assert.Equal((HttpStatusCode.OK, 2), (status, body!.AsArray().Count));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await t.Send("POST", "/itsm/tickets", "{}")).Status);
        Assert.Equal(HttpStatusCode.InternalServerError, (await t.Send("GET", "/pager/pages")).Status);
        Assert.Equal(HttpStatusCode.OK, (await t.Graph("GET", Adele)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await t.Send("DELETE", "/local/tenant/faults")).Status);
        Assert.Equal(HttpStatusCode.OK, (await t.Send("GET", "/pager/pages")).Status);
    }

    [Theory]
    [InlineData("""{"kind":"Explode"}""")]
    [InlineData("""{"kind":"Throttle","count":0}""")]
    [InlineData("""{"kind":"Slow","seconds":-1}""")]
    [InlineData("""{"kind":"Throttle","route":"/graph/*"}""")]
    [InlineData("[null]")]
    [InlineData("nonsense")]
    public async Task A_fault_that_makes_no_sense_is_refused_and_the_planned_ones_stay(string fault)
    {
        using var t = new TenantFixture();
        t.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/graph/*"));
        Assert.Equal(HttpStatusCode.BadRequest, (await t.Send("PUT", "/local/tenant/faults", fault)).Status);
        Assert.Single(t.Tenant.Faults.Planned);
    }

    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_restart_without_a_goodbye()
    {
        var path = Path.Combine(Path.GetTempPath(), $"irfunctions-tenant-{Guid.NewGuid():N}.db");
        try
        {
            var before = await SimulatedTenant.OpenAsync(path);
            using (var t = new TenantFixture(before))
            {
                await t.Graph("PATCH", Adele, Disable);
                await t.Send("POST", "/itsm/tickets", """{"title":"Look"}""", ("Idempotency-Key", "k-1"));
            }
            // The first tenant is not disposed: a second opens the file as a process after kill -9 would.
            await using var after = await SimulatedTenant.OpenAsync(path);
            using (var t = new TenantFixture(after))
            {
                Assert.False((bool)after.FindUser(TenantSeed.Adele)!["accountEnabled"]!);
                Assert.Equal(before.Journal.Entries, after.Journal.Entries);
                var (status, ticket, _) = await t.Send("POST", "/itsm/tickets", """{"title":"Look"}""", ("Idempotency-Key", "k-1"));
                Assert.Equal(HttpStatusCode.OK, status);
                var (_, next, _) = await t.Send("POST", "/itsm/tickets", """{"title":"Look"}""");
                Assert.NotEqual((string?)ticket!["id"], (string?)next!["id"]);
            }
            await before.DisposeAsync();
        }
        finally
        {
            foreach (var file in System.IO.Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(path) + "*"))
                File.Delete(file);
        }
    }

    [Fact]
    public async Task Many_writers_at_once_lose_nothing()
    {
        using var t = new TenantFixture();
        await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(w =>
                    Task.Run(async () =>
                    {
                        for (var i = 0; i < 100; i++)
                            await t.Send("POST", "/itsm/tickets", """{"title":"Look"}""", ("Idempotency-Key", $"k-{i}"));
                    })
                )
        );
        Assert.Equal(1_600, t.Tenant.Journal.Count);
        Assert.Equal(100, t.Tenant.Journal.Entries.Count(e => e.Changed));
        Assert.Equal(Enumerable.Range(1, 1_600).Select(i => (long)i), t.Tenant.Journal.Entries.Select(e => e.Sequence));
    }

    [Fact]
    public async Task Over_HTTP_the_answers_are_the_same()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        await using var tenant = SimulatedTenant.InMemory();
        TenantEndpoint.Map(app, tenant);
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", "local");

        using var disable = new StringContent(Disable, Encoding.UTF8, "application/json");
        var patched = await http.PatchAsync("/graph/v1.0" + Adele, disable);
        Assert.Equal(HttpStatusCode.NoContent, patched.StatusCode);
        Assert.NotEmpty(patched.Headers.GetValues("request-id"));
        var user = await http.GetStringAsync($"/graph/v1.0/users/{Uri.EscapeDataString("AdeleV@contoso.example")}?$select=accountEnabled");
        Assert.Contains("\"accountEnabled\":false", user, StringComparison.Ordinal);
        using var move = new StringContent("""{"destinationId":"junkemail"}""", Encoding.UTF8, "application/json");
        Assert.Equal(
            HttpStatusCode.Created,
            (await http.PostAsync($"/graph/v1.0/users/{TenantSeed.Megan}/messages/AAMkSeed1AAA%3D/move", move)).StatusCode
        );
        var page = await http.GetStringAsync("/graph/v1.0/users?$top=1");
        Assert.Contains(
            $"\"@odata.nextLink\":\"{app.Urls.Single()}/graph/v1.0/users?$top=1\\u0026$skiptoken=1\"",
            page,
            StringComparison.Ordinal
        );

        tenant.Faults.Add(new Fault(FaultKind.LoseAnswer, Count: 1));
        using var enable = new StringContent("""{"accountEnabled":true}""", Encoding.UTF8, "application/json");
        await Assert.ThrowsAsync<HttpRequestException>(() => http.PatchAsync("/graph/v1.0" + Adele, enable));
        Assert.True((bool)tenant.FindUser(TenantSeed.Adele)!["accountEnabled"]!);
        Assert.Contains("user.update", await http.GetStringAsync("/local/tenant/journal"), StringComparison.Ordinal);
    }
}

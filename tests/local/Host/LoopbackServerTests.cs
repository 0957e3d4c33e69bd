using System.Net;
using System.Text.Json.Nodes;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Host;

/// <summary>HTTP functions and the development sign-in on a real loopback Kestrel.</summary>
public sealed class LoopbackServerTests : IAsyncLifetime, IDisposable
{
    private const string Ada = "8f2f3a5e-3f1b-4c59-9d5f-0d5c36b7a001";
    private const string Thing = "11111111-2222-3333-4444-555555555555";
    private readonly Calls calls = new();
    private LoopbackServer server = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        server = await LoopbackServer.StartAsync(
            0,
            b => b.Services.AddSingleton(calls),
            app =>
            {
                DevelopmentSignIn.Use(app, id => id == Ada ? new DevUser(Ada, "Ada", ["admin"]) : null);
                HttpFunctions.Map(app, FunctionCatalogTests.Served());
            }
        );
        client = new HttpClient { BaseAddress = server.Address };
    }

    public void Dispose() => client.Dispose();

    public async Task DisposeAsync() => await server.DisposeAsync();

    private async Task<JsonNode> Problem(
        HttpMethod method,
        string path,
        HttpStatusCode expected,
        HttpContent? body = null,
        params (string, string)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        using var response = await client.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    private async Task<JsonNode> Get(string path, params (string, string)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    [Fact]
    public async Task Route_and_query_values_reach_the_function_and_its_class_is_created_and_disposed()
    {
        var thing = await Get($"/api/things/{Thing}?count=3");
        Assert.Equal((Thing, 3, null), ((string)thing["id"]!, (int)thing["count"]!, (string?)thing["user"]));
        Assert.Null((await Get($"/api/things/{Thing}"))["count"]);
        Assert.Equal(["thing", "disposed", "thing", "disposed"], calls);
        Assert.Equal("GET", (string)(await Get("/api/plain"))!);
    }

    [Fact]
    public async Task Each_kind_of_result_is_executed_as_asp_net_core_does()
    {
        var content = await client.PostAsync("/api/answer/content", new StringContent("hello"));
        Assert.Equal(
            (HttpStatusCode.Accepted, "hello", "text/plain"),
            (content.StatusCode, await content.Content.ReadAsStringAsync(), content.Content.Headers.ContentType!.MediaType)
        );
        Assert.Equal([1, 2, 3], await (await client.PostAsync("/api/answer/file", null)).Content.ReadAsByteArrayAsync());
        Assert.Equal("taken", (string)(await Problem(HttpMethod.Post, "/api/answer/problem", HttpStatusCode.Conflict))["title"]!);
    }

    [Fact]
    public async Task Every_error_is_a_problem_with_a_trace_id_and_tells_nothing_of_the_inside()
    {
        var broken = await Problem(HttpMethod.Post, "/api/answer/broken", HttpStatusCode.InternalServerError);
        Assert.DoesNotContain("secret", broken.ToJsonString(), StringComparison.Ordinal);
        foreach (
            var problem in (JsonNode[])
                [
                    broken,
                    await Problem(HttpMethod.Get, "/api/nothing", HttpStatusCode.NotFound),
                    await Problem(HttpMethod.Delete, $"/api/things/{Thing}", HttpStatusCode.MethodNotAllowed),
                    await Problem(HttpMethod.Post, "/api/answer/status", HttpStatusCode.UnsupportedMediaType),
                    await Problem(HttpMethod.Post, "/api/answer/conflict", HttpStatusCode.Conflict),
                    await Problem(
                        HttpMethod.Post,
                        "/api/answer/content",
                        HttpStatusCode.RequestEntityTooLarge,
                        new ByteArrayContent(new byte[LoopbackServer.MaxRequestBody + 1])
                    ),
                    await Problem(HttpMethod.Get, "/api/numbers/many", HttpStatusCode.BadRequest),
                ]
        )
            Assert.NotEmpty((string)problem["traceId"]!);
    }

    [Fact]
    public async Task A_development_user_is_signed_in_with_name_id_and_roles()
    {
        var thing = await Get($"/api/things/{Thing}", (DevelopmentSignIn.Header, Ada.ToUpperInvariant()));
        Assert.Equal(("Ada", true), ((string)thing["user"]!, (bool)thing["admin"]!));
    }

    [Theory]
    [InlineData("not-a-guid")]
    [InlineData("99999999-2222-3333-4444-555555555555")]
    [InlineData("")]
    public async Task Someone_unknown_or_malformed_is_401(string id) =>
        await Problem(HttpMethod.Get, $"/api/things/{Thing}", HttpStatusCode.Unauthorized, null, (DevelopmentSignIn.Header, id));

    [Fact]
    public async Task A_forged_platform_principal_signs_nobody_in() =>
        Assert.Null(
            (string?)(await Get($"/api/things/{Thing}", ("X-MS-CLIENT-PRINCIPAL", "e30="), ("X-MS-CLIENT-PRINCIPAL-ID", Ada)))["user"]
        );

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task A_request_from_a_foreign_web_page_is_refused(string header, string value) =>
        await Problem(HttpMethod.Post, "/api/answer/content", HttpStatusCode.Forbidden, new StringContent("x"), (header, value));

    [Fact]
    public async Task A_page_rebound_to_this_address_is_refused_by_its_host_name()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/plain");
        request.Headers.Host = "evil.example";
        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_port_in_use_is_an_error_that_names_the_remedy()
    {
        var error = await Assert.ThrowsAsync<PortInUseException>(() => LoopbackServer.StartAsync(server.Address.Port, null, _ => { }));
        Assert.Contains($"Port {server.Address.Port}", error.Message, StringComparison.Ordinal);
        Assert.Contains("--port", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_but_loopback_can_be_configured()
    {
        Assert.Equal("127.0.0.1", server.Address.Host);
        var listening = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            LoopbackServer.StartAsync(0, b => b.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Any, 0)), _ => { })
        );
        Assert.Contains("0.0.0.0", listening.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            LoopbackServer.StartAsync(0, b => b.WebHost.UseUrls("http://*:0"), _ => { })
        );
    }

    [Fact]
    public void The_development_sign_in_refuses_an_app_with_another_address()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        app.Urls.Add("http://0.0.0.0:5000");
        Assert.Contains(
            "0.0.0.0",
            Assert.Throws<InvalidOperationException>(() => DevelopmentSignIn.Use(app, _ => null)).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>The run found it: a service that only stories in one process had was not found over HTTP.</summary>
    [Fact]
    public async Task Every_address_that_the_local_settings_name_is_served()
    {
        await using var served = await ServedWorld.StartAsync();
        foreach (var (name, value) in LocalSettings.For(served.Http.BaseAddress))
        {
            if (!Uri.TryCreate(value, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttp)
                continue;
            using var answer = await served.Http.PostAsync(address, new StringContent("{}"));
            // What routes nowhere is answered without a word; a service that knows the path but not the thing says so.
            Assert.True(
                answer.StatusCode != HttpStatusCode.NotFound || (await answer.Content.ReadAsStringAsync()).Length > 0,
                $"{name}: nothing is at {address.AbsolutePath}"
            );
        }
    }
}

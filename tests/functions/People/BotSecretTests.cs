using System.Net;
using System.Text;
using IRFunctions.Connections;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Teams;
using IRFunctions.Local.Time;
using IRFunctions.People;
using IRFunctions.Tests.Approvals;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.People;

/// <summary>How a bot with a secret gets its token: from its tenant, at the configured authority, and from nobody else.</summary>
public sealed class BotSecretTests
{
    private const string Tenant = "00000000-0000-4000-8000-000000000001";
    private static readonly TeamsSettings Settings = new() { AppId = LoopbackTeams.AppId, TenantId = Tenant };
    private static readonly ConversationReference Somewhere = new("https://smba.trafficmanager.net/amer/", "a:1", "");

    [Theory]
    [InlineData("https://login.microsoftonline.com/")]
    [InlineData("https://login.microsoftonline.us/")]
    public async Task The_secret_goes_to_the_token_endpoint_of_the_tenant_and_the_token_to_Teams(string authority)
    {
        var seen = new Seen("""{"token_type":"Bearer","expires_in":3600,"access_token":"a-token"}""");
        await SendAsync(seen, Settings with { AuthorityHost = new Uri(authority) });
        await SendAsync(seen, Settings with { AuthorityHost = new Uri(authority) });
        Assert.All(
            seen.Requests.Where(r => r.Body.Contains("a-secret", StringComparison.Ordinal)),
            r => Assert.Equal($"{authority}{Tenant}/oauth2/v2.0/token", r.Address)
        );
        Assert.Contains(
            seen.Requests,
            r =>
                r.Body.Contains("a-secret", StringComparison.Ordinal)
                && r.Body.Contains("scope=https%3A%2F%2Fapi.botframework.com%2F.default", StringComparison.Ordinal)
        );
        Assert.Equal(
            ["Bearer a-token", "Bearer a-token"],
            seen.Requests.Where(r => r.Address.Contains("/v3/", StringComparison.Ordinal)).Select(r => r.Authorization)
        );
    }

    [Fact]
    public async Task One_token_serves_until_it_nears_its_end()
    {
        var seen = new Seen("""{"token_type":"Bearer","expires_in":3600,"access_token":"a-token"}""");
        var connector = Connector(seen, Settings);
        for (var i = 0; i < 3; i++)
            await connector.SendAsync(Somewhere, Cards.All["pending"](), "x", default);
        Assert.Single(seen.Requests, r => r.Address.EndsWith("/token", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, """{"error":"invalid_client","error_description":"AADSTS7000215"}""")]
    [InlineData(HttpStatusCode.ServiceUnavailable, "")]
    [InlineData(HttpStatusCode.OK, """{"token_type":"Bearer"}""")]
    [InlineData(HttpStatusCode.OK, "<html>")]
    public async Task Without_a_token_the_orchestration_tries_again_and_the_fault_does_not_tell_the_secret(
        HttpStatusCode status,
        string body
    )
    {
        var seen = new Seen(body, status);
        var fault = await Assert.ThrowsAsync<TransientFaultException>(() => SendAsync(seen, Settings));
        Assert.Contains("got no token", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret", fault.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(seen.Requests, r => r.Address.Contains("/v3/", StringComparison.Ordinal));
    }

    /// <summary>
    /// As `dotnet run --project local` does it: the official client over a socket, against a token service that has no certificate.
    /// </summary>
    [Fact]
    public async Task On_one_machine_the_same_client_signs_in_at_the_loopback_token_service()
    {
        using var teams = new LoopbackTeams(TimeProvider.System);
        await using var server = await LoopbackServer.StartAsync(0, _ => { }, app => TeamsEndpoint.Map(app, teams));
        var address = new Uri(server.App.Urls.Single());
        var services = new ServiceCollection();
        LocalMachine.Register(
            services,
            new MachineOptions
            {
                Time = new VirtualTimeProvider(),
                PolicyFolder = Policies.Shipped.Folder,
                Address = address,
                Settings = LocalSettings.Teams(address),
            }
        );
        await using var provider = services.BuildServiceProvider();
        var sent = await provider
            .GetRequiredService<BotConnector>()
            .SendAsync(
                new ConversationReference(new Uri(address, "teams/connector").ToString(), "a:1", ""),
                Cards.All["pending"](),
                "x",
                default
            );
        Assert.Equal(sent, Assert.Single(teams.Cards).Activity);
        Assert.Equal(1, teams.Calls[LoopbackTeams.EntraToken]);
    }

    private static Task<string> SendAsync(Seen seen, TeamsSettings settings) =>
        Connector(seen, settings).SendAsync(Somewhere, Cards.All["pending"](), "x", default);

    private static BotConnector Connector(Seen seen, TeamsSettings settings) =>
        new(new HttpClient(seen), BotSecret.Credential(settings, "a-secret", new HttpClient(seen)), settings);

    private sealed class Seen(string token, HttpStatusCode status = HttpStatusCode.OK) : HttpMessageHandler
    {
        public List<(string Address, string? Authorization, string Body)> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            Requests.Add((request.RequestUri!.AbsoluteUri, request.Headers.Authorization?.ToString(), body));
            return request.RequestUri.AbsolutePath.EndsWith("/token", StringComparison.Ordinal)
                ? new HttpResponseMessage(status)
                {
                    RequestMessage = request,
                    Content = new StringContent(token, Encoding.UTF8, "application/json"),
                }
                : new HttpResponseMessage(HttpStatusCode.Created)
                {
                    RequestMessage = request,
                    Content = new StringContent("""{"id":"1"}""", Encoding.UTF8, "application/json"),
                };
        }
    }
}

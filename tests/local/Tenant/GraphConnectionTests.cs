using System.Net;
using System.Net.Http.Json;
using Azure.Core;
using IRFunctions.Connections;

namespace IRFunctions.Tests.Tenant;

/// <summary>Whose host gets the pipeline's token, and for what it is asked: every cloud has hosts of its own.</summary>
public sealed class GraphConnectionTests
{
    [Theory]
    [InlineData("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/.default")]
    [InlineData("https://graph.microsoft.us/v1.0", "https://graph.microsoft.us/.default")]
    [InlineData("https://dod-graph.microsoft.us/v1.0", "https://dod-graph.microsoft.us/.default")]
    [InlineData("https://microsoftgraph.chinacloudapi.cn/v1.0", "https://microsoftgraph.chinacloudapi.cn/.default")]
    [InlineData("http://127.0.0.1:7071/graph/v1.0", "http://127.0.0.1:7071/.default")]
    public async Task The_token_is_asked_for_the_cloud_of_the_endpoint_and_goes_to_its_host(string endpoint, string scope)
    {
        var (wire, credential) = (new Wire(), new Credential());
        var graph = new GraphConnection(new Uri(endpoint)).Open(new HttpClient(wire), credential);
        await graph.Users["adele"].GetAsync();
        Assert.Equal([scope], credential.Asked.Distinct());
        Assert.Equal([(new Uri(endpoint).Host, "Bearer secret")], wire.Seen);
    }

    /// <summary>A page's link to the next may come from whoever answers in Graph's place.</summary>
    [Fact]
    public async Task A_link_to_another_host_gets_no_token()
    {
        var wire = new Wire();
        var graph = new GraphConnection(new Uri("https://graph.microsoft.com/v1.0")).Open(new HttpClient(wire), new Credential());
        await graph.Users.WithUrl("https://attacker.example/v1.0/users").GetAsync();
        Assert.Equal([("attacker.example", null)], wire.Seen);
    }

    [Theory]
    [InlineData("https://ours.vault.azure.net/keys/record", "https://vault.azure.net/.default")]
    [InlineData("https://ours.vault.usgovcloudapi.net/keys/record", "https://vault.usgovcloudapi.net/.default")]
    [InlineData("https://ours.vault.azure.cn/keys/record/0123", "https://vault.azure.cn/.default")]
    public void A_vault_s_token_is_for_the_service_above_it(string key, string scope) =>
        Assert.Equal(scope, TokenScopes.OfParent(new Uri(key)));

    [Theory]
    [InlineData("https://management.azure.com/subscriptions/1", "https://management.azure.com/.default")]
    [InlineData("https://management.usgovcloudapi.net/subscriptions/1", "https://management.usgovcloudapi.net/.default")]
    public void Resource_Manager_s_token_is_for_its_host(string endpoint, string scope) =>
        Assert.Equal(scope, TokenScopes.Of(new Uri(endpoint)));

    private sealed class Wire : HttpMessageHandler
    {
        public List<(string Host, string? Authorization)> Seen { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Add((request.RequestUri!.Host, request.Headers.Authorization?.ToString()));
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(new { id = "adele" }) });
        }
    }

    private sealed class Credential : TokenCredential
    {
        public List<string> Asked { get; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Asked.AddRange(requestContext.Scopes);
            return new AccessToken("secret", DateTimeOffset.MaxValue);
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));
    }
}

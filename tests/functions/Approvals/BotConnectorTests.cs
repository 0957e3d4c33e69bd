using System.Net;
using Azure.Core;
using IRFunctions.Connections;
using IRFunctions.People;

namespace IRFunctions.Tests.Approvals;

/// <summary>Where our own token goes, and where it does not.</summary>
public sealed class BotConnectorTests
{
    private static readonly TeamsSettings Settings = new()
    {
        AppId = "00000000-0000-4000-8000-0000000000f2",
        TenantId = "00000000-0000-4000-8000-000000000001",
    };

    [Theory]
    [InlineData("https://smba.trafficmanager.net/amer/", true)]
    [InlineData("https://SMBA.trafficmanager.net/emea/", true)]
    [InlineData("http://smba.trafficmanager.net/amer/", false)]
    [InlineData("https://smba.trafficmanager.net:8443/", false)]
    [InlineData("https://smba.trafficmanager.net@evil.example/", false)]
    [InlineData("https://user@smba.trafficmanager.net/", false)]
    [InlineData("https://smba.trafficmanager.net.evil.example/", false)]
    [InlineData("https://evil.example/smba.trafficmanager.net", false)]
    [InlineData("https://evil.example#smba.trafficmanager.net", false)]
    [InlineData("https://127.0.0.1/", false)]
    [InlineData("http://169.254.169.254/", false)]
    [InlineData("file:///smba.trafficmanager.net", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void The_token_goes_to_listed_hosts_only(string? serviceUrl, bool allowed) => Assert.Equal(allowed, Settings.Allows(serviceUrl));

    [Fact]
    public async Task For_another_host_no_token_is_even_asked_for()
    {
        var credential = new Counting();
        var http = new Recording();
        var connector = new BotConnector(new HttpClient(http), credential, Settings);
        await Assert.ThrowsAsync<PermanentFaultException>(() =>
            connector.SendAsync(new ConversationReference("https://evil.example/", "a:1", ""), Cards.All["pending"](), "x", default)
        );
        await Assert.ThrowsAsync<PermanentFaultException>(() => connector.OpenAsync("https://evil.example/", "x", default));
        Assert.Equal(0, credential.Asked);
        Assert.Empty(http.Seen);
        await connector.SendAsync(
            new ConversationReference("https://smba.trafficmanager.net/amer", "a:1;x/../y", ""),
            Cards.All["pending"](),
            "x",
            default
        );
        Assert.Equal("https://smba.trafficmanager.net/amer/v3/conversations/a%3A1%3Bx%2F..%2Fy/activities", Assert.Single(http.Seen));
        Assert.Equal(1, credential.Asked);
    }

    private sealed class Counting : TokenCredential
    {
        public int Asked { get; private set; }

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Asked++;
            Assert.Equal(["https://api.botframework.com/.default"], requestContext.Scopes);
            return new AccessToken("token", DateTimeOffset.MaxValue);
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));
    }

    private sealed class Recording : HttpMessageHandler
    {
        public List<string> Seen { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Add(request.RequestUri!.AbsoluteUri);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.Created) { Content = new StringContent("""{"id":"1"}""") });
        }
    }
}

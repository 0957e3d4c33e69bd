using Azure.Core;
using Microsoft.Graph.Applications;
using Microsoft.Graph.Groups;
using Microsoft.Graph.Identity;
using Microsoft.Graph.ServicePrincipals;
using Microsoft.Graph.Users;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;

namespace Microsoft.Graph;

public class BaseGraphServiceClient : BaseRequestBuilder
{
    internal BaseGraphServiceClient(IRequestAdapter requestAdapter) : base(requestAdapter, "{+baseurl}", [])
    {
    }

    public UsersRequestBuilder Users => new(PathParameters, RequestAdapter);

    public GroupsRequestBuilder Groups => new(PathParameters, RequestAdapter);

    public IdentityRequestBuilder Identity => new(PathParameters, RequestAdapter);

    public ApplicationsRequestBuilder Applications => new(PathParameters, RequestAdapter);

    public ServicePrincipalsRequestBuilder ServicePrincipals => new(PathParameters, RequestAdapter);
}

public class GraphServiceClient : BaseGraphServiceClient, IDisposable
{
    private readonly HttpClient? own;

    public GraphServiceClient(TokenCredential tokenCredential, IEnumerable<string>? scopes = default, string? baseUrl = default)
        : this(Authentication(tokenCredential, scopes), baseUrl)
    {
    }

    public GraphServiceClient(IAuthenticationProvider authenticationProvider, string? baseUrl = default)
        : this(new HttpClient(new RetryHandler(new SocketsHttpHandler(), Clock)), authenticationProvider, baseUrl, owned: true)
    {
    }

    public GraphServiceClient(
        HttpClient httpClient,
        TokenCredential tokenCredential,
        IEnumerable<string>? scopes = default,
        string? baseUrl = default)
        : this(httpClient, Authentication(tokenCredential, scopes), baseUrl, owned: false)
    {
    }

    public GraphServiceClient(HttpClient httpClient, IAuthenticationProvider? authenticationProvider = default, string? baseUrl = default)
        : this(httpClient, authenticationProvider, baseUrl, owned: false)
    {
    }

    private GraphServiceClient(HttpClient client, IAuthenticationProvider? authentication, string? baseUrl, bool owned)
        : base(new GraphRequestAdapter(client, authentication, baseUrl)) => own = owned ? client : null;

    /// <summary>What the waits of new clients' retries run on.</summary>
    internal static TimeProvider Clock { get; set; } = TimeProvider.System;

    public void Dispose()
    {
        own?.Dispose();
        GC.SuppressFinalize(this);
    }

    private static TokenCredentialAuthentication Authentication(TokenCredential credential, IEnumerable<string>? scopes) =>
        new(credential, scopes?.ToArray() is { Length: > 0 } given ? given : ["https://graph.microsoft.com/.default"]);
}

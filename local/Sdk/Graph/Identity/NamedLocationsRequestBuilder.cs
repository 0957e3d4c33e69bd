using Microsoft.Graph.Identity.ConditionalAccess;
using Microsoft.Graph.Identity.ConditionalAccess.NamedLocations;
using Microsoft.Graph.Identity.ConditionalAccess.NamedLocations.Item;
using Microsoft.Graph.Models;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Identity
{
    public class IdentityRequestBuilder : BaseRequestBuilder
    {
        public IdentityRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/identity", pathParameters)
        {
        }

        public ConditionalAccessRequestBuilder ConditionalAccess => new(PathParameters, RequestAdapter);
    }
}

namespace Microsoft.Graph.Identity.ConditionalAccess
{
    public class ConditionalAccessRequestBuilder : BaseRequestBuilder
    {
        public ConditionalAccessRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/identity/conditionalAccess", pathParameters)
        {
        }

        public NamedLocationsRequestBuilder NamedLocations => new(PathParameters, RequestAdapter);
    }
}

namespace Microsoft.Graph.Identity.ConditionalAccess.NamedLocations
{
    public class NamedLocationsRequestBuilder : BaseRequestBuilder
    {
        public NamedLocationsRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/identity/conditionalAccess/namedLocations", pathParameters)
        {
        }

        public NamedLocationItemRequestBuilder this[string position] => new(With("namedLocation%2Did", position), RequestAdapter);

        public Task<NamedLocationCollectionResponse?> GetAsync(
            Action<RequestConfiguration<NamedLocationsRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<NamedLocationCollectionResponse, NamedLocationsRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query => [ODataQuery.Text("top", query.Top?.ToString(System.Globalization.CultureInfo.InvariantCulture))],
                cancellationToken);

        public Task<NamedLocation?> PostAsync(
            NamedLocation body,
            Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) =>
            SendAsync<NamedLocation>(HttpMethod.Post, body, requestConfiguration, cancellationToken);

        public class NamedLocationsRequestBuilderGetQueryParameters
        {
            public int? Top { get; set; }
        }
    }
}

namespace Microsoft.Graph.Identity.ConditionalAccess.NamedLocations.Item
{
    public class NamedLocationItemRequestBuilder : BaseRequestBuilder
    {
        public NamedLocationItemRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/identity/conditionalAccess/namedLocations/{namedLocation%2Did}", pathParameters)
        {
        }

        public Task<NamedLocation?> GetAsync(
            Action<RequestConfiguration<NamedLocationItemRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<NamedLocation, NamedLocationItemRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query => [ODataQuery.List("select", query.Select)],
                cancellationToken);

        public Task<NamedLocation?> PatchAsync(
            NamedLocation body,
            Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) =>
            SendAsync<NamedLocation>(HttpMethod.Patch, body, requestConfiguration, cancellationToken);

        public class NamedLocationItemRequestBuilderGetQueryParameters
        {
            public string[]? Select { get; set; }
        }
    }
}

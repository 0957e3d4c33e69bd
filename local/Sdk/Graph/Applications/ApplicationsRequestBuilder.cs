using Microsoft.Graph.Applications.Item;
using Microsoft.Graph.Applications.Item.RemovePassword;
using Microsoft.Graph.Models;
using Microsoft.Graph.ServicePrincipals.Item;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Applications
{
    public class ApplicationsRequestBuilder : BaseRequestBuilder
    {
        public ApplicationsRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/applications", pathParameters)
        {
        }

        /// <param name="position">Object id; not the application (client) id.</param>
        public ApplicationItemRequestBuilder this[string position] => new(With("application%2Did", position), RequestAdapter);

        public Task<ApplicationCollectionResponse?> GetAsync(
            Action<RequestConfiguration<ApplicationsRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<ApplicationCollectionResponse, ApplicationsRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query => [ODataQuery.Text("filter", query.Filter), ODataQuery.List("select", query.Select)],
                cancellationToken);

        public class ApplicationsRequestBuilderGetQueryParameters
        {
            public string? Filter { get; set; }

            public string[]? Select { get; set; }
        }
    }
}

namespace Microsoft.Graph.Applications.Item
{
    public class ApplicationItemRequestBuilder : BaseRequestBuilder
    {
        public ApplicationItemRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/applications/{application%2Did}", pathParameters)
        {
        }

        public RemovePasswordRequestBuilder RemovePassword => new(PathParameters, RequestAdapter);

        public Task<Application?> GetAsync(
            Action<RequestConfiguration<ApplicationItemRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<Application, ApplicationItemRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query => [ODataQuery.List("select", query.Select)],
                cancellationToken);

        public class ApplicationItemRequestBuilderGetQueryParameters
        {
            public string[]? Select { get; set; }
        }
    }
}

namespace Microsoft.Graph.Applications.Item.RemovePassword
{
    public class RemovePasswordRequestBuilder : BaseRequestBuilder
    {
        public RemovePasswordRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/applications/{application%2Did}/removePassword", pathParameters)
        {
        }

        public Task PostAsync(
            RemovePasswordPostRequestBody body,
            Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<Entity>(HttpMethod.Post, body, requestConfiguration, cancellationToken);
    }

    public class RemovePasswordPostRequestBody : IGraphModel
    {
        private readonly GraphValues values = new();

        public Guid? KeyId
        {
            get => values.Get<Guid?>("keyId");
            set => values.Set("keyId", value);
        }

        GraphValues IGraphModel.Values => values;
    }
}

namespace Microsoft.Graph.ServicePrincipals
{
    public class ServicePrincipalsRequestBuilder : BaseRequestBuilder
    {
        public ServicePrincipalsRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/servicePrincipals", pathParameters)
        {
        }

        public ServicePrincipalItemRequestBuilder this[string position] => new(With("servicePrincipal%2Did", position), RequestAdapter);
    }
}

namespace Microsoft.Graph.ServicePrincipals.Item
{
    public class ServicePrincipalItemRequestBuilder : BaseRequestBuilder
    {
        public ServicePrincipalItemRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/servicePrincipals/{servicePrincipal%2Did}", pathParameters)
        {
        }

        public Task<ServicePrincipal?> GetAsync(
            Action<RequestConfiguration<ServicePrincipalItemRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<ServicePrincipal, ServicePrincipalItemRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query => [ODataQuery.List("select", query.Select)],
                cancellationToken);

        public class ServicePrincipalItemRequestBuilderGetQueryParameters
        {
            public string[]? Select { get; set; }
        }
    }
}

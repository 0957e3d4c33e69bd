using Microsoft.Graph.Models;
using Microsoft.Graph.Users.Item.TransitiveMemberOf.GraphDirectoryRole;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Users.Item.TransitiveMemberOf
{
    public class TransitiveMemberOfRequestBuilder : BaseRequestBuilder
    {
        public TransitiveMemberOfRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users/{user%2Did}/transitiveMemberOf", pathParameters)
        {
        }

        public GraphDirectoryRoleRequestBuilder GraphDirectoryRole => new(PathParameters, RequestAdapter);
    }
}

namespace Microsoft.Graph.Users.Item.TransitiveMemberOf.GraphDirectoryRole
{
    public class GraphDirectoryRoleRequestBuilder : BaseRequestBuilder
    {
        public GraphDirectoryRoleRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users/{user%2Did}/transitiveMemberOf/graph.directoryRole", pathParameters)
        {
        }

        public Task<DirectoryRoleCollectionResponse?> GetAsync(
            Action<RequestConfiguration<GraphDirectoryRoleRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<DirectoryRoleCollectionResponse, GraphDirectoryRoleRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                _ => [],
                cancellationToken);

        public class GraphDirectoryRoleRequestBuilderGetQueryParameters;
    }
}

namespace Microsoft.Graph.Models
{
    public class DirectoryRole : DirectoryObject
    {
        public string? DisplayName
        {
            get => Values.Get<string>("displayName");
            set => Values.Set("displayName", value);
        }

        public string? RoleTemplateId
        {
            get => Values.Get<string>("roleTemplateId");
            set => Values.Set("roleTemplateId", value);
        }
    }

    public class DirectoryRoleCollectionResponse : BaseCollectionPaginationCountResponse
    {
        public List<DirectoryRole>? Value
        {
            get => Values.GetList<DirectoryRole>("value");
            set => Values.Set("value", value);
        }
    }
}

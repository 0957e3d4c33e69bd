using Microsoft.Graph.Groups.Item;
using Microsoft.Graph.Groups.Item.TransitiveMembers;
using Microsoft.Graph.Models;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Groups
{
    public class GroupsRequestBuilder : BaseRequestBuilder
    {
        public GroupsRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/groups", pathParameters)
        {
        }

        /// <param name="position">Object id.</param>
        public GroupItemRequestBuilder this[string position] => new(With("group%2Did", position), RequestAdapter);
    }
}

namespace Microsoft.Graph.Groups.Item
{
    public class GroupItemRequestBuilder : BaseRequestBuilder
    {
        public GroupItemRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/groups/{group%2Did}", pathParameters)
        {
        }

        public TransitiveMembersRequestBuilder TransitiveMembers => new(PathParameters, RequestAdapter);
    }
}

namespace Microsoft.Graph.Groups.Item.TransitiveMembers
{
    public class TransitiveMembersRequestBuilder : BaseRequestBuilder
    {
        public TransitiveMembersRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/groups/{group%2Did}/transitiveMembers", pathParameters)
        {
        }

        public Task<DirectoryObjectCollectionResponse?> GetAsync(
            Action<RequestConfiguration<TransitiveMembersRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<DirectoryObjectCollectionResponse, TransitiveMembersRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query => [ODataQuery.Text("top", query.Top?.ToString(System.Globalization.CultureInfo.InvariantCulture))],
                cancellationToken);

        public class TransitiveMembersRequestBuilderGetQueryParameters
        {
            public int? Top { get; set; }
        }
    }
}

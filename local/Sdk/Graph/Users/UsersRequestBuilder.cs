using Microsoft.Graph.Models;
using Microsoft.Graph.Users.Item;
using Microsoft.Graph.Users.Item.CheckMemberGroups;
using Microsoft.Graph.Users.Item.MailFolders;
using Microsoft.Graph.Users.Item.Messages;
using Microsoft.Graph.Users.Item.RevokeSignInSessions;
using Microsoft.Graph.Users.Item.TransitiveMemberOf;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Users
{
    public class UsersRequestBuilder : BaseRequestBuilder
    {
        public UsersRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users", pathParameters)
        {
        }

        /// <param name="position">Object id or user principal name.</param>
        public UserItemRequestBuilder this[string position] => new(With("user%2Did", position), RequestAdapter);
    }
}

namespace Microsoft.Graph.Users.Item
{
    public class UserItemRequestBuilder : BaseRequestBuilder
    {
        public UserItemRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users/{user%2Did}", pathParameters)
        {
        }

        public RevokeSignInSessionsRequestBuilder RevokeSignInSessions => new(PathParameters, RequestAdapter);

        public MessagesRequestBuilder Messages => new(PathParameters, RequestAdapter);

        public MailFoldersRequestBuilder MailFolders => new(PathParameters, RequestAdapter);

        public CheckMemberGroupsRequestBuilder CheckMemberGroups => new(PathParameters, RequestAdapter);

        public TransitiveMemberOfRequestBuilder TransitiveMemberOf => new(PathParameters, RequestAdapter);

        public Task<User?> GetAsync(
            Action<RequestConfiguration<UserItemRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<User, UserItemRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query => [ODataQuery.List("expand", query.Expand), ODataQuery.List("select", query.Select)],
                cancellationToken);

        public Task<User?> PatchAsync(
            User body,
            Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<User>(HttpMethod.Patch, body, requestConfiguration, cancellationToken);

        public class UserItemRequestBuilderGetQueryParameters
        {
            public string[]? Expand { get; set; }

            public string[]? Select { get; set; }
        }
    }
}

namespace Microsoft.Graph.Users.Item.RevokeSignInSessions
{
    public class RevokeSignInSessionsRequestBuilder : BaseRequestBuilder
    {
        public RevokeSignInSessionsRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users/{user%2Did}/revokeSignInSessions", pathParameters)
        {
        }

        public Task<RevokeSignInSessionsPostResponse?> PostAsRevokeSignInSessionsPostResponseAsync(
            Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) =>
            SendAsync<RevokeSignInSessionsPostResponse>(HttpMethod.Post, null, requestConfiguration, cancellationToken);
    }

    public class RevokeSignInSessionsPostResponse : IGraphModel
    {
        private readonly GraphValues values = new();

        public bool? Value
        {
            get => values.Get<bool?>("value");
            set => values.Set("value", value);
        }

        GraphValues IGraphModel.Values => values;
    }
}

namespace Microsoft.Graph.Users.Item.CheckMemberGroups
{
    public class CheckMemberGroupsRequestBuilder : BaseRequestBuilder
    {
        public CheckMemberGroupsRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users/{user%2Did}/checkMemberGroups", pathParameters)
        {
        }

        public Task<CheckMemberGroupsPostResponse?> PostAsCheckMemberGroupsPostResponseAsync(
            CheckMemberGroupsPostRequestBody body,
            Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) =>
            SendAsync<CheckMemberGroupsPostResponse>(HttpMethod.Post, body, requestConfiguration, cancellationToken);
    }

    public class CheckMemberGroupsPostRequestBody : IGraphModel
    {
        private readonly GraphValues values = new();

        public List<string>? GroupIds
        {
            get => values.Get<List<string>>("groupIds");
            set => values.Set("groupIds", value);
        }

        GraphValues IGraphModel.Values => values;
    }

    public class CheckMemberGroupsPostResponse : BaseCollectionPaginationCountResponse
    {
        public List<string>? Value
        {
            get => Values.Get<List<string>>("value");
            set => Values.Set("value", value);
        }
    }
}

using Microsoft.Graph.Models;
using Microsoft.Graph.Users.Item.Messages.Item;
using Microsoft.Graph.Users.Item.Messages.Item.Move;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Users.Item.Messages
{
    public class MessagesRequestBuilder : BaseRequestBuilder
    {
        public MessagesRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users/{user%2Did}/messages", pathParameters)
        {
        }

        public MessageItemRequestBuilder this[string position] => new(With("message%2Did", position), RequestAdapter);

        public Task<MessageCollectionResponse?> GetAsync(
            Action<RequestConfiguration<MessagesRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<MessageCollectionResponse, MessagesRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query =>
                [
                    ODataQuery.Text("filter", query.Filter),
                    ODataQuery.List("select", query.Select),
                    ODataQuery.Text("top", query.Top?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                ],
                cancellationToken);

        public class MessagesRequestBuilderGetQueryParameters
        {
            public string? Filter { get; set; }

            public string[]? Select { get; set; }

            public int? Top { get; set; }
        }
    }
}

namespace Microsoft.Graph.Users.Item.Messages.Item
{
    public class MessageItemRequestBuilder : BaseRequestBuilder
    {
        public MessageItemRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users/{user%2Did}/messages/{message%2Did}", pathParameters)
        {
        }

        public MoveRequestBuilder Move => new(PathParameters, RequestAdapter);

        public Task<Message?> GetAsync(
            Action<RequestConfiguration<MessageItemRequestBuilderGetQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<Message, MessageItemRequestBuilderGetQueryParameters>(
                HttpMethod.Get,
                null,
                requestConfiguration,
                query => [ODataQuery.List("select", query.Select)],
                cancellationToken);

        public class MessageItemRequestBuilderGetQueryParameters
        {
            public string[]? Select { get; set; }
        }
    }
}

namespace Microsoft.Graph.Users.Item.Messages.Item.Move
{
    public class MoveRequestBuilder : BaseRequestBuilder
    {
        public MoveRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/users/{user%2Did}/messages/{message%2Did}/move", pathParameters)
        {
        }

        /// <summary>Answers the moved message, which has a new id.</summary>
        public Task<Message?> PostAsync(
            MovePostRequestBody body,
            Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) => SendAsync<Message>(HttpMethod.Post, body, requestConfiguration, cancellationToken);
    }

    public class MovePostRequestBody : IGraphModel
    {
        private readonly GraphValues values = new();

        /// <summary>A folder's id or well-known name; spelled with a capital on the wire, as Graph's metadata has it.</summary>
        public string? DestinationId
        {
            get => values.Get<string>("DestinationId");
            set => values.Set("DestinationId", value);
        }

        GraphValues IGraphModel.Values => values;
    }
}

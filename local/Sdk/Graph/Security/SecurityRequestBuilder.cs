using System.Text.Json;
using Microsoft.Graph.Models.Security;
using Microsoft.Graph.Security.MicrosoftGraphSecurityRunHuntingQuery;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Security
{
    public class SecurityRequestBuilder : BaseRequestBuilder
    {
        public SecurityRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/security", pathParameters)
        {
        }

        public MicrosoftGraphSecurityRunHuntingQueryRequestBuilder MicrosoftGraphSecurityRunHuntingQuery => new(PathParameters, RequestAdapter);
    }
}

namespace Microsoft.Graph.Security.MicrosoftGraphSecurityRunHuntingQuery
{
    public class MicrosoftGraphSecurityRunHuntingQueryRequestBuilder : BaseRequestBuilder
    {
        public MicrosoftGraphSecurityRunHuntingQueryRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
            : base(requestAdapter, "{+baseurl}/security/microsoft.graph.security.runHuntingQuery", pathParameters)
        {
        }

        public Task<HuntingQueryResults?> PostAsync(
            RunHuntingQueryPostRequestBody body,
            Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
            CancellationToken cancellationToken = default) =>
            SendAsync<HuntingQueryResults>(HttpMethod.Post, body, requestConfiguration, cancellationToken);
    }

    public class RunHuntingQueryPostRequestBody : IGraphModel
    {
        private readonly GraphValues values = new();

        public string? Query
        {
            get => values.Get<string>("query");
            set => values.Set("query", value);
        }

        public string? Timespan
        {
            get => values.Get<string>("timespan");
            set => values.Set("timespan", value);
        }

        GraphValues IGraphModel.Values => values;
    }
}

namespace Microsoft.Graph.Models.Security
{
    public class HuntingQueryResults : IGraphModel
    {
        private readonly GraphValues values = new();

        public List<HuntingRowResult>? Results
        {
            get => values.GetList<HuntingRowResult>("results");
            set => values.Set("results", value);
        }

        GraphValues IGraphModel.Values => values;
    }

    public class HuntingRowResult : IGraphModel
    {
        private readonly GraphValues values = new();
        private IDictionary<string, object>? given;

        /// <summary>The row's columns. As officially a number is a number and what looks like a GUID is a <see cref="Guid"/>.</summary>
        public IDictionary<string, object> AdditionalData
        {
            get => given ??= values.All().Where(v => !v.Key.StartsWith("@odata", StringComparison.Ordinal)).ToDictionary(v => v.Key, v => Plain(v.Value));
            set => given = value;
        }

        GraphValues IGraphModel.Values => values;

        private static object Plain(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetInt32(out var whole) ? whole : value.TryGetInt64(out var large) ? large : value.GetDouble(),
            JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
            JsonValueKind.String when value.TryGetGuid(out var guid) => guid,
            JsonValueKind.String when value.TryGetDateTimeOffset(out var time) => time,
            _ => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText(),
        };
    }
}

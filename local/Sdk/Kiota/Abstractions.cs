namespace Microsoft.Kiota.Abstractions
{
    public interface IRequestAdapter
    {
        string? BaseUrl { get; set; }
    }

    public class DefaultQueryParameters;

    public class RequestHeaders
    {
        private readonly Dictionary<string, List<string>> headers = new(StringComparer.OrdinalIgnoreCase);

        internal IEnumerable<KeyValuePair<string, List<string>>> All => headers;

        public void Add(string headerName, params string[] headerValues)
        {
            if (!headers.TryGetValue(headerName, out var values)) headers[headerName] = values = [];
            values.AddRange(headerValues);
        }
    }

    public class RequestInformation
    {
        public Uri URI { get; set; } = null!;

        public RequestHeaders Headers { get; set; } = new();
    }

    public class RequestConfiguration<T> where T : class, new()
    {
        public RequestHeaders Headers { get; set; } = new();

        public T QueryParameters { get; set; } = new();
    }

    /// <summary>An answer that is an error; 0 when there was no answer.</summary>
    public class ApiException : Exception
    {
        public ApiException()
        {
        }

        public ApiException(string message) : base(message)
        {
        }

        public ApiException(string message, Exception innerException) : base(message, innerException)
        {
        }

        public int ResponseStatusCode { get; set; }

        public IDictionary<string, IEnumerable<string>> ResponseHeaders { get; set; } = new Dictionary<string, IEnumerable<string>>();
    }

    public abstract class BaseRequestBuilder
    {
        protected BaseRequestBuilder(IRequestAdapter requestAdapter, string urlTemplate, Dictionary<string, object> pathParameters)
        {
            RequestAdapter = requestAdapter;
            UrlTemplate = urlTemplate;
            PathParameters = new Dictionary<string, object>(pathParameters);
        }

        protected Dictionary<string, object> PathParameters { get; set; }

        protected IRequestAdapter RequestAdapter { get; set; }

        protected string UrlTemplate { get; set; }

        private protected Dictionary<string, object> With(string parameter, string value) => new(PathParameters) { [parameter] = value };

        /// <summary>Sends a request to this builder's address; null when the answer has no content.</summary>
        private protected Task<T?> SendAsync<T, TQuery>(
            HttpMethod method,
            Graph.IGraphModel? body,
            Action<RequestConfiguration<TQuery>>? configure,
            Func<TQuery, IEnumerable<(string Name, string? Value)>>? query,
            CancellationToken cancellationToken) where T : class, Graph.IGraphModel, new() where TQuery : class, new()
        {
            var configuration = new RequestConfiguration<TQuery>();
            configure?.Invoke(configuration);
            var address = Address(query?.Invoke(configuration.QueryParameters) ?? []);
            var request = new RequestInformation { Headers = configuration.Headers, URI = address };
            return ((Graph.GraphRequestAdapter)RequestAdapter).SendAsync<T>(method, request, body, cancellationToken);
        }

        /// <inheritdoc cref="SendAsync{T, TQuery}"/>
        private protected Task<T?> SendAsync<T>(
            HttpMethod method,
            Graph.IGraphModel? body,
            Action<RequestConfiguration<DefaultQueryParameters>>? configure,
            CancellationToken cancellationToken) where T : class, Graph.IGraphModel, new() =>
            SendAsync<T, DefaultQueryParameters>(method, body, configure, null, cancellationToken);

        private Uri Address(IEnumerable<(string Name, string? Value)> query)
        {
            var address = UrlTemplate.Replace("{+baseurl}", RequestAdapter.BaseUrl?.TrimEnd('/'), StringComparison.Ordinal);
            foreach (var (name, value) in PathParameters)
                address = address.Replace($"{{{name}}}", Uri.EscapeDataString((string)value), StringComparison.Ordinal);
            var set = query.Where(parameter => parameter.Value is not null).Select(parameter => $"{parameter.Name}={parameter.Value}").ToList();
            return new Uri(set.Count == 0 ? address : $"{address}?{string.Join('&', set)}");
        }
    }
}

namespace Microsoft.Kiota.Abstractions.Authentication
{
    public interface IAuthenticationProvider
    {
        Task AuthenticateRequestAsync(
            RequestInformation request,
            Dictionary<string, object>? additionalAuthenticationContext = default,
            CancellationToken cancellationToken = default);
    }
}

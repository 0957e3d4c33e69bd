using Microsoft.Graph.Models;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph.Users.Item.MailFolders;

public class MailFoldersRequestBuilder : BaseRequestBuilder
{
    public MailFoldersRequestBuilder(Dictionary<string, object> pathParameters, IRequestAdapter requestAdapter)
        : base(requestAdapter, "{+baseurl}/users/{user%2Did}/mailFolders", pathParameters)
    {
    }

    public Task<MailFolderCollectionResponse?> GetAsync(
        Action<RequestConfiguration<MailFoldersRequestBuilderGetQueryParameters>>? requestConfiguration = default,
        CancellationToken cancellationToken = default) => SendAsync<MailFolderCollectionResponse, MailFoldersRequestBuilderGetQueryParameters>(
            HttpMethod.Get,
            null,
            requestConfiguration,
            query =>
            [
                ODataQuery.Text("filter", query.Filter),
                ODataQuery.List("select", query.Select),
                ODataQuery.Plain("includeHiddenFolders", query.IncludeHiddenFolders),
            ],
            cancellationToken);

    public Task<MailFolder?> PostAsync(
        MailFolder body,
        Action<RequestConfiguration<DefaultQueryParameters>>? requestConfiguration = default,
        CancellationToken cancellationToken = default) => SendAsync<MailFolder>(HttpMethod.Post, body, requestConfiguration, cancellationToken);

    public class MailFoldersRequestBuilderGetQueryParameters
    {
        public string? Filter { get; set; }

        public string? IncludeHiddenFolders { get; set; }

        public string[]? Select { get; set; }
    }
}

using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Core;

namespace IRFunctions.Local.Tables;

/// <summary>The answer of an embedded table: a status and the headers the Table service would send.</summary>
internal sealed class EmbeddedResponse(int status, string? etag = null) : Response
{
    public override int Status => status;

    public override string ReasonPhrase =>
        status switch
        {
            200 => "OK",
            204 => "No Content",
            202 => "Accepted",
            404 => "Not Found",
            409 => "Conflict",
            _ => "",
        };

    public override Stream? ContentStream { get; set; }

    public override string ClientRequestId { get; set; } = "";

    public override bool IsError => status >= 400;

    public override void Dispose() => ContentStream?.Dispose();

    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
    {
        value = ContainsHeader(name) ? etag : null;
        return value is not null;
    }

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = TryGetHeader(name, out var value) ? [value] : null;
        return values is not null;
    }

    protected override bool ContainsHeader(string name) => etag is not null && name.Equals("ETag", StringComparison.OrdinalIgnoreCase);

    protected override IEnumerable<HttpHeader> EnumerateHeaders() => etag is null ? [] : [new HttpHeader("ETag", etag)];
}

/// <summary>The answer to a read of what is not there.</summary>
internal sealed class NothingThere<T> : NullableResponse<T>
{
    public override bool HasValue => false;

    public override T Value => throw new InvalidOperationException("The entity does not exist.");

    public override Response GetRawResponse() => new EmbeddedResponse(404);
}

/// <summary>Pages read one by one as they are asked for.</summary>
internal sealed class EmbeddedPages<T>(Func<string?, int?, Task<Page<T>>> read, CancellationToken cancellationToken)
    : AsyncPageable<T>(cancellationToken)
    where T : notnull
{
    public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
    {
        do
        {
            var page = await read(continuationToken, pageSizeHint);
            yield return page;
            continuationToken = page.ContinuationToken;
        } while (continuationToken is not null);
    }
}

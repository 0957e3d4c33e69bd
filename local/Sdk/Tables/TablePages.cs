namespace Azure.Data.Tables;

/// <summary>Pages fetched one by one as they are asked for.</summary>
internal sealed class TablePages<T>(Func<string?, int?, Task<Page<T>>> fetch, CancellationToken cancellationToken)
    : AsyncPageable<T>(cancellationToken) where T : notnull
{
    public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
    {
        do
        {
            var page = await fetch(continuationToken, pageSizeHint);
            yield return page;
            continuationToken = page.ContinuationToken;
        }
        while (continuationToken is not null);
    }
}

/// <summary>The answer to a read of what is not there.</summary>
internal sealed class NoValueResponse<T>(Response response) : NullableResponse<T>
{
    public override bool HasValue => false;

    public override T Value => throw new InvalidOperationException("The entity does not exist.");

    public override Response GetRawResponse() => response;
}

using System.Text;

namespace IRFunctions.Local.Tenant;

/// <summary>A request to the simulated tenant, whatever transport it came over.</summary>
/// <param name="Method">GET, POST, ...</param>
/// <param name="Path">Path as on the wire, escaped, starting with a slash.</param>
/// <param name="Query">Query as on the wire, with or without its question mark.</param>
/// <param name="Body">Body; empty where there is none.</param>
public sealed record TenantRequest(string Method, string Path, string Query = "", ReadOnlyMemory<byte> Body = default)
{
    /// <summary>The Authorization header.</summary>
    public string? Authorization { get; init; }

    /// <summary>The Idempotency-Key header; the ticket system honours it.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The client-request-id header; comes back in answers and errors.</summary>
    public string? ClientRequestId { get; init; }

    /// <summary>The Prefer header; IdType="ImmutableId" keeps a message's id when it moves.</summary>
    public string? Prefer { get; init; }

    /// <summary>The three headers of a signed connector command: key id, timestamp, signature.</summary>
    public (string? KeyId, string? Timestamp, string? Signature) CommandHeaders { get; init; }

    /// <summary>The host and scheme the caller used, for links in answers.</summary>
    public string Origin { get; init; } = "https://graph.microsoft.com";

    /// <summary>The path's segments, unescaped.</summary>
    public string[] Segments { get; } = [.. Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];

    /// <summary>
    /// A query parameter, unescaped; null where it is absent. Names count as written; OData's may come with or without their dollar.
    /// </summary>
    public string? Parameter(string name)
    {
        foreach (var pair in Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var key = Unescape(equals < 0 ? pair : pair[..equals]);
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return equals < 0 ? "" : Unescape(pair[(equals + 1)..]);
        }
        return null;
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}

/// <summary>The tenant's answer. <see cref="Abort"/> means that the connection breaks without one.</summary>
public sealed record TenantResponse(int Status, byte[] Body)
{
    public static TenantResponse NoContent { get; } = new(204, []);

    public string ContentType { get; init; } =
        "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8";

    /// <summary>The Retry-After header, seconds or a date; null where there is none.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>The request-id header.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>The client-request-id header, as the client sent it.</summary>
    public string? ClientRequestId { get; init; }

    /// <summary>True where the effect happened and its answer got lost.</summary>
    public bool Abort { get; init; }

    /// <summary>The body as text, for tests and people.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Headers as any transport sends them.</summary>
    public IEnumerable<(string Name, string Value)> Headers()
    {
        yield return ("request-id", RequestId);
        if (ClientRequestId is not null)
            yield return ("client-request-id", ClientRequestId);
        if (RetryAfter is not null)
            yield return ("Retry-After", RetryAfter);
        if (Status == 401)
            yield return ("WWW-Authenticate", "Bearer");
    }
}

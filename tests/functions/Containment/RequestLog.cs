using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Containment;

/// <summary>One request to the simulated tenant.</summary>
/// <param name="Effects">What the tenant's journal says that it changed.</param>
/// <param name="Refusal">What the tenant answered where it did not accept it; null where it did.</param>
internal sealed record LoggedRequest(string Method, string Path, IReadOnlyList<string> Effects, string? Refusal)
{
    /// <summary>Whether the tenant has no such endpoint at all, which a real one may have.</summary>
    public bool IsMissing =>
        Refusal is { } text
        && (
            text.Contains("Resource not found for the segment", StringComparison.Ordinal)
            || text.Contains("The simulated tenant answers", StringComparison.Ordinal)
            || text.Contains("Specified HTTP method is not allowed", StringComparison.Ordinal)
            || text.Contains("Could not find a property named", StringComparison.Ordinal)
            || text.Contains("does not exist as a declared property", StringComparison.Ordinal)
        );
}

/// <summary>Notes what any client of the pipeline sends, its own clients of an action included.</summary>
internal sealed class RequestLog(SimulatedTenant tenant, List<LoggedRequest> log) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var before = tenant.Journal.Count;
        var response = await base.SendAsync(request, cancellationToken);
        var effects = tenant.Journal.Entries.Where(e => e.Sequence > before && e.Changed).Select(e => e.Effect);
        var refusal = response.IsSuccessStatusCode ? null : await response.Content.ReadAsStringAsync(cancellationToken);
        log.Add(new LoggedRequest(request.Method.Method, request.RequestUri!.AbsolutePath, [.. effects], refusal));
        return response;
    }
}

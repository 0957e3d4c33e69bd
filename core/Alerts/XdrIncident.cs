using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// Tenant and incident in Defender XDR of an alert that came through Sentinel: the incident's number in the extended properties, the tenant
/// in a link to the portal. Both or none, since a number means nothing without its tenant. Source: rows that the connectors of Defender
/// XDR and of its products write.
/// </summary>
internal static class XdrIncident
{
    private const string Portal = "https://security.microsoft.com/";

    public static bool IsXdr(string? provider) =>
        provider?.Trim() is "Microsoft XDR" or "Microsoft 365 Defender" or "Microsoft Defender XDR" or "Microsoft Threat Protection";

    /// <param name="links">The column ExtendedLinks: [{"Href": "https://security.microsoft.com/incidents/410?tid=..."}], as a list or as
    /// text.</param>
    public static (string? Tenant, string? Incident) Of(Fields? properties, string? alertLink, JsonElement? links)
    {
        var incident = Number(properties, "IncidentId") ?? Number(properties, "ProviderIncidentId") ?? IncidentOfLink(links);
        var tenant = TenantOf(alertLink) ?? TenantOf(LinkIn(links));
        return incident is not null && tenant is not null ? (tenant, incident) : (null, null);
    }

    /// <summary>XDR numbers its incidents; a GUID here is Sentinel's own incident.</summary>
    private static string? Number(Fields? properties, string name) =>
        properties?.Peek(name) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } value
        && value.ToString().Trim() is { Length: > 0 and <= 19 } text
        && text.All(char.IsAsciiDigit)
        && text.TrimStart('0') is { Length: > 0 } number
            ? number
            : null;

    private static string? TenantOf(string? link) =>
        link?.StartsWith(Portal, StringComparison.OrdinalIgnoreCase) == true ? Canonical.TenantOfLink(link) : null;

    private static string? IncidentOfLink(JsonElement? links)
    {
        foreach (var path in (ReadOnlySpan<string>)[Portal + "incidents/", Portal + "incident2/"])
        {
            if (LinkIn(links) is not { } link || !link.StartsWith(path, StringComparison.OrdinalIgnoreCase))
                continue;
            var end = link.AsSpan(path.Length).IndexOfAnyExceptInRange('0', '9');
            var number = end < 0 ? link[path.Length..] : link.Substring(path.Length, end);
            return number.TrimStart('0') is { Length: > 0 and <= 19 } id ? id : null;
        }
        return null;
    }

    /// <summary>The first link to the portal, wherever the source put it: the column holds JSON text, a list or one object.</summary>
    private static string? LinkIn(JsonElement? links)
    {
        if (links?.ToString() is not { Length: > 0 and <= AlertLimits.MaxText } text)
            return null;
        var at = text.IndexOf(Portal + "incident", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            at = text.IndexOf(Portal, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return null;
        var end = text.AsSpan(at).IndexOfAny("\"\\ ,");
        return end < 0 ? text[at..] : text.Substring(at, end);
    }
}

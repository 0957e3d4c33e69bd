using System.Text;
using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>What people see of the many kinds that no action takes: a name of the thing, never a name of a type.</summary>
internal static class EntityCaptions
{
    // From what people call it to what only programs do. Sources: Graph's evidence types, Sentinel's entities reference.
    private static readonly string[] Names =
    [
        "friendlyName",
        "displayName",
        "agentName",
        "name",
        "resourceName",
        "deviceName",
        "activeDirectoryDomainName",
        "domainName",
        "subject",
        "login",
        "title",
        "imageId",
        "fullResourceName",
        "amazonResourceId",
        "resourceId",
        "registry",
        "url",
        "webUrl",
        "address",
        "ipAddress",
        "email",
        "distinguishedName",
        "macAddress",
        "senderFromAddress",
        "serialNumber",
        "signatureHash",
        "destinationServiceName",
        "cve",
        "category",
        "clusterBy",
        "value",
    ];

    private static readonly (string Plain, string Written)[] Spellings =
    [
        ("io t device", "IoT device"),
        ("iotdevice", "IoT device"),
        ("git hub", "GitHub"),
        ("ai agent", "AI agent"),
        ("dns", "DNS"),
        ("nic", "NIC"),
        ("sas token", "SAS token"),
        ("kubernetes", "Kubernetes"),
        ("amazon", "Amazon"),
        ("google cloud", "Google Cloud"),
        ("azure", "Azure"),
        ("teams", "Teams"),
        ("oauth", "OAuth"),
        ("ip", "IP address"),
        ("url", "URL"),
    ];

    public static OtherEntity Other(string? word, Fields fields, References references)
    {
        var kind = Kind(word);
        return new OtherEntity
        {
            Id = "",
            Type = kind,
            Display = fields.Line(Names) ?? Described(kind, fields, references),
        };
    }

    /// <summary>"#microsoft.graph.security.kubernetesPodEvidence" is a Kubernetes pod, "host-logon-session" a host logon session.</summary>
    public static string Kind(string? word)
    {
        if (string.IsNullOrWhiteSpace(word))
            return "unknown";
        var last = word[(word.LastIndexOf('.') + 1)..];
        if (last.EndsWith("Evidence", StringComparison.OrdinalIgnoreCase) && last.Length > "Evidence".Length)
            last = last[..^"Evidence".Length];
        var text = new StringBuilder(last.Length + 8);
        for (var i = 0; i < last.Length; i++)
        {
            if (last[i] is '-' or '_' or ' ')
                text.Append(' ');
            else if (i > 0 && char.IsUpper(last[i]) && !char.IsUpper(last[i - 1]) && text[^1] != ' ')
                text.Append(' ').Append(char.ToLowerInvariant(last[i]));
            else
                text.Append(char.ToLowerInvariant(last[i]));
        }
        var plain = text.ToString().Trim();
        foreach (var (from, to) in Spellings)
        {
            if (plain == from || plain.StartsWith(from + " ", StringComparison.Ordinal))
                return to + plain[from.Length..];
        }
        return plain.Length == 0 ? "unknown" : plain;
    }

    /// <summary>
    /// Without a name of its own it is named after what it holds ("network connection: 10.0.0.1, 203.0.113.1"), else after its id.
    /// </summary>
    private static string Described(string kind, Fields fields, References references)
    {
        var inside = fields.Held(references.Follow).Select(NameOf).OfType<string>().Distinct().Take(3).ToList();
        if (inside.Count > 0)
            return $"{kind}: {string.Join(", ", inside)}";
        return fields.FirstId() is { } id ? $"{kind} {id}" : kind;
    }

    private static string? NameOf(JsonElement held)
    {
        foreach (
            var name in (ReadOnlySpan<string>)["ipAddress", "address", "userPrincipalName", "accountName", "deviceDnsName", "hostName"]
        )
        {
            if (References.Text(held, name) is { Length: > 0 } text)
                return text;
        }
        foreach (var name in Names)
        {
            if (References.Text(held, name) is { Length: > 0 } text)
                return text;
        }
        return null;
    }
}

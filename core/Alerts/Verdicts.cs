using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// What a source says of one piece of evidence. Graph writes verdict, the XDR rows of the SecurityAlert table LastVerdict and
/// ThreatAnalysisSummary (a list of analyses, each with a Verdict), automated investigations SuspicionLevel, others isMalicious.
/// </summary>
internal static class Verdicts
{
    private static readonly string[] Names =
    [
        "verdict",
        "lastVerdict",
        "evidenceVerdict",
        "entityVerdict",
        "finalVerdict",
        "threatVerdict",
        "suspicionLevel",
        "maliciousness",
    ];

    private static readonly string[] RoleNames = ["roles", "evidenceRoles", "evidenceRole", "entityRole", "role"];

    /// <summary>The gravest of all the words, as written: one analysis that found nothing does not undo another.</summary>
    public static string? Of(Fields fields)
    {
        string? worst = null;
        foreach (var name in Names)
            Consider(fields.Line(name), ref worst);
        foreach (var name in (ReadOnlySpan<string>)["threatAnalysisSummary", "threatAnalysisSummaries", "analyzersResult"])
        {
            if (fields.Peek(name) is null || fields.List(name) is not { } list)
                continue;
            foreach (var item in list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object))
                Consider(References.Text(item, "verdict") ?? References.Text(item, "threatVerdict"), ref worst);
        }
        if (fields.Raw("isMalicious", "malicious") is { } flag && bool.TryParse(flag, out var isMalicious))
            Consider(isMalicious ? "malicious" : "noThreatsFound", ref worst);
        return worst;
    }

    /// <summary>The roles under every name, as written; numbers are a product's own code and stay unread.</summary>
    public static IReadOnlyList<string> Roles(Fields fields)
    {
        var roles = new List<string>();
        foreach (var name in RoleNames)
        {
            if (fields.Peek(name) is { ValueKind: JsonValueKind.String or JsonValueKind.Array })
                roles.AddRange(fields.Words(name).Where(role => !roles.Contains(role, StringComparer.OrdinalIgnoreCase)));
        }
        return roles;
    }

    /// <summary>The graver of two; the first where they are alike.</summary>
    public static string? Graver(string? first, string? second)
    {
        Consider(second, ref first);
        return first;
    }

    private static void Consider(string? word, ref string? worst)
    {
        if (word is not null && (worst is null || Gravity(word) > Gravity(worst)))
            worst = word;
    }

    /// <summary>Whether it speaks against the thing.</summary>
    public static bool IsAgainst(string? word) => word is not null && Gravity(word) >= 3;

    private static int Gravity(string word) =>
        word.ToLowerInvariant() switch
        {
            "malicious" or "malware" or "phish" or "phishing" or "compromised" => 4,
            "suspicious" => 3,
            "nothreatsfound" or "clean" or "benign" or "good" => 2,
            "" or "unknown" or "none" or "unknownfuturevalue" => 0,
            _ => 1,
        };
}

using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// A risk detection of Entra ID Protection: Graph's riskDetection and servicePrincipalRiskDetection, the rows of AADUserRiskEvents and
/// AADServicePrincipalRiskEvents, and the diagnostic record that carries one. It names one identity and an address.
/// </summary>
internal static class RiskDetectionShape
{
    // learn.microsoft.com/entra/id-protection/concept-identity-protection-risks: what the portal calls them.
    private static readonly Dictionary<string, string> Titles = new(StringComparer.OrdinalIgnoreCase)
    {
        ["unlikelyTravel"] = "Atypical travel",
        ["mcasImpossibleTravel"] = "Impossible travel",
        ["impossibleTravel"] = "Impossible travel",
        ["anonymizedIPAddress"] = "Anonymous IP address",
        ["maliciousIPAddress"] = "Malicious IP address",
        ["maliciousIPAddressValidCredentialsBlockedIP"] = "Malicious IP address",
        ["suspiciousIPAddress"] = "Suspicious IP address",
        ["malwareInfectedIPAddress"] = "Malware linked IP address",
        ["nationStateIP"] = "Verified threat actor IP",
        ["unfamiliarFeatures"] = "Unfamiliar sign-in properties",
        ["leakedCredentials"] = "Leaked credentials",
        ["passwordSpray"] = "Password spray",
        ["anomalousToken"] = "Anomalous token",
        ["tokenIssuerAnomaly"] = "Token issuer anomaly",
        ["attackerinTheMiddle"] = "Attacker in the middle",
        ["adminConfirmedUserCompromised"] = "Admin confirmed user compromised",
        ["investigationsThreatIntelligence"] = "Microsoft Entra threat intelligence",
        ["userReportedSuspiciousActivity"] = "User reported suspicious activity",
        ["suspiciousSendingPatterns"] = "Suspicious sending patterns",
        ["mcasSuspiciousInboxManipulationRules"] = "Suspicious inbox manipulation rules",
        ["suspiciousInboxForwarding"] = "Suspicious inbox forwarding",
        ["generic"] = "Additional risk detected",
    };

    public static bool Matches(Fields root) =>
        IsDetection(root) || (root.HasObject("properties") && root.Open("properties") is { } inner && IsDetection(inner));

    private static bool IsDetection(Fields fields) =>
        (fields.Has("riskEventType") || fields.Has("riskType"))
        && (fields.HasScalar("userId") || fields.HasScalar("userPrincipalName") || fields.HasScalar("servicePrincipalId"));

    public static AlertReading Read(Fields root)
    {
        var fields = IsDetection(root) ? root : root.Open("properties")!;
        var session = root.Session;
        var (severity, severityText) = Drafts.SeverityOf(fields, "riskLevel");
        var type = fields.Line("riskEventType", "riskType") ?? "";
        var reader = new EntityReader(session, References.None);
        reader.Add(Identity(fields), null, []);
        reader.Add(Devices.Ip(fields, References.None), null, []);
        fields.Skip("@odata.type", "@odata.context", "riskType");
        return Drafts.Finish(
            new Alert
            {
                Shape = AlertShape.GraphAlert,
                Id = Drafts.Id(fields, "id", "requestId"),
                TenantId = Drafts.Tenant(root.Line("tenantId", "aadTenantId") ?? fields.Line("tenantId"), session),
                Title = Titles.GetValueOrDefault(type) ?? Sentence(type),
                Description = fields.Block("riskDetail") is { } detail ? $"Risk detail: {detail}" : "",
                Severity = severity,
                SeverityText = severityText,
                Product = "Microsoft Entra ID Protection",
                Category = type,
                Techniques = Techniques(fields),
                FirstActivity = fields.Time("activityDateTime"),
                LastActivity = fields.Time("activityDateTime"),
                Created = fields.Time("detectedDateTime", "timeGenerated"),
                Source = SourceStates.Of(fields, "lastUpdatedDateTime"),
            },
            session,
            fields,
            root
        );
    }

    private static List<Entity> Identity(Fields fields) =>
        fields.HasScalar("servicePrincipalId") && !fields.HasScalar("userId")
            ? Identities.Application(fields, References.None)
            : Identities.Account(fields, References.None);

    private static string Sentence(string type)
    {
        var words = EntityCaptions.Kind(type);
        return words.Length < 2 ? "Risk detection" : char.ToUpperInvariant(words[0]) + words[1..];
    }

    /// <summary>additionalInfo is a list of {Key, Value} as JSON text; one of the keys is mitreTechniques.</summary>
    private static IReadOnlyList<string> Techniques(Fields fields)
    {
        if (fields.Peek("additionalInfo") is null || fields.List("additionalInfo") is not { } list)
            return [];
        foreach (var item in list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object))
        {
            if (References.Text(item, "Key") == "mitreTechniques" && References.Text(item, "Value") is { } value)
                return Drafts.TechniqueIds(value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        }
        return [];
    }
}

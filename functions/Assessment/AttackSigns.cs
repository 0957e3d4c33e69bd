using IRFunctions.Alerts;

namespace IRFunctions.Assessment;

/// <summary>Kinds of attack the rules know. Flags: one alert may show several.</summary>
[Flags]
internal enum Signs
{
    None = 0,
    HostileAddress = 1,
    StolenAccount = 2,
    HostileMail = 4,
    LostHost = 8,
    Test = 16,
}

/// <summary>
/// What an alert shows, from techniques, tactics, category and the detector's title against fixed word lists, and from the roles and
/// verdicts the source gave its evidence. The description, entity names and every other free text are never read, so an instruction planted
/// there changes nothing.
/// </summary>
internal static class AttackSigns
{
    // MITRE ATT&CK technique ids; a sub-technique counts as its parent unless listed itself.
    private static readonly Dictionary<string, Signs> ByTechnique = new(StringComparer.OrdinalIgnoreCase)
    {
        ["T1110"] = Signs.HostileAddress | Signs.StolenAccount, // Brute force
        ["T1595"] = Signs.HostileAddress, // Active scanning
        ["T1190"] = Signs.HostileAddress, // Exploit public-facing application
        ["T1071"] = Signs.HostileAddress, // Application layer protocol (command and control)
        ["T1090"] = Signs.HostileAddress, // Proxy
        ["T1498"] = Signs.HostileAddress, // Network denial of service
        ["T1078"] = Signs.StolenAccount, // Valid accounts
        ["T1528"] = Signs.StolenAccount, // Steal application access token
        ["T1539"] = Signs.StolenAccount, // Steal web session cookie
        ["T1550"] = Signs.StolenAccount, // Use alternate authentication material
        ["T1556"] = Signs.StolenAccount, // Modify authentication process
        ["T1621"] = Signs.StolenAccount, // MFA request generation
        ["T1566"] = Signs.HostileMail, // Phishing
        ["T1534"] = Signs.HostileMail | Signs.StolenAccount, // Internal spearphishing
        ["T1486"] = Signs.LostHost, // Data encrypted for impact
        ["T1490"] = Signs.LostHost, // Inhibit system recovery
        ["T1485"] = Signs.LostHost, // Data destruction
    };

    private static readonly (string Word, Signs Sign)[] ByWord =
    [
        ("brute force", Signs.HostileAddress),
        ("bruteforce", Signs.HostileAddress),
        ("malicious ip", Signs.HostileAddress),
        ("malicious machine", Signs.HostileAddress),
        ("port scan", Signs.HostileAddress),
        ("sql injection", Signs.HostileAddress),
        ("botnet", Signs.HostileAddress),
        ("outgoing spam", Signs.HostileAddress),
        ("command and control", Signs.HostileAddress),
        ("commandandcontrol", Signs.HostileAddress),
        ("tor exit", Signs.HostileAddress),
        ("password spray", Signs.HostileAddress | Signs.StolenAccount),
        ("anonymous ip", Signs.HostileAddress | Signs.StolenAccount),
        ("anonymous sign-in", Signs.HostileAddress | Signs.StolenAccount),
        ("unfamiliar sign-in", Signs.StolenAccount),
        ("suspicious sign-in", Signs.StolenAccount),
        ("risky sign-in", Signs.StolenAccount),
        ("impossible travel", Signs.StolenAccount),
        ("atypical travel", Signs.StolenAccount),
        ("leaked credential", Signs.StolenAccount),
        ("compromised account", Signs.StolenAccount),
        ("compromised user", Signs.StolenAccount),
        ("account compromise", Signs.StolenAccount),
        ("credentialaccess", Signs.StolenAccount),
        ("credential access", Signs.StolenAccount),
        ("anomalous token", Signs.StolenAccount),
        ("mfa fatigue", Signs.StolenAccount),
        ("phish", Signs.HostileMail),
        ("malicious email", Signs.HostileMail),
        ("email messages containing", Signs.HostileMail),
        ("ransomware", Signs.LostHost),
        ("compromised machine", Signs.LostHost),
        ("compromised host", Signs.LostHost),
        ("volume shadow copy", Signs.LostHost),
        ("malware dropper", Signs.LostHost),
    ];

    // Whole titles only: a title that merely contains such words may be an attacker's.
    private static readonly HashSet<string> TestTitles = new(StringComparer.OrdinalIgnoreCase)
    {
        "Azure Security Center test alert (not a threat)",
        "Microsoft Defender for Cloud test alert (not a threat)",
        "Microsoft Defender for Cloud test alert for App Service (not a threat)",
    };

    public static Signs Of(Alert alert)
    {
        if (TestTitles.Contains(alert.Title.Trim()))
            return Signs.Test;
        var signs = In(alert.Title) | In(alert.Category);
        foreach (var tactic in alert.Tactics)
            signs |= In(tactic);
        foreach (var technique in alert.Techniques)
            signs |= OfTechnique(technique);
        return signs;
    }

    /// <summary>What the source itself says of one entity.</summary>
    public static Signs Of(Entity entity)
    {
        var worst = Says(entity.SourceVerdict, "malicious");
        var hostile = worst || Says(entity.SourceVerdict, "suspicious");
        return entity switch
        {
            IpEntity when worst || (hostile && HasRole(entity, "attacker")) => Signs.HostileAddress,
            AccountEntity when hostile && HasRole(entity, "compromised") => Signs.StolenAccount,
            MailMessageEntity when worst => Signs.HostileMail,
            HostEntity when worst && HasRole(entity, "compromised") => Signs.LostHost,
            _ => Signs.None,
        };
    }

    private static bool Says(string? word, string wanted) => wanted.Equals(word, StringComparison.OrdinalIgnoreCase);

    private static bool HasRole(Entity entity, string role) => entity.Roles.Any(r => Says(r, role));

    private static Signs In(string text)
    {
        var signs = Signs.None;
        foreach (var (word, sign) in ByWord)
        {
            if (text.Contains(word, StringComparison.OrdinalIgnoreCase))
                signs |= sign;
        }
        return signs;
    }

    private static Signs OfTechnique(string technique)
    {
        var dot = technique.IndexOf('.', StringComparison.Ordinal);
        return ByTechnique.GetValueOrDefault(technique) | (dot > 0 ? ByTechnique.GetValueOrDefault(technique[..dot]) : Signs.None);
    }
}

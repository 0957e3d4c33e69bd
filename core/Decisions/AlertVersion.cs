using System.Security.Cryptography;
using System.Text;
using IRFunctions.Alerts;

namespace IRFunctions.Decisions;

/// <summary>Tells news about a known alert from the same message again (S10).</summary>
public static class AlertVersion
{
    /// <summary>
    /// The alert's key and a digest of all that a decision rests on: severity, category, tactics and techniques, members, entities. The
    /// same message again has the same; news about the alert has another and is no duplicate. Texts and times are left out: sources change
    /// them without news.
    /// </summary>
    public static string KeyOf(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        var decisive = new StringBuilder();
        Add(decisive, [alert.Severity.ToString(), alert.SeverityText, alert.Category]);
        Add(decisive, alert.Tactics);
        Add(decisive, alert.Techniques);
        Add(decisive, alert.MemberAlertIds);
        Add(decisive, alert.Entities.Select(Described));
        // How many were left out, too: what is new may be beyond what is kept.
        Add(decisive, alert.Notes);
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(decisive.ToString())).AsSpan(0, 16);
        return $"{Correlation.AlertKey(alert)}-{Convert.ToHexStringLower(digest)}";
    }

    /// <summary>In an order of its own: sources list the same things in another order each time.</summary>
    private static void Add(StringBuilder decisive, IEnumerable<string> parts)
    {
        foreach (var part in parts.Order(StringComparer.Ordinal))
            decisive.Append(part).Append('\0');
        decisive.Append('\u0001');
    }

    private static string Described(Entity entity) =>
        string.Join(
            '\u0002',
            [entity.GetType().Name, Targets.Of(entity)?.Key ?? "", entity.Display, .. entity.Roles.Order(StringComparer.Ordinal)]
        );
}

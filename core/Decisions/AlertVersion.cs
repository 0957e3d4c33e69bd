using System.Security.Cryptography;
using System.Text;
using IRFunctions.Alerts;

namespace IRFunctions.Decisions;

/// <summary>Tells news about a known alert from the same message again (S10).</summary>
public static class AlertVersion
{
    /// <summary>
    /// The alert's key, a digest of all that a decision rests on, and where the alert stands at its source. The same message again has the
    /// same; news about the alert has another and is no duplicate.
    /// </summary>
    public static string KeyOf(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return $"{Correlation.AlertKey(alert)}-{ContentOf(alert)}-{StandingOf(alert.Source)}";
    }

    /// <summary>
    /// Digest of severity, category, tactics and techniques, members, entities: 32 hex digits. Texts and times are left out: sources change
    /// them without news. So is where the alert stands at its source, which is not about what happened.
    /// </summary>
    public static string ContentOf(Alert alert)
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
        return Digest(decisive);
    }

    /// <summary>Digest of the entities alone: whether news is about other things.</summary>
    public static string EntitiesOf(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        var decisive = new StringBuilder();
        Add(decisive, alert.Entities.Select(Described));
        return Digest(decisive);
    }

    private static string StandingOf(SourceState source) =>
        $"{source.Status}-{source.Classification}-{source.Determination}".ToLowerInvariant();

    private static string Digest(StringBuilder decisive) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(decisive.ToString())).AsSpan(0, 16));

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

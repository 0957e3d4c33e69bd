using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Alerts;

/// <summary>
/// Keys derived from what an alert is, never random (docs/design.md section 4): the same incident leads to the same orchestration,
/// whichever message arrives first and however often.
/// </summary>
public static class Correlation
{
    /// <summary>
    /// "incident-" and the first 32 hex digits of SHA-256 over tenant, NUL, and the incident's id or, where it has none, the alert's.
    /// </summary>
    public static string IncidentKey(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return "incident-" + Digest(alert.TenantId, alert.IncidentId ?? alert.Id);
    }

    /// <summary>
    /// "alert-" and the first 32 hex digits of SHA-256 over tenant, NUL, and the alert's own id. For a message that is an incident this is
    /// the incident's: a later version of it, with more alerts inside, has the same key.
    /// </summary>
    public static string AlertKey(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return "alert-" + Digest(alert.TenantId, alert.Id);
    }

    private static string Digest(string tenant, string id) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant}\0{id}")).AsSpan(0, 16));
}

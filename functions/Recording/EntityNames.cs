using System.Text.Json;
using IRFunctions.Alerts;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>The names under which a thing can be looked up: whatever a person may have at hand.</summary>
public static class EntityNames
{
    private const int MaxName = 200;

    /// <summary>Lower-case ids, addresses and names of an entity; empty for what nobody looks up.</summary>
    public static IReadOnlyList<string> Of(Entity entity)
    {
        string?[] names = entity switch
        {
            AccountEntity a => [a.ObjectId, a.UserPrincipalName, a.Sid, a.Name],
            HostEntity h => [h.DefenderDeviceId, h.EntraDeviceId, h.HostName, h.DnsDomain is null ? null : $"{h.HostName}.{h.DnsDomain}"],
            IpEntity ip => [ip.Address],
            MailMessageEntity m => [m.NetworkMessageId, m.InternetMessageId, m.Recipient, m.Sender],
            MailboxEntity m => [m.ObjectId, m.PrimaryAddress],
            ApplicationEntity a => [a.ObjectId, a.AppId, a.Name],
            AzureResourceEntity r => [r.ResourceId],
            FileEntity f => [f.Sha256, f.Sha1],
            UrlEntity u => [u.Url],
            WorkloadEntity w => [w.IdentityId],
            _ => [],
        };
        return [.. names.OfType<string>().Where(n => n.Length is > 0 and <= MaxName).Select(n => n.ToLowerInvariant()).Distinct()];
    }

    /// <summary>The names an entry is about: those of the alert it tells of, and the target of what was done.</summary>
    public static IReadOnlySet<string> In(AuditEntry entry)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, _) in WithDisplays(entry))
            names.Add(name);
        return names;
    }

    /// <summary>The same with what people call the thing; a name may come more than once.</summary>
    internal static IReadOnlyList<(string Name, string Display)> WithDisplays(AuditEntry entry)
    {
        var names = new List<(string, string)>();
        if (entry.Data is null)
            return names;
        try
        {
            using var json = JsonDocument.Parse(entry.Data);
            AddTarget(names, json.RootElement);
            if (json.RootElement.TryGetProperty("entities", out var entities) && entities.ValueKind == JsonValueKind.Array)
            {
                foreach (var entity in entities.EnumerateArray())
                {
                    if (entity.TryGetProperty("names", out var its) && its.ValueKind == JsonValueKind.Array)
                        foreach (var name in its.EnumerateArray().Select(n => n.GetString() ?? ""))
                            names.Add((name, EntryDetails.TextOf(entity, "display") is { Length: > 0 } display ? display : name));
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Data that was cut or is no object names nothing.
        }
        return names;
    }

    private static void AddTarget(List<(string, string)> names, JsonElement root)
    {
        if (
            root.ValueKind == JsonValueKind.Object
            && root.TryGetProperty("about", out var about)
            && about.TryGetProperty("target", out var target)
            && target.GetString() is { } key
        )
            foreach (var name in NamesIn(key))
                names.Add((name, EntryDetails.TextOf(about, "display") ?? key));
    }

    /// <summary>A copy of a message is looked up by the message and by whose mailbox it is in.</summary>
    private static string[] NamesIn(string key)
    {
        var id = key[(key.IndexOf(':') + 1)..].ToLowerInvariant();
        return key.StartsWith("mailMessage:", StringComparison.Ordinal) && id.IndexOf('@') is > 0 and var at
            ? [id, id[..at], id[(at + 1)..]]
            : [id];
    }
}

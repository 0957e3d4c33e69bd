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
        foreach (var thing in ThingsIn(entry))
            names.UnionWith(thing.Names);
        return names;
    }

    /// <summary>
    /// Every thing an entry is about, with all it can be looked up by: what <see cref="WithDisplays"/> gives, what people call it, and a
    /// host's short name; each in one spelling.
    /// </summary>
    internal static IReadOnlyList<NamedThing> ThingsIn(AuditEntry entry)
    {
        if (entry.Data is null)
            return [];
        var things = new List<NamedThing>();
        try
        {
            using var json = JsonDocument.Parse(entry.Data);
            var target = new List<(string Name, string Display)>();
            AddTarget(target, json.RootElement);
            things.AddRange(target.Select(t => new NamedThing([EntitySpelling.Of(t.Name), .. EntitySpelling.OfDisplay(t.Display)], true)));
            if (json.RootElement.TryGetProperty("entities", out var entities) && entities.ValueKind == JsonValueKind.Array)
                things.AddRange(entities.EnumerateArray().Select(ThingOf).OfType<NamedThing>());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Data that was cut or is no object names nothing.
        }
        return things;
    }

    private static NamedThing? ThingOf(JsonElement entity)
    {
        if (
            entity.ValueKind != JsonValueKind.Object
            || !entity.TryGetProperty("names", out var its)
            || its.ValueKind != JsonValueKind.Array
        )
            return null;
        var names = its.EnumerateArray().Select(n => EntitySpelling.Of(n.GetString() ?? "")).ToHashSet(StringComparer.Ordinal);
        var type = EntryDetails.TextOf(entity, "type");
        if (type == "host")
            names.UnionWith(names.Select(EntitySpelling.ShortHost).OfType<string>().ToList());
        if (EntryDetails.TextOf(entity, "display") is { Length: > 0 and <= MaxName } display)
            names.UnionWith(EntitySpelling.OfDisplay(display));
        names.Remove("");
        // A message is named after its recipient, too, and is not that person.
        return names.Count == 0 ? null : new NamedThing(names, type is "account" or "host" or "mailbox" or "application");
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

/// <param name="Names">All it can be looked up by.</param>
/// <param name="IsOne">Whether every name means the thing itself, so that whoever asks for one of them asks for all.</param>
internal sealed record NamedThing(IReadOnlySet<string> Names, bool IsOne)
{
    public NamedThing(IEnumerable<string> names, bool isOne)
        : this(names.Where(n => n.Length > 0).ToHashSet(StringComparer.Ordinal), isOne) { }
}

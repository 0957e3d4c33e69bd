using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// Reads the entity of any source: the sources differ in how they spell the type and the fields, not in what they say. Sources of the
/// names:
/// Graph security evidence types (microsoft.graph.security.*Evidence), Sentinel entity types
/// (learn.microsoft.com/azure/sentinel/entities-reference,
/// both the table's PascalCase and ARM's camelCase), Defender for Endpoint and XDR API evidence (entityType, flat fields).
/// </summary>
internal sealed class EntityReader(ReadingSession session, References references)
{
    /// <summary>Objects that are entities by the name they stand under, where they say no type.</summary>
    private static string? KindByName(string name) =>
        name.ToLowerInvariant() switch
        {
            "imagefile" => "file",
            "account" or "useraccount" or "relateduser" or "loggedonusers" => "account",
            "host" or "devices" => "host",
            "parentprocess" => "process",
            _ => null,
        };

    public void ReadList(JsonElement list, string place)
    {
        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            var at = $"{place}[{index++}]";
            if (item.ValueKind == JsonValueKind.Object)
                Read(item, at, null);
            else if (item.ValueKind != JsonValueKind.Null)
                session.Notes.Add($"{at} is not an object, so it is no entity; left out.");
        }
    }

    /// <summary>
    /// Reads one entity and the entities nested in it. <paramref name="kind"/> is what it is where it says nothing itself.
    /// </summary>
    public void Read(JsonElement element, string place, string? kind)
    {
        if (session.Entities.IsFull)
        {
            session.Entities.LeaveOut();
            return;
        }
        var outer = Fields.Of(element, session, place);
        if (outer.Raw("$ref") is { } target && outer.Raw("$id") is null)
        {
            // What it refers to stands elsewhere in the list and is read there.
            if (!references.Knows(target))
                session.Notes.Add($"{place} refers to entity {SafeText.Line(target, 60, out _)}, which is not in the message.");
            return;
        }
        var word = outer.Line("@odata.type", "kind", "entityType", "type");
        var fields = outer;
        if (outer.HasObject("properties") && outer.Has("kind"))
        {
            outer.Skip("id", "name", "type");
            fields = outer.Open("properties")!;
        }
        fields.Skip("$id", "type", "kind", "createdDateTime", "remediationStatusDetails");
        var made = Make(word, kind, fields);
        if (made.Count == 0 && kind is not null && word is null)
            return;
        var nested = fields.UnreadObjects(IsEntity).ToList();
        Add(made.Count > 0 ? made : [Other(word, fields)], fields);
        foreach (var (name, value, at) in nested)
            Read(value, at, KindByName(name) ?? "");
    }

    /// <summary>Reads the entities that stand as fields of something that is none itself, such as the devices of an alert.</summary>
    public void ReadNested(Fields fields)
    {
        foreach (var (name, value, at) in fields.UnreadObjects(IsEntity).ToList())
            Read(value, at, KindByName(name) ?? "");
    }

    private List<Entity> Make(string? word, string? kind, Fields fields)
    {
        // Two values under one name: which of them is the target depends on who reads, so it is none.
        if (fields.Conflicts.Count > 0)
        {
            var names = string.Join(", ", fields.Conflicts);
            session.Notes.Add($"{fields.Place} holds different values under the same name ({names}); it cannot be a target.");
            return [];
        }
        return MakersOf(KindOf(word))?.Invoke(fields, references) ?? MakersOf(kind ?? "")?.Invoke(fields, references) ?? [];
    }

    private void Add(List<Entity> made, Fields fields)
    {
        var scope = ScopeOf(fields);
        var verdict = fields.Line("verdict");
        var roles = fields.Words("roles");
        var extra = fields.Extra();
        foreach (var entity in made)
        {
            // A malicious message does not make its recipient malicious: the verdict is about the first kind made.
            var isSubject = entity.GetType() == made[0].GetType();
            session.Entities.Add(isSubject ? entity with { SourceVerdict = verdict, Roles = roles, Extra = extra } : entity, scope);
            extra = null;
        }
    }

    private static OtherEntity Other(string? word, Fields fields) =>
        new()
        {
            Id = "",
            Type = word ?? "unknown",
            Display =
                fields.Line("friendlyName", "displayName", "name", "address", "ipAddress", "url", "domainName", "category")
                ?? word
                ?? "unknown",
        };

    private static Func<Fields, References, List<Entity>>? MakersOf(string kind) =>
        kind switch
        {
            "account" or "user" => Identities.Account,
            "mailbox" => Identities.Mailbox,
            "cloudapplication" or "oauthapplication" or "serviceprincipal" or "application" => Identities.Application,
            "host" or "device" or "machine" => Devices.Host,
            "ip" or "ipaddress" => Devices.Ip,
            "azureresource" => Devices.AzureResource,
            "process" => Devices.Process,
            "file" or "filehash" => Devices.File,
            "registrykey" or "registryvalue" or "registry" => Devices.Registry,
            "mailmessage" or "analyzedmessage" or "mailcluster" => Mail.Messages,
            "url" => Mail.Url,
            _ => null,
        };

    /// <summary>"#microsoft.graph.security.userEvidence", "RegistryKey", "host-logon-session" as one bare word.</summary>
    internal static string KindOf(string? word)
    {
        if (word is null)
            return "";
        var bare = word[(word.LastIndexOf('.') + 1)..].Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        return bare.EndsWith("evidence", StringComparison.Ordinal) ? bare[..^"evidence".Length] : bare;
    }

    private static bool IsEntity(string name, JsonElement value) =>
        !value.TryGetProperty("$ref", out _) && (KindByName(name) is not null || SaysType(value));

    private static bool SaysType(JsonElement value) =>
        value.TryGetProperty("Type", out _)
        || (
            value.TryGetProperty("@odata.type", out var type)
            && type.ValueKind == JsonValueKind.String
            && type.GetString()!.EndsWith("Evidence", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>The machine that local names are relative to.</summary>
    private string? ScopeOf(Fields fields) =>
        Scalar(fields, "mdeDeviceId")
        ?? (references.Follow(fields, "Host", "hostEntityId") is { } host ? References.Text(host, "HostName") : null);

    private static string? Scalar(Fields fields, string name) =>
        fields.Peek(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}

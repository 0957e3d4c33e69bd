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
    public void ReadList(JsonElement list, string place)
    {
        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            var at = $"{place}[{index++}]";
            if (item.ValueKind == JsonValueKind.Object && EntityKinds.IsMapOfKinds(item))
                ReadMap(item, at);
            else if (item.ValueKind == JsonValueKind.Object)
                Read(item, at, null);
            else if (AsObject(item, at) is { } inner)
                Read(inner, at, null);
            else if (item.ValueKind != JsonValueKind.Null)
                session.Notes.Add($"{at} is not an object, so it is no entity; left out.");
        }
    }

    /// <summary>{"Accounts": [...], "ipEvidence": {...}}: sorted by what they are.</summary>
    private void ReadMap(JsonElement map, string place)
    {
        foreach (var group in map.EnumerateObject())
        {
            var (kind, at) = (EntityKinds.OfGroup(group.Name)!, $"{place}.{group.Name}");
            if (group.Value.ValueKind == JsonValueKind.Object)
                Read(group.Value, at, kind);
            else
            {
                foreach (var item in group.Value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object))
                    Read(item, at, kind);
            }
        }
    }

    /// <summary>An entity written as JSON text.</summary>
    private JsonElement? AsObject(JsonElement item, string at) =>
        item.ValueKind == JsonValueKind.String
        && Fields.LooksLikeJson(item.GetString()!)
        && session.OpenInner(item.GetString()!, at) is { ValueKind: JsonValueKind.Object } inner
            ? inner
            : null;

    /// <summary>
    /// Reads one entity and the entities nested in it. <paramref name="kind"/> is what it is where it says nothing itself.
    /// </summary>
    public void Read(JsonElement element, string place, string? kind)
    {
        var outer = Fields.Of(element, session, place);
        if (outer.Raw("$ref") is { } target && outer.Raw("$id") is null)
        {
            // What it refers to stands elsewhere in the list and is read there.
            if (!references.Knows(target))
                session.Notes.Add($"{place} refers to entity {SafeText.Line(target, 60, out _)}, which is not in the message.");
            return;
        }
        var word = outer.Line("@odata.type", "kind", "entityType", "type");
        if (word?.Any(char.IsLetter) == false)
            word = null; // A product's own number.
        var fields = outer;
        if (outer.HasObject("properties") && outer.Has("kind"))
        {
            outer.Skip("id", "name", "type");
            fields = outer.Open("properties")!;
        }
        fields.Include("additionalData");
        fields.Skip("$id", "type", "kind", "createdDateTime", "remediationStatusDetails", "@odata.type");
        var made = Make(word, kind, fields);
        if (made.Count == 0 && kind is not null && word is null && !fields.HasAnything)
            return;
        var nested = fields.UnreadObjects(EntityKinds.IsEntity).ToList();
        Add(made.Count > 0 ? made : [EntityCaptions.Other(word ?? kind, fields, references)], fields);
        foreach (var (name, value, at) in nested)
            Read(value, at, EntityKinds.ByName(name) ?? "");
    }

    /// <summary>Reads the entities that stand as fields of something that is none itself, such as the devices of an alert.</summary>
    public void ReadNested(Fields fields)
    {
        foreach (var (name, value, at) in fields.UnreadObjects(EntityKinds.IsEntity).ToList())
            Read(value, at, EntityKinds.ByName(name) ?? "");
    }

    /// <summary>Adds what a maker made of fields that stand flat in something else, with the verdict and roles given there.</summary>
    public void Add(List<Entity> made, string? verdict, IReadOnlyList<string> roles)
    {
        foreach (var entity in made)
            session.Entities.Add(entity with { SourceVerdict = verdict, Roles = roles });
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
        var named = EntityKinds.MakerOf(KindOf(word)) ?? EntityKinds.MakerOf(kind ?? "");
        if (named is null && string.IsNullOrEmpty(kind))
            named = EntityKinds.MakerOf(EntityKinds.ByFields(fields, onlySure: word is not null) ?? "");
        return named?.Invoke(fields, references) ?? [];
    }

    private void Add(List<Entity> made, Fields fields)
    {
        var scope = ScopeOf(fields);
        var verdict = Verdicts.Of(fields);
        var roles = Verdicts.Roles(fields);
        var extra = fields.Extra();
        foreach (var entity in made)
        {
            // A malicious message does not make its recipient malicious: the verdict is about the first kind made.
            var isSubject = entity.GetType() == made[0].GetType();
            session.Entities.Add(isSubject ? entity with { SourceVerdict = verdict, Roles = roles, Extra = extra } : entity, scope);
            extra = null;
        }
    }

    /// <summary>"#microsoft.graph.security.userEvidence", "RegistryKey", "host-logon-session" as one bare word.</summary>
    internal static string KindOf(string? word)
    {
        if (word is null)
            return "";
        var last = word[(word.LastIndexOf('.') + 1)..];
        var bare = string.Concat(last.Where(c => c is not ('-' or '_' or ' '))).ToLowerInvariant();
        return bare.EndsWith("evidence", StringComparison.Ordinal) ? bare[..^"evidence".Length] : bare;
    }

    /// <summary>The machine that local names are relative to.</summary>
    private string? ScopeOf(Fields fields) =>
        Scalar(fields, "mdeDeviceId")
        ?? (references.Follow(fields, "Host", "hostEntityId") is { } host ? References.Text(host, "HostName") : null);

    private static string? Scalar(Fields fields, string name) =>
        fields.Peek(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}

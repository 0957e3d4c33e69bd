using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// Entities by their name inside the message: "$id"/"$ref" in the SecurityAlert table, "name" and "...EntityId" in ARM. References may
/// point backwards, forwards, into nested entities, at themselves, or nowhere.
/// </summary>
internal sealed class References
{
    private const int MostHops = 4;
    private readonly Dictionary<string, JsonElement> byId = new(StringComparer.OrdinalIgnoreCase);

    public static References None { get; } = new();

    public static References In(JsonElement list)
    {
        var references = new References();
        references.Collect(list);
        return references;
    }

    public bool Knows(string id) => byId.ContainsKey(id);

    /// <summary>The object a field holds or refers to; null where there is none. Never goes in circles.</summary>
    public JsonElement? Follow(Fields fields, string name, string idName)
    {
        if (fields.Peek(name) is { ValueKind: JsonValueKind.Object } value)
            return Follow(value);
        if (fields.Peek(idName) is not { ValueKind: JsonValueKind.String } id)
            return null;
        return byId.TryGetValue(Canonical.LastSegment(id.GetString()) ?? "", out var entity) ? Follow(entity) : null;
    }

    /// <summary>A text field of the object itself, whatever it holds.</summary>
    public static string? Own(JsonElement element, string name) => TextIn(element, name);

    /// <summary>A text field of an entity, whichever way its name is written.</summary>
    public static string? Text(JsonElement entity, string name)
    {
        if (entity.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
            entity = properties;
        return TextIn(entity, name);
    }

    private static string? TextIn(JsonElement entity, string name)
    {
        foreach (var property in entity.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.String && property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return SafeText.Line(property.Value.GetString()!, AlertLimits.MaxName, out _);
        }
        return null;
    }

    /// <summary>What a reference stands for, the object itself where it is none; null where it leads nowhere.</summary>
    public JsonElement? Follow(JsonElement value)
    {
        for (var hop = 0; hop < MostHops; hop++)
        {
            if (!value.TryGetProperty("$ref", out var reference))
                return value;
            if (reference.ValueKind != JsonValueKind.String || !byId.TryGetValue(reference.GetString()!, out value))
                return null;
        }
        return null;
    }

    private void Collect(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
                Collect(item);
            return;
        }
        if (element.ValueKind != JsonValueKind.Object)
            return;
        foreach (var property in element.EnumerateObject())
        {
            if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                Collect(property.Value);
            else if (property.Value.ValueKind == JsonValueKind.String && (property.NameEquals("$id"u8) || IsArmName(property, element)))
                byId.TryAdd(property.Value.GetString()!, element);
        }
    }

    private static bool IsArmName(JsonProperty property, JsonElement element) =>
        property.NameEquals("name"u8) && element.TryGetProperty("kind", out _) && element.TryGetProperty("properties", out _);
}

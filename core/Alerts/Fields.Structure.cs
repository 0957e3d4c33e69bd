using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>Lists and objects inside, however the sources wrap them: as text, as text in text, one where several are meant.</summary>
internal sealed partial class Fields
{
    /// <summary>As many as an alert's own wrapping.</summary>
    private const int MostLayers = 6;

    /// <summary>
    /// A list, also where it is written as JSON text, and where one object stands in its place: serializers that came from XML and
    /// splitting agents write a list of one so.
    /// </summary>
    public JsonElement? List(string name)
    {
        if (Structure(name, JsonValueKind.Array) is { } list)
            return list;
        if (Structure(name, JsonValueKind.Object) is not { } one)
            return null;
        ref var slot = ref slots[Find(name)];
        slot.Value = ListOf(one, name);
        return slot.Value;
    }

    /// <summary>A nested object, also as JSON text or alone in a list; what it holds and nobody reads counts as unread here.</summary>
    public Fields? Open(string name)
    {
        var element = Structure(name, JsonValueKind.Object);
        if (element is null && Structure(name, JsonValueKind.Array) is { } list)
        {
            ref var slot = ref slots[Find(name)];
            if (list.GetArrayLength() == 1 && list[0].ValueKind == JsonValueKind.Object)
                element = slot.Value = list[0];
            else
                slot.Taken = false;
        }
        if (element is not { } one)
            return null;
        var i = Find(name);
        return slots[i].Opened ??= Of(one, session, $"{Place}.{slots[i].Name}");
    }

    /// <summary>
    /// Takes the fields of a nested object for this one's own, such as "additionalData"; where both have one, ours stays.
    /// </summary>
    public void Include(string name)
    {
        var i = Find(name);
        if (i < 0 || slots[i].Opened is not null || Structure(name, JsonValueKind.Object) is not { } element)
            return;
        var outer = slots[i].Name;
        var inner = Of(element, session, $"{Place}.{outer}");
        Conflicts = [.. Conflicts, .. inner.Conflicts];
        foreach (ref var slot in inner.slots.AsSpan())
        {
            if (Find(slot.Name) is >= 0 and var same)
                slot = new Slot($"{outer}.{slot.Name}", slot.Value) { Taken = JsonElement.DeepEquals(slots[same].Value, slot.Value) };
        }
        slots = [.. slots, .. inner.slots];
    }

    private JsonElement? Structure(string name, JsonValueKind kind)
    {
        var i = Find(name);
        if (i < 0)
            return null;
        ref var slot = ref slots[i];
        Unfold(ref slot);
        if (slot.Value.ValueKind != kind)
            return null;
        slot.Taken = true;
        return slot.Value;
    }

    /// <summary>Opens JSON written as text, layer by layer.</summary>
    private void Unfold(ref Slot slot)
    {
        for (var layer = 0; layer < MostLayers && slot.Value.ValueKind == JsonValueKind.String; layer++)
        {
            var text = slot.Value.GetString()!;
            if (!LooksLikeJson(text) || session.OpenInner(text, $"{Place}.{slot.Name}") is not { } inner)
                return;
            slot.Value = inner;
        }
    }

    /// <summary>A list or an object, or one of them as text once more.</summary>
    internal static bool LooksLikeJson(string text) =>
        text.AsSpan().TrimStart() is ['{' or '[', ..] or ['"', '{' or '[' or '\\' or '"', ..];

    private JsonElement ListOf(JsonElement one, string name)
    {
        if (Only(one) is { } only)
        {
            if (only.Value.ValueKind == JsonValueKind.Array)
                return only.Value;
            if (only.Value.ValueKind == JsonValueKind.Object && IsSingularOf(only.Name, name))
                return session.Combine([only.Value]);
        }
        foreach (var wrapper in (ReadOnlySpan<string>)["value", "$values", "items", "results"])
        {
            if (one.TryGetProperty(wrapper, out var list) && list.ValueKind == JsonValueKind.Array && !one.TryGetProperty("id", out _))
                return list;
        }
        var isNumbered = one.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.Object && p.Name.All(char.IsAsciiDigit));
        return session.Combine(isNumbered && one.GetPropertyCount() > 0 ? one.EnumerateObject().Select(p => p.Value) : [one]);
    }

    private static JsonProperty? Only(JsonElement one) => one.GetPropertyCount() == 1 ? one.EnumerateObject().First() : null;

    private static bool IsSingularOf(string one, string many) =>
        many.Equals(one + "s", StringComparison.OrdinalIgnoreCase)
        || (one.EndsWith('y') && many.Equals(one[..^1] + "ies", StringComparison.OrdinalIgnoreCase))
        || one.Equals("item", StringComparison.OrdinalIgnoreCase)
        || one.Equals(many, StringComparison.OrdinalIgnoreCase);

    /// <summary>Unread objects among the values, and in lists among them, with the name they stand under.</summary>
    public IEnumerable<(string Name, JsonElement Value, string Place)> UnreadObjects(Func<string, JsonElement, bool> wanted)
    {
        for (var i = 0; i < slots.Length; i++)
        {
            var (name, value) = (slots[i].Name, slots[i].Value);
            if (slots[i].Taken || value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
                continue;
            var isList = value.ValueKind == JsonValueKind.Array;
            if (isList ? value.GetArrayLength() == 0 || !value.EnumerateArray().All(item => IsWanted(name, item)) : !IsWanted(name, value))
                continue;
            slots[i].Taken = true;
            if (!isList)
                yield return (name, value, $"{Place}.{name}");
            else
            {
                var index = 0;
                foreach (var item in value.EnumerateArray())
                    yield return (name, item, $"{Place}.{name}[{index++}]");
            }
        }
        bool IsWanted(string name, JsonElement value) => value.ValueKind == JsonValueKind.Object && wanted(name, value);
    }
}

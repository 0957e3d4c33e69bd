using System.Runtime.InteropServices;
using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>What nobody read.</summary>
internal sealed partial class Fields
{
    /// <summary>An object longer than this is kept field by field: one long text in it must not cost the short ones.</summary>
    private const int MostWhole = AlertLimits.MaxExtra / 8;

    private const int MostDepth = 4;

    /// <summary>
    /// Everything unread as one compact JSON object of at most <see cref="AlertLimits.MaxExtra"/> characters, null where nothing is left.
    /// What tells of state and belonging comes first, then the shortest; whole fields are left out, never half of one, and named in a
    /// note; empty values say nothing and are dropped.
    /// </summary>
    public string? Extra()
    {
        if (session.Scratch is not { } scratch)
            session.Scratch = scratch = new JsonScratch();
        var extra = new ExtraWriter(scratch);
        AddUnread(extra, null, 0);
        var json = extra.ToJson();
        if (extra.LeftOut.Count > 0)
            session.Notes.Add($"{Place}: too long to keep: {string.Join(", ", extra.LeftOut)}.");
        return json;
    }

    private void AddUnread(ExtraWriter extra, ExtraWriter.Group? parent, int depth)
    {
        foreach (ref var slot in slots.AsSpan())
        {
            if (slot.Opened is not null)
                slot.Opened.AddUnread(extra, new ExtraWriter.Group(parent, slot.Name), depth + 1);
            else if (!slot.Taken)
                Add(extra, parent, slot.Name, slot.Value, depth);
        }
    }

    private static void Add(ExtraWriter extra, ExtraWriter.Group? parent, string name, JsonElement value, int depth)
    {
        if (IsEmpty(value) || IsReference(value))
            return;
        var isLong = value.ValueKind == JsonValueKind.Object && JsonMarshal.GetRawUtf8Value(value).Length > MostWhole;
        if (!isLong || depth >= MostDepth)
        {
            extra.Add(parent, name, value);
            return;
        }
        var inside = new ExtraWriter.Group(parent, name);
        foreach (var property in value.EnumerateObject())
            Add(extra, inside, property.Name, property.Value, depth + 1);
    }

    /// <summary>"{$ref: 4}" means nothing outside its own message, and the entity it names is kept on its own.</summary>
    private static bool IsReference(JsonElement value) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("$ref", out _);

    private static bool IsEmpty(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => true,
            JsonValueKind.String => value.ValueEquals(""),
            JsonValueKind.Array => value.GetArrayLength() == 0,
            JsonValueKind.Object => value.GetPropertyCount() == 0,
            _ => false,
        };
}

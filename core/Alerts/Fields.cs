using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// One JSON object, its names compared without case (the same field is AadUserId, aadUserId or AADUserId, by source and age). Every read
/// bears wrong types: a value of another kind counts as absent. Remembers what was read, so that the rest can be kept as Extra.
/// </summary>
internal sealed partial class Fields
{
    private Slot[] slots;
    private readonly ReadingSession session;

    private Fields(Slot[] slots, ReadingSession session, string place)
    {
        this.slots = slots;
        this.session = session;
        Place = place;
    }

    public string Place { get; }

    /// <summary>The object itself, for who has to hand it on.</summary>
    public JsonElement Whole { get; private init; }

    public ReadingSession Session => session;

    /// <summary>
    /// Names that occur more than once, without regard to case, with different values: what they mean depends on the reader. Those of the
    /// objects inside count, too, since what they say is said of this one; what stands in a list speaks for itself.
    /// </summary>
    public IReadOnlyList<string> Conflicts { get; private set; } = [];

    public static Fields Of(JsonElement element, ReadingSession session, string place)
    {
        var slots = new Slot[element.GetPropertyCount()];
        var count = 0;
        foreach (var property in element.EnumerateObject())
            slots[count++] = new Slot(property.Name, property.Value);
        var fields = new Fields(slots, session, place) { Whole = element };
        fields.FindConflicts();
        return fields;
    }

    private void FindConflicts()
    {
        // Comparing each with each is quicker than hashing for objects as small as real ones.
        const int small = 24;
        var seen = slots.Length > small ? new Dictionary<string, int>(slots.Length, StringComparer.OrdinalIgnoreCase) : null;
        for (var i = 0; i < slots.Length && Conflicts.Count < 5; i++)
        {
            var earlier =
                seen is null ? Find(slots[i].Name)
                : seen.TryAdd(slots[i].Name, i) ? i
                : seen[slots[i].Name];
            if (earlier < i && !JsonElement.DeepEquals(slots[earlier].Value, slots[i].Value))
                Conflicts = [.. Conflicts, SafeText.Line(slots[i].Name, 60, out _)];
            if (slots[i].Value.ValueKind == JsonValueKind.Object)
                FindConflictsIn(slots[i]);
        }
    }

    private void FindConflictsIn(Slot slot)
    {
        foreach (var name in Of(slot.Value, session, slot.Name).Conflicts)
            Conflicts = [.. Conflicts, SafeText.Line($"{slot.Name}.{name}", 60, out _)];
    }

    public int Count => slots.Length;

    /// <summary>The first names, for a person who wonders what this is.</summary>
    public string Names() =>
        slots.Length == 0
            ? "none"
            : string.Join(", ", slots.Take(12).Select(slot => SafeText.Line(slot.Name, 60, out _))) + (slots.Length > 12 ? ", ..." : "");

    public bool Has(string name) => Find(name) >= 0;

    /// <summary>The value without marking it as read; null where absent or JSON null.</summary>
    public JsonElement? Peek(string name) =>
        Find(name) is >= 0 and var i && slots[i].Value.ValueKind != JsonValueKind.Null ? slots[i].Value : null;

    /// <summary>Whether there is a list, or one object where a list is meant.</summary>
    public bool HasList(string name) =>
        Peek(name) is { } value
        && (
            value.ValueKind is JsonValueKind.Array or JsonValueKind.Object
            || (value.ValueKind == JsonValueKind.String && LooksLikeJson(value.GetString()!))
        );

    public bool HasScalar(string name) => Find(name) is >= 0 and var i && !string.IsNullOrWhiteSpace(Scalar(slots[i].Value));

    /// <summary>Whether any field holds a text, a number or a truth value.</summary>
    public bool HasAnything => Array.Exists(slots, slot => !string.IsNullOrWhiteSpace(Scalar(slot.Value)));

    public bool HasObject(string name) => Peek(name)?.ValueKind == JsonValueKind.Object;

    /// <summary>Marks fields as of no further interest.</summary>
    public void Skip(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Find(name) is >= 0 and var i)
                slots[i].Taken = true;
        }
    }

    /// <summary>Marks a nested object as read with all it holds.</summary>
    public void Drop(string name)
    {
        if (Find(name) is >= 0 and var i)
            (slots[i].Taken, slots[i].Opened) = (true, null);
    }

    /// <summary>The first of the named fields that holds text, a number or a truth value, exactly as written.</summary>
    public string? Raw(params ReadOnlySpan<string> names) => Raw(names, out _);

    private string? Raw(ReadOnlySpan<string> names, out string found)
    {
        foreach (var name in names)
        {
            var i = Find(name);
            if (i < 0 || Scalar(slots[i].Value) is not { } text || string.IsNullOrWhiteSpace(text))
                continue;
            slots[i].Taken = true;
            found = slots[i].Name;
            return text;
        }
        found = "";
        return null;
    }

    /// <summary>One safe line of at most <see cref="AlertLimits.MaxName"/> characters.</summary>
    public string? Line(params ReadOnlySpan<string> names) =>
        Raw(names, out var found) is { } text ? Told(SafeText.Line(text, AlertLimits.MaxName, out var cut).Trim(), cut, found) : null;

    /// <summary>Safe text of several lines, at most <see cref="AlertLimits.MaxText"/> characters.</summary>
    public string? Block(params ReadOnlySpan<string> names) =>
        Raw(names, out var found) is { } text ? Told(SafeText.Block(text, AlertLimits.MaxText, out var cut), cut, found) : null;

    /// <summary>One safe line that may be long, such as a command line.</summary>
    public string? LongLine(params ReadOnlySpan<string> names) =>
        Raw(names, out var found) is { } text ? Told(SafeText.Line(text, AlertLimits.MaxText, out var cut), cut, found) : null;

    public DateTimeOffset? Time(params ReadOnlySpan<string> names)
    {
        if (Raw(names) is not { } text)
            return null;
        var time = Canonical.Time(text);
        if (time is null)
            session.Notes.Add($"{Place}: the time '{SafeText.Line(text, 60, out _)}' is not in a known form and was left out.");
        return time?.Year > 1 ? time : null;
    }

    /// <summary>
    /// The one object id among the named fields. Two different ones are no id at all: acting on the wrong account is worse than asking.
    /// </summary>
    public string? ObjectId(params ReadOnlySpan<string> names)
    {
        string? found = null;
        foreach (var name in names)
        {
            if (Raw(name) is not { } text)
                continue;
            var id = Canonical.Guid(text);
            if (id is null && System.Guid.TryParseExact(text.Trim(), "D", out _))
                continue;
            if (id is null)
                session.Notes.Add($"{Place}: {name} is '{SafeText.Line(text, 60, out _)}', not an object id, and was left out.");
            else if (found is not null && found != id)
            {
                session.Notes.Add($"{Place}: two different object ids for one thing ({found} and {id}); neither is used.");
                return null;
            }
            found ??= id;
        }
        return found;
    }

    /// <summary>A value in canonical form; where it has none, the field stays unread and goes to Extra.</summary>
    public string? Valid(Func<string?, string?> canonical, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            var i = Find(name);
            if (i < 0 || canonical(Scalar(slots[i].Value)) is not { } value)
                continue;
            slots[i].Taken = true;
            return value;
        }
        return null;
    }

    /// <summary>Words from a list, from a list written as JSON text, or from text with commas: the sources do all three.</summary>
    public IReadOnlyList<string> Words(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (WordList(name) is { Count: > 0 } words)
                return words;
            if (Raw(name) is { } text)
                return WordsOf(text.Split([',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        }
        return [];
    }

    /// <summary>
    /// Texts of a list or one text alone, up to <see cref="AlertLimits.MaxText"/> characters each; commas belong to them. Those too long
    /// are left out, and the field then stays unread.
    /// </summary>
    public IReadOnlyList<string> LongWords(string name)
    {
        var i = Find(name);
        if (i < 0 || slots[i].Taken)
            return [];
        var texts =
            Structure(name, JsonValueKind.Array) is { } list ? list.EnumerateArray().Select(Scalar).ToList()
            : slots[i].Value.ValueKind == JsonValueKind.String ? [slots[i].Value.GetString()]
            : [];
        var whole = texts.Where(text => text is { Length: > 0 and <= AlertLimits.MaxText }).Take(AlertLimits.MaxEntities).ToList();
        slots[i].Taken = whole.Count > 0 && whole.Count == texts.Count;
        return [.. whole.OfType<string>()];
    }

    /// <summary>Null where the list holds no words; then it stays unread.</summary>
    private List<string>? WordList(string name)
    {
        var i = Find(name);
        if (i < 0)
            return null;
        var wasTaken = slots[i].Taken;
        if (Structure(name, JsonValueKind.Array) is not { } list)
            return null;
        var words = WordsOf(list);
        slots[i].Taken = wasTaken || words.Count > 0;
        return words;
    }

    private static List<string> WordsOf(JsonElement list) => WordsOf(list.EnumerateArray().Select(Scalar));

    private static List<string> WordsOf(IEnumerable<string?> texts)
    {
        var words = new List<string>();
        foreach (var text in texts.Where(text => !string.IsNullOrWhiteSpace(text)).Take(AlertLimits.MaxEntities))
        {
            var word = SafeText.Line(text!, AlertLimits.MaxName, out _).Trim();
            if (!words.Contains(word))
                words.Add(word);
        }
        return words;
    }

    /// <summary>Objects inside, also those that a reference stands for, without marking them as read.</summary>
    public IEnumerable<JsonElement> Held(Func<JsonElement, JsonElement?> follow) =>
        slots.Where(slot => slot.Value.ValueKind == JsonValueKind.Object).Select(slot => follow(slot.Value)).OfType<JsonElement>();

    /// <summary>The first unread text whose name says that it names or numbers the thing; null where there is none.</summary>
    public string? FirstId()
    {
        foreach (var ending in (ReadOnlySpan<string>)["name", "title", "id", "key", "number"])
        {
            foreach (ref var slot in slots.AsSpan())
            {
                if (slot.Taken || !slot.Name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) || slot.Name.StartsWith('@'))
                    continue;
                if (Scalar(slot.Value) is { } text && !string.IsNullOrWhiteSpace(text))
                    return SafeText.Line(text, 120, out _);
            }
        }
        return null;
    }

    private string Told(string text, int cut, string name)
    {
        if (cut > 0)
            session.Notes.Add($"{Place}.{name} was too long: {cut} characters are left out.");
        return text;
    }

    private int Find(string name)
    {
        for (var i = 0; i < slots.Length; i++)
        {
            var candidate = slots[i].Name;
            if (candidate.Length == name.Length && candidate.Equals(name, StringComparison.OrdinalIgnoreCase))
                return i;
        }
        return -1;
    }

    private static string? Scalar(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        };

    private struct Slot(string name, JsonElement value)
    {
        public readonly string Name = name;
        public JsonElement Value = value;
        public bool Taken;
        public Fields? Opened;
    }
}

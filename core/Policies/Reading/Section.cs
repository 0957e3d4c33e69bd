using System.Globalization;

namespace IRFunctions.Policies;

/// <summary>
/// One map of a policy file while it is read: every key is asked for by name and type, every problem goes on record with its place, and
/// what nobody asked for is refused at the end. Readers get a usable value in place of a bad one, so that all errors come out at once.
/// </summary>
internal sealed class Section
{
    private const int LongestReason = 400;
    private readonly YamlMap map;
    private readonly string path;
    private readonly PolicyErrors problems;
    private readonly Dictionary<string, YamlEntry> entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    public Section(YamlMap map, string path, PolicyErrors problems)
    {
        (this.map, this.path, this.problems) = (map, path, problems);
        foreach (var entry in map.Entries)
            entries[entry.Key] = entry;
    }

    public string Path => path;

    public PolicyErrors Problems => problems;

    public YamlNode Place => map;

    /// <summary>Where a key's value stands; the map itself where the key is missing.</summary>
    public YamlNode PlaceOf(string key) => entries.TryGetValue(key, out var entry) ? entry.Value : map;

    public bool Has(string key)
    {
        asked.Add(key);
        return entries.ContainsKey(key);
    }

    public void Problem(string key, string problem, string? intent = null) => problems.Add(PlaceOf(key), KeyPath(key), problem, intent);

    /// <summary>One line of text for people.</summary>
    public string Text(string key, bool required = true)
    {
        if (Value(key, required) is not { } node)
            return "";
        if (node is not YamlText text)
        {
            Problem(key, "text is expected here");
            return "";
        }

        if (string.IsNullOrWhiteSpace(text.Value))
            Problem(key, "the text is empty");
        else if (text.Value.Length > LongestReason)
            Problem(key, $"the text has {text.Value.Length} characters; at most {LongestReason} fit on a card");
        return text.Value.Trim();
    }

    public int Number(string key, int least, int most, int? otherwise = null)
    {
        if (Value(key, otherwise is null) is not { } node)
            return otherwise ?? least;
        if (
            node is YamlText { Quoted: false } text
            && int.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        )
        {
            if (number >= least && number <= most)
                return number;
            Problem(key, $"{number} is outside {least} to {most}");
        }
        else
        {
            Problem(key, $"a whole number from {least} to {most} is expected, not {Shown(node)}");
        }

        return otherwise ?? least;
    }

    /// <summary>A number from 0 to 1, such as 0.3.</summary>
    public decimal Share(string key)
    {
        if (Value(key, required: true) is not { } node)
            return 0;
        if (
            node is YamlText { Quoted: false } text
            && decimal.TryParse(text.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share)
        )
        {
            if (share is >= 0 and <= 1)
                return share;
            Problem(key, $"{share} is outside 0 to 1", share <= 100 ? $"{share / 100}" : null);
            return 0;
        }

        Problem(key, $"a number from 0 to 1 is expected, such as 0.3, not {Shown(node)}");
        return 0;
    }

    public bool Flag(string key, bool? otherwise = null)
    {
        if (Value(key, otherwise is null) is not { } node)
            return otherwise ?? false;
        if (node is YamlText { Quoted: false, Value: "true" or "false" } text)
            return text.Value == "true";
        var guess = node is YamlText word ? Yes.GetValueOrDefault(word.Value.ToLowerInvariant()) : null;
        Problem(key, $"true or false is expected, not {Shown(node)}", guess);
        return otherwise ?? false;
    }

    private static readonly Dictionary<string, string> Yes = new()
    {
        ["yes"] = "true",
        ["on"] = "true",
        ["no"] = "false",
        ["off"] = "false",
    };

    public T Choice<T>(string key, IReadOnlyDictionary<string, T> words, T? otherwise = null)
        where T : struct
    {
        if (Value(key, otherwise is null) is not { } node)
            return otherwise ?? default;
        if (node is YamlText text && words.TryGetValue(text.Value, out var choice))
            return choice;
        var guess = node is YamlText word ? DidYouMean.Guess(word.Value, words.Keys) : null;
        Problem(key, $"one of {string.Join(", ", words.Keys)} is expected, not {Shown(node)}", guess);
        return otherwise ?? default;
    }

    /// <summary>"90 s", "15 min", "24 h", "7 d".</summary>
    public TimeSpan? Time(string key, bool required = true)
    {
        if (Value(key, required) is not { } node)
            return null;
        if (node is YamlText text && ReadTime(text.Value) is { } time)
        {
            if (time <= TimeSpan.FromDays(366))
                return time;
            Problem(key, "a time of at most 366 d is expected");
            return null;
        }

        var bare =
            node is YamlText { Quoted: false } number
            && int.TryParse(number.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? $"{count} min"
                : null;
        Problem(key, $"a time with its unit is expected, such as 90 s, 15 min, 24 h or 7 d, not {Shown(node)}", bare);
        return null;
    }

    internal static TimeSpan? ReadTime(string text)
    {
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            digits++;
        if (digits is 0 or > 6)
            return null;
        var count = int.Parse(text.AsSpan(0, digits), CultureInfo.InvariantCulture);
        return text[digits..].Trim() switch
        {
            "s" => TimeSpan.FromSeconds(count),
            "min" => TimeSpan.FromMinutes(count),
            "h" => TimeSpan.FromHours(count),
            "d" => TimeSpan.FromDays(count),
            _ => null,
        };
    }

    /// <summary>"22:00", UTC.</summary>
    public TimeOnly Clock(string key)
    {
        var text = Text(key);
        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return time;
        if (text.Length > 0)
            Problem(key, $"a time of day in UTC is expected, such as \"22:00\", not {PolicyErrors.Quote(text)}");
        return default;
    }

    public DateOnly Date(string key)
    {
        if (Value(key, required: true) is not { } node)
            return default;
        if (
            node is YamlText text
            && DateOnly.TryParseExact(text.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
        )
            return date;
        Problem(key, $"a date that exists is expected, as year-month-day such as 2027-01-31, not {Shown(node)}");
        return default;
    }

    /// <summary>A list of words, each once.</summary>
    public IReadOnlyList<string> Words(string key, bool required = false)
    {
        var words = new List<string>();
        foreach (var (node, path) in List(key, required))
        {
            if (node is not YamlText { Value.Length: > 0 } text)
                problems.Add(node, path, "a word is expected here");
            else if (words.Contains(text.Value, StringComparer.Ordinal))
                problems.Add(node, path, $"{PolicyErrors.Quote(text.Value)} is in the list twice");
            else
                words.Add(text.Value);
        }

        return words;
    }

    public IReadOnlyList<(YamlNode Node, string Path)> List(string key, bool required = true)
    {
        if (Value(key, required) is not { } node)
            return [];
        if (node is YamlList list)
            return [.. list.Items.Select((item, index) => (item, $"{KeyPath(key)}[{index}]"))];
        Problem(key, "a list is expected here");
        return [];
    }

    /// <summary>The maps of a list, each as a section.</summary>
    public IEnumerable<Section> Items(string key, bool required = true)
    {
        foreach (var (node, path) in List(key, required))
        {
            if (node is YamlMap map)
                yield return new Section(map, path, problems);
            else
                problems.Add(node, path, "a map of keys is expected here");
        }
    }

    /// <summary>The entries of a map whose keys are names chosen by the author.</summary>
    public IEnumerable<(string Name, YamlEntry Entry, Section Section)> Named(string key, bool required = true)
    {
        if (Map(key, required) is not { } section)
            yield break;
        foreach (var entry in section.map.Entries)
        {
            var path = section.KeyPath(entry.Key);
            if (entry.Value is YamlMap map)
                yield return (entry.Key, entry, new Section(map, path, problems));
            else
                problems.Add(entry.Value, path, "a map of keys is expected here");
        }
    }

    public Section? Map(string key, bool required = true)
    {
        if (Value(key, required) is not { } node)
            return null;
        if (node is YamlMap map)
            return new Section(map, KeyPath(key), problems);
        Problem(key, "a map of keys is expected here");
        return null;
    }

    public IEnumerable<string> Keys => map.Entries.Select(entry => entry.Key);

    /// <summary>Refuses every key nobody asked for.</summary>
    public void Close()
    {
        foreach (var entry in map.Entries)
            if (!asked.Contains(entry.Key))
                problems.Add(
                    entry.Line,
                    entry.Column,
                    KeyPath(entry.Key),
                    "the key is not known here",
                    DidYouMean.Guess(entry.Key, asked.Where(key => !entries.ContainsKey(key))) ?? DidYouMean.Guess(entry.Key, asked)
                );
    }

    public string KeyPath(string key) => path.Length == 0 ? key : $"{path}.{key}";

    private YamlNode? Value(string key, bool required)
    {
        asked.Add(key);
        if (entries.TryGetValue(key, out var entry))
            return entry.Value;
        if (required)
            problems.Add(map, KeyPath(key), "the key is missing");
        return null;
    }

    private static string Shown(YamlNode node) => node is YamlText text ? PolicyErrors.Quote(text.Value) : "a list or map";
}

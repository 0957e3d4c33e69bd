namespace IRFunctions.Policies;

/// <summary>Collects the errors of one file.</summary>
internal sealed class PolicyErrors(string file, List<PolicyError> all)
{
    /// <summary>Beyond this a person starts over anyway; a broken file of 100,000 lines must not become 100,000 messages.</summary>
    public const int Most = 500;

    public string File => file;

    public void Add(YamlNode place, string key, string problem, string? intent = null) =>
        Add(place.Line, place.Column, key, problem, intent);

    public void Add(int line, int column, string key, string problem, string? intent = null)
    {
        if (all.Count < Most)
            all.Add(new PolicyError(file, line, column, Shorten(key), problem, intent));
    }

    /// <summary>Text of a file as it may stand in a message: one line, not too long.</summary>
    public static string Quote(string text)
    {
        var cut = text.Length > 60 ? text[..60] + "..." : text;
        return $"'{string.Concat(cut.Select(character => char.IsControl(character) ? ' ' : character))}'";
    }

    private static string Shorten(string key) => key.Length > 160 ? key[..160] + "..." : key.ReplaceLineEndings(" ");
}

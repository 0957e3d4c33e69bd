using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>Collects fields and writes as many of them as the bound allows as JSON text, ASCII only (the default encoder).</summary>
internal sealed class ExtraWriter(JsonScratch scratch)
{
    private const int MostNamed = 8;

    // What says where it belongs and what the source made of it; a part of the name, in lower case.
    private static readonly string[] Telling = ["incident", "status", "classification", "determination", "verdict", "tenant", "severity"];

    private readonly List<Part> parts = [];

    /// <summary>What was left out, by path, in the order of the source; complete after <see cref="ToJson"/>.</summary>
    public List<string> LeftOut { get; } = [];

    public void Add(Group? parent, string name, JsonElement value) => parts.Add(new Part(parent, name, value));

    /// <summary>Null where there is nothing.</summary>
    public string? ToJson()
    {
        var kept = Choose();
        for (var i = 0; i < parts.Count; i++)
        {
            if (kept[i] is null)
                Leave(parts[i]);
        }
        var text = new StringBuilder(256);
        var open = new List<Group>();
        for (var i = 0; i < parts.Count; i++)
        {
            if (kept[i] is not { } json)
                continue;
            Turn(text, open, parts[i].Parent);
            Name(text, parts[i].Name);
            text.Append(json);
        }
        if (text.Length == 0)
            return null;
        return text.Append('}', open.Count + 1).ToString();
    }

    /// <summary>The JSON of what fits, by index; null for what does not.</summary>
    private string?[] Choose()
    {
        var kept = new string?[parts.Count];
        var room = AlertLimits.MaxExtra - 2;
        var paid = new HashSet<Group>(ReferenceEqualityComparer.Instance);
        foreach (var i in Enumerable.Range(0, parts.Count).OrderBy(Rank).ThenBy(i => parts[i].Length))
        {
            if (parts[i].Length > room || parts[i].Name.Length > AlertLimits.MaxName)
                continue;
            var json = scratch.Compact(parts[i].Value);
            var cost = json.Length + Encoded(parts[i].Name).Length + 4;
            for (var group = parts[i].Parent; group is not null && !paid.Contains(group); group = group.Parent)
                cost += Encoded(group.Name).Length + 6;
            if (cost > room)
                continue;
            for (var group = parts[i].Parent; group is not null; group = group.Parent)
                paid.Add(group);
            (kept[i], room) = (json, room - cost);
        }
        return kept;
    }

    private int Rank(int i) => Array.Exists(Telling, word => parts[i].Name.Contains(word, StringComparison.OrdinalIgnoreCase)) ? 0 : 1;

    /// <summary>Closes and opens objects until the next field stands in its own.</summary>
    private static void Turn(StringBuilder text, List<Group> open, Group? wanted)
    {
        var path = new List<Group>();
        for (var group = wanted; group is not null; group = group.Parent)
            path.Insert(0, group);
        var common = 0;
        while (common < open.Count && common < path.Count && ReferenceEquals(open[common], path[common]))
            common++;
        text.Append('}', open.Count - common);
        open.RemoveRange(common, open.Count - common);
        foreach (var group in path.Skip(common))
        {
            Name(text, group.Name);
            text.Append('{');
            open.Add(group);
        }
    }

    private static void Name(StringBuilder text, string name)
    {
        if (text.Length == 0)
            text.Append('{');
        else if (text[^1] != '{')
            text.Append(',');
        text.Append('"').Append(Encoded(name)).Append("\":");
    }

    private static string Encoded(string name) => JsonEncodedText.Encode(name).Value;

    private void Leave(Part part)
    {
        if (LeftOut.Count == MostNamed)
            LeftOut.Add("and more");
        if (LeftOut.Count > MostNamed)
            return;
        var path = part.Name;
        for (var group = part.Parent; group is not null; group = group.Parent)
            path = $"{group.Name}.{path}";
        LeftOut.Add(SafeText.Line(path, 60, out _));
    }

    /// <summary>An object inside, by its name.</summary>
    public sealed record Group(Group? Parent, string Name);

    private readonly record struct Part(Group? Parent, string Name, JsonElement Value)
    {
        /// <summary>Bytes as written: near enough to order by, and free.</summary>
        public int Length => JsonMarshal.GetRawUtf8Value(Value).Length;
    }
}

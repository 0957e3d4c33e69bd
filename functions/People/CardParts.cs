using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.People;

/// <summary>
/// The pieces that cards are made of. Two ways to write: our own words in a TextBlock, and anything from outside in a TextRun, which shows
/// text as it is; TextBlock and Fact would render Markdown, so that an alert could plant a link. Tests walk every card to hold this.
/// </summary>
internal static class CardParts
{
    public const string Schema = "http://adaptivecards.io/schemas/adaptive-card.json";

    /// <summary>A heading in our own words.</summary>
    public static JsonObject Heading(string own, string color = "Default") =>
        new()
        {
            ["type"] = "TextBlock",
            ["text"] = own,
            ["size"] = "Medium",
            ["weight"] = "Bolder",
            ["wrap"] = true,
            ["color"] = color,
        };

    /// <summary>A line of text from outside, under a label of ours.</summary>
    public static JsonObject Line(string label, string untrusted, int most) =>
        Runs(Run(label + "  ", "Bolder"), Run(Safe(untrusted, most)));

    /// <summary>Text from outside alone.</summary>
    public static JsonObject Text(string untrusted, int most, string size = "Default", string weight = "Default") =>
        Runs(Run(Safe(untrusted, most), weight, size));

    /// <summary>Small print.</summary>
    public static JsonObject Small(string untrusted, int most) => Runs(Run(Safe(untrusted, most), subtle: true, size: "Small"));

    public static JsonObject Runs(params JsonNode[] runs) => new() { ["type"] = "RichTextBlock", ["inlines"] = new JsonArray(runs) };

    public static JsonObject Run(string text, string weight = "Default", string size = "Default", bool subtle = false)
    {
        var run = new JsonObject { ["type"] = "TextRun", ["text"] = text };
        if (weight != "Default")
            run["weight"] = weight;
        if (size != "Default")
            run["size"] = size;
        if (subtle)
            run["isSubtle"] = true;
        return run;
    }

    public static JsonObject Box(string id, string style, params IEnumerable<JsonNode> items) =>
        new()
        {
            ["type"] = "Container",
            ["id"] = id,
            ["style"] = style,
            ["items"] = new JsonArray([.. items]),
        };

    /// <summary>Two buttons a row: four are cut short on a phone.</summary>
    public static JsonObject Buttons(params JsonNode[] two) => new() { ["type"] = "ActionSet", ["actions"] = new JsonArray(two) };

    /// <summary>A button that sends a click to the bot. Labels say what happens; colours are not dependable.</summary>
    public static JsonObject Execute(string title, string verb, JsonObject data, bool takesInput = true)
    {
        var action = new JsonObject
        {
            ["type"] = "Action.Execute",
            ["title"] = title,
            ["verb"] = verb,
            ["data"] = data,
        };
        if (!takesInput)
            action["associatedInputs"] = "none";
        return action;
    }

    public static JsonObject Reason(string question) =>
        new()
        {
            ["type"] = "Input.Text",
            ["id"] = "reason",
            ["label"] = question,
            ["isRequired"] = true,
            ["isMultiline"] = false,
            ["maxLength"] = Objection.MaxReason,
            ["errorMessage"] = "Say why in a few words; it stands on the record.",
        };

    public static JsonObject Card(IEnumerable<JsonNode> body, string speak) =>
        new()
        {
            ["$schema"] = Schema,
            ["type"] = "AdaptiveCard",
            ["version"] = "1.5",
            ["fallbackText"] = speak,
            ["body"] = new JsonArray([.. body]),
        };

    /// <summary>
    /// Shortens the longest texts until the card fits. Escaped as JSON one character may take twelve bytes, which only hostile text makes
    /// matter.
    /// </summary>
    public static JsonObject Fit(JsonObject card, int mostBytes)
    {
        foreach (var most in (int[])[600, 300, 150, 80, 40, 20])
        {
            if (Encoding.UTF8.GetByteCount(card.ToJsonString()) < mostBytes)
                break;
            foreach (var run in TextRunsOf(card))
                Shorten(run, most);
        }
        return card;
    }

    private static void Shorten(JsonObject run, int most)
    {
        if (run["text"]?.GetValue<string>() is not { } text || text.Length <= most)
            return;
        run["text"] = string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most), "…");
    }

    private static IEnumerable<JsonObject> TextRunsOf(JsonNode? node)
    {
        if (node is JsonObject { } run && (string?)run["type"] == "TextRun")
            return [run];
        return node is JsonObject o ? o.SelectMany(p => TextRunsOf(p.Value))
            : node is JsonArray a ? a.SelectMany(TextRunsOf)
            : [];
    }

    public static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>One line, bounded, tricks made visible; bounded in bytes too, since a card counts those.</summary>
    public static string Safe(string untrusted, int most)
    {
        var line = SafeText.Line(untrusted.Length > 4 * most ? untrusted[..(4 * most)] : untrusted, most, out _);
        while (Encoding.UTF8.GetByteCount(line) > 2 * most)
            line = string.Concat(line.AsSpan(0, line.Length * 3 / 4), "…");
        // Cutting may have halved a surrogate pair; what is left of it becomes visible.
        return line.Length == 0 ? " " : SafeText.Line(line, most + 16, out _);
    }
}

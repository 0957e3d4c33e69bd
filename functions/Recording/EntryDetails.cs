using System.Text.Json;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>An entry with its details at hand.</summary>
internal sealed class EntryDetails
{
    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement;
    private readonly JsonElement data;

    public EntryDetails(AuditEntry entry)
    {
        Entry = entry;
        data = Parse(entry.Data);
        if (data.TryGetProperty("about", out var about))
            (Action, Target, Display) = (TextOf(about, "action") ?? "", TextOf(about, "target") ?? "", TextOf(about, "display") ?? "");
    }

    public AuditEntry Entry { get; }

    public JsonElement Data => data;

    public string Action { get; } = "";

    public string Target { get; } = "";

    public string Display { get; } = "";

    /// <summary>Whether the action changes something, rather than telling people.</summary>
    public bool IsContainment => Target.Length > 0 && !Target.StartsWith("alert:", StringComparison.Ordinal);

    /// <summary>Something did not work. That nobody could be told of what did work is another matter.</summary>
    public bool IsFailure =>
        Entry.Kind == AuditKinds.Failed && !Entry.Text.StartsWith("people could not be told", StringComparison.Ordinal);

    public string? Text(string name) => TextOf(data, name);

    public bool IsSameThing(EntryDetails other) => Target.Length > 0 && Action == other.Action && Target == other.Target;

    /// <summary>What a decision came down to: not what merely did not stand in the way.</summary>
    public string Reason()
    {
        if (!data.TryGetProperty("reasons", out var list) || list.ValueKind != JsonValueKind.Array)
            return "no reason was given";
        var reasons = list.EnumerateArray()
            .Select(r => (Rule: TextOf(r, "rule") ?? "", Words: TextOf(r, "text") ?? ""))
            .Where(r => r.Rule is not ("confidence" or "context" or "exception-over"))
            .ToList();
        if (reasons.Count == 0)
            return "nothing stood in the way";
        // What the action or the directory answers is more than what the policy thinks of it.
        if (reasons.LastOrDefault(r => r.Rule is "would-refuse" or "unknown-to-directory" or "already-so").Words is { Length: > 0 } answer)
            return answer;
        // The tier says why something may run, or that people must be asked; where it says less than what happened, the next reason says
        // it.
        var said = Text("kind") switch
        {
            "Run" => 0,
            "Ask" => Text("tier") == "1" ? 1 : 0,
            "Tell" => reasons.Count - 1,
            _ => 1,
        };
        var (rule, words) = reasons[Math.Min(said, reasons.Count - 1)];
        return rule == "tier" && words.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? words[(colon + 2)..] : words;
    }

    internal static string? TextOf(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => value.GetRawText(),
                _ => null,
            }
            : null;

    private static JsonElement Parse(string? data)
    {
        if (data is null)
            return Nothing;
        try
        {
            using var json = JsonDocument.Parse(data);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : Nothing;
        }
        catch (JsonException)
        {
            return Nothing;
        }
    }
}

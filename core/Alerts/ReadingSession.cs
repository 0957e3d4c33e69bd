using System.Text;
using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>
/// What belongs to the reading of one message: its notes, its entities, and the documents found as text inside the document.
/// </summary>
internal sealed class ReadingSession : IDisposable
{
    private readonly List<JsonDocument> inner = [];

    public ReadingSession() => Entities = new EntityCollector(Notes);

    public Notes Notes { get; } = new();

    public EntityCollector Entities { get; }

    /// <summary>The Entra tenant of the alert, where the message names it beside the alert's own tenant field.</summary>
    public string? EntraTenant { get; set; }

    /// <summary>The event around the message, which names a family where the message does not; null where there is none.</summary>
    public Fields? Event { get; set; }

    /// <summary>What can be read only when all entities are there.</summary>
    public List<Action> AtEnd { get; } = [];

    public JsonScratch? Scratch { get; set; }

    private readonly List<AlertFault> faults = [];
    private string? reason;

    /// <summary>
    /// Records a reason why this is no alert; all are collected, so that a person hears them at once. The first code counts.
    /// </summary>
    public void Refuse(string reasonCode, AlertFault fault)
    {
        reason ??= reasonCode;
        faults.Add(fault);
    }

    public AlertReading? Refusal => reason is null ? null : AlertReading.Rejected(reason, faults);

    /// <summary>Reads JSON that a source wrote as a string; null with a note where it is none.</summary>
    public JsonElement? OpenInner(string text, string place)
    {
        var document = JsonText.TryOpen(Encoding.UTF8.GetBytes(text), Notes, out var refusal) ?? OpenEscaped(text);
        if (document is null)
        {
            if (refusal!.ReasonCode != AlertReasons.Empty)
                Notes.Add($"{place} is text that should hold JSON but does not: {refusal.Faults[0].Problem}");
            return null;
        }
        inner.Add(document);
        return document.RootElement;
    }

    /// <summary>JSON whose quotation marks were escaped once too often: [{\"Type\": ...}] without quotes around it.</summary>
    private JsonDocument? OpenEscaped(string text)
    {
        if (!text.Contains("\\\"", StringComparison.Ordinal) || text.AsSpan().TrimStart() is not ['{' or '[', ..])
            return null;
        using var quoted = JsonText.TryOpen(Encoding.UTF8.GetBytes($"\"{text}\""), new Notes(), out _);
        return quoted?.RootElement.GetString() is { } plain ? JsonText.TryOpen(Encoding.UTF8.GetBytes(plain), Notes, out _) : null;
    }

    /// <summary>Values from anywhere in the message as one list.</summary>
    public JsonElement Combine(IEnumerable<JsonElement> values)
    {
        var document = JsonDocument.Parse($"[{string.Join(',', values.Select(value => value.GetRawText()))}]");
        inner.Add(document);
        return document.RootElement;
    }

    /// <summary>An object with one field.</summary>
    public JsonElement Wrap(string name, JsonElement value)
    {
        var document = JsonDocument.Parse($"{{\"{name}\":{value.GetRawText()}}}");
        inner.Add(document);
        return document.RootElement;
    }

    public void Dispose()
    {
        Scratch?.Dispose();
        foreach (var document in inner)
            document.Dispose();
    }
}

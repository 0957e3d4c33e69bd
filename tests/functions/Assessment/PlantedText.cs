using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// Writes a text into the free-text fields of a real message as it lies on the queue, JSON inside of strings included (Entities,
/// ExtendedProperties).
/// Everything counts as free text that is not an id, an address, a time, a hash or one of the source's own enumerations.
/// </summary>
internal static class PlantedText
{
    private static readonly string[] TrustedNames =
    [
        "severity",
        "type",
        "kind",
        "entitytype",
        "objecttype",
        "mitretechniques",
        "techniques",
        "verdict",
        "roles",
        "detailedroles",
        "address",
        "ipaddress",
        "senderip",
        "sha1",
        "sha256",
        "md5",
        "resourcetype",
        "providername",
        "isincident",
        "evidencerole",
    ];

    /// <summary>How many free-text fields the message has.</summary>
    public static int Fields(JsonNode message)
    {
        var count = 0;
        Rewrite(
            message.DeepClone(),
            "",
            text =>
            {
                count++;
                return text;
            }
        );
        return count;
    }

    /// <summary>The message with the text in place of field number <paramref name="field"/>, or of all of them where it is null.</summary>
    public static JsonNode Into(JsonNode message, string text, int? field)
    {
        var copy = message.DeepClone();
        var number = 0;
        Rewrite(copy, "", old => field is null || number++ == field ? text : old);
        return copy;
    }

    private static void Rewrite(JsonNode node, string name, Func<string, string> change)
    {
        if (node is JsonObject fields)
        {
            foreach (var key in fields.Select(f => f.Key).ToArray())
                if (fields[key] is { } child && Changed(child, key, change) is { } text)
                    fields[key] = text;
        }
        else if (node is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
                if (items[i] is { } child && Changed(child, name, change) is { } text)
                    items[i] = text;
        }
    }

    private static string? Changed(JsonNode child, string name, Func<string, string> change)
    {
        if (child is not JsonValue value)
        {
            Rewrite(child, name, change);
            return null;
        }
        if (!value.TryGetValue<string>(out var text))
            return null;
        if (text.AsSpan().TrimStart() is ['[' or '{', ..] && Parse(text) is { } inner)
        {
            Rewrite(inner, name, change);
            return inner.ToJsonString();
        }
        return IsTrusted(name) ? null : change(text);
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsTrusted(string name)
    {
        // A sender chooses it, whatever it is called.
        if (name.Equals("internetMessageId", StringComparison.OrdinalIgnoreCase))
            return false;
        return name is "$id" or "$ref"
            || name.Contains('@', StringComparison.Ordinal)
            || name.EndsWith("id", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith("ids", StringComparison.OrdinalIgnoreCase)
            || name.Contains("time", StringComparison.OrdinalIgnoreCase)
            || name.Contains("activity", StringComparison.OrdinalIgnoreCase)
            || TrustedNames.Contains(name, StringComparer.OrdinalIgnoreCase);
    }
}

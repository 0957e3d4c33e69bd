using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IRFunctions.Alerts;

namespace IRFunctions.Recording;

/// <summary>What a fact is about, on every fact of an action: so that each entry can be found and read by itself.</summary>
/// <param name="Action">Name of the action in the tier map.</param>
/// <param name="Target">Key of the target, "account:{object id}".</param>
/// <param name="Display">Words for a person; may contain attacker-written text.</param>
public sealed record About(string Action, string Target, string Display);

/// <summary>Details of a fact as compact JSON. Bounded: a year of entries must stay small, and an attacker writes part of it.</summary>
public static class AuditJson
{
    private const int MaxCharacters = 30_000;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="data">Becomes one JSON object.</param>
    public static string Of(object data)
    {
        var json = JsonSerializer.Serialize(data, data.GetType(), Options);
        return json.Length <= MaxCharacters
            ? json
            : JsonSerializer.Serialize(new { cut = json.Length, start = json[..TextBounds.Whole(json, MaxCharacters / 2)] }, Options);
    }

    /// <summary>The details with `about` in front.</summary>
    public static string? Of(object? data, About? about)
    {
        if (about is null)
            return data is null ? null : Of(data);
        var head = JsonSerializer.Serialize(new { about }, Options);
        var rest = data is null ? "{}" : Of(data);
        return rest.Length <= 2 ? head : string.Concat(head.AsSpan(0, head.Length - 1), ",", rest.AsSpan(1));
    }
}

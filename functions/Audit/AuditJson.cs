using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IRFunctions.Audit;

/// <summary>Details of a fact as compact JSON. Bounded: a table property holds at most 32,768 UTF-16 characters.</summary>
public static class AuditJson
{
    private const int MaxCharacters = 30_000;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Of(object data)
    {
        var json = JsonSerializer.Serialize(data, data.GetType(), Options);
        return json.Length <= MaxCharacters ? json : JsonSerializer.Serialize(new { cut = json.Length, start = json[..(MaxCharacters / 2)] }, Options);
    }
}

using System.Globalization;
using System.Text.Json;

namespace Azure.Data.Tables;

/// <summary>Entities as OData JSON with the type annotations the service asks for.</summary>
internal static class EntityJson
{
    private const string Annotation = "@odata.type";

    public static byte[] Write(Dictionary<string, object> values)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in values) WriteProperty(json, name, value);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    public static Dictionary<string, object> Read(JsonElement entity)
    {
        var values = new Dictionary<string, object>();
        foreach (var property in entity.EnumerateObject())
        {
            if (property.Name.EndsWith(Annotation, StringComparison.Ordinal) || property.Value.ValueKind == JsonValueKind.Null) continue;
            if (property.Name.StartsWith("odata.", StringComparison.Ordinal) && property.Name != TableEntity.ETagKey) continue;
            var type = entity.TryGetProperty(property.Name + Annotation, out var annotation) ? annotation.GetString() : null;
            values[property.Name] = ReadValue(property.Value, property.Name == nameof(ITableEntity.Timestamp) ? "Edm.DateTime" : type);
        }
        return values;
    }

    /// <summary>UTC with seven digits, which is all the service keeps.</summary>
    public static string Moment(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static void WriteProperty(Utf8JsonWriter json, string name, object value)
    {
        switch (value)
        {
            case string text: json.WriteString(name, text); break;
            case bool flag: json.WriteBoolean(name, flag); break;
            case int number: json.WriteNumber(name, number); break;
            case long number: Annotated("Edm.Int64", number.ToString(CultureInfo.InvariantCulture)); break;
            case DateTimeOffset moment: Annotated("Edm.DateTime", Moment(moment)); break;
            case DateTime moment: Annotated("Edm.DateTime", Moment(new DateTimeOffset(moment.ToUniversalTime()))); break;
            case Guid id: Annotated("Edm.Guid", id.ToString()); break;
            case byte[] bytes: Annotated("Edm.Binary", Convert.ToBase64String(bytes)); break;
            case BinaryData data: Annotated("Edm.Binary", Convert.ToBase64String(data)); break;
            case double number when double.IsFinite(number):
                json.WriteString(name + Annotation, "Edm.Double");
                json.WriteNumber(name, number);
                break;
            case double number: Annotated("Edm.Double", number.ToString(CultureInfo.InvariantCulture)); break;
            default: throw new NotSupportedException($"Tables cannot store property '{name}' of {value.GetType()}.");
        }

        void Annotated(string type, string text)
        {
            json.WriteString(name + Annotation, type);
            json.WriteString(name, text);
        }
    }

    private static object ReadValue(JsonElement value, string? type) => (type, value.ValueKind) switch
    {
        ("Edm.Int64", JsonValueKind.String) => long.Parse(value.GetString()!, CultureInfo.InvariantCulture),
        ("Edm.DateTime", _) => DateTimeOffset.Parse(value.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        ("Edm.Guid", _) => Guid.Parse(value.GetString()!),
        ("Edm.Binary", _) => Convert.FromBase64String(value.GetString()!),
        ("Edm.Double", JsonValueKind.String) => double.Parse(value.GetString()!, CultureInfo.InvariantCulture),
        (_, JsonValueKind.True) => true,
        (_, JsonValueKind.False) => false,
        (null, JsonValueKind.Number) when value.TryGetInt32(out var number) => number,
        (_, JsonValueKind.Number) => value.GetDouble(),
        _ => value.GetString()!,
    };
}

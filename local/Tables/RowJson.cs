using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IRFunctions.Local.Tables;

/// <summary>The properties of a row as OData JSON: readable in the file, and every type comes back as it was.</summary>
internal static class RowJson
{
    private const string Annotation = "@odata.type";
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(KeyValuePair<string, object>[] properties)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            foreach (var (name, value) in properties)
                WriteProperty(json, name, value);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public static KeyValuePair<string, object>[] Read(string text)
    {
        using var document = JsonDocument.Parse(text);
        var (values, type) = (new List<KeyValuePair<string, object>>(), (string?)null);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (property.Name.EndsWith(Annotation, StringComparison.Ordinal))
            {
                type = property.Value.GetString(); // stands before the property it speaks of
                continue;
            }
            values.Add(KeyValuePair.Create(property.Name, ReadValue(property.Value, type)));
            type = null;
        }
        return [.. values];
    }

    private static void WriteProperty(Utf8JsonWriter json, string name, object value)
    {
        var (type, text) = value switch
        {
            long number => ("Edm.Int64", number.ToString(CultureInfo.InvariantCulture)),
            double number => ("Edm.Double", number.ToString("R", CultureInfo.InvariantCulture)),
            DateTimeOffset moment => ("Edm.DateTime", moment.ToString("O", CultureInfo.InvariantCulture)),
            Guid id => ("Edm.Guid", id.ToString()),
            byte[] bytes => ("Edm.Binary", Convert.ToBase64String(bytes)),
            string plain => (null, plain),
            _ => ((string?)null, null),
        };
        if (type is not null)
            json.WriteString(name + Annotation, type);
        if (text is not null)
            json.WriteString(name, text);
        else if (value is bool flag)
            json.WriteBoolean(name, flag);
        else
            json.WriteNumber(name, (int)value);
    }

    private static object ReadValue(JsonElement value, string? type) =>
        (type, value.ValueKind) switch
        {
            ("Edm.Int64", _) => long.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            ("Edm.Double", _) => double.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            ("Edm.DateTime", _) => DateTimeOffset.ParseExact(value.GetString()!, "O", CultureInfo.InvariantCulture),
            ("Edm.Guid", _) => Guid.Parse(value.GetString()!),
            ("Edm.Binary", _) => value.GetBytesFromBase64(),
            (_, JsonValueKind.String) => value.GetString()!,
            (_, JsonValueKind.Number) => value.GetInt32(),
            _ => value.GetBoolean(),
        };
}

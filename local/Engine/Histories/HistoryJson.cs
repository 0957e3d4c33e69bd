using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>
/// Durable Task's history events as JSON: an array of objects that begin with their EventType; the other properties have the names that
/// Durable Task's own storage providers use. What has its default is left out (EventId -1, null), as are trace contexts and IsPlayed, which
/// say nothing of the past.
/// </summary>
public static class HistoryJson
{
    private static readonly HashSet<string> LeftOut =
    [
        "EventType",
        "IsPlayed",
        "ExtensionData",
        "ParentTraceContext",
        "Correlation",
        "ClientSpanId",
        "Generation",
        "GenerateNewTrace",
    ];

    private static readonly FieldInfo EventId = BackingField(typeof(HistoryEvent).GetProperty("EventId")!)!;

    /// <summary>For whatever of Durable Task a store keeps.</summary>
    internal static JsonSerializerOptions Options { get; } =
        new()
        {
            IncludeFields = true,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new PlainConverter() },
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { Describe } },
        };

    /// <summary>
    /// The same for a store, where payloads stand as the JSON that they are instead of as texts in which each quote is escaped.
    /// </summary>
    internal static JsonSerializerOptions Stored { get; } = new(Options) { MaxDepth = 128, Converters = { new PayloadConverter() } };

    /// <summary>
    /// As a store keeps them: see <see cref="HistoryFile"/> for the form in which payloads are texts, as Durable Task writes them.
    /// </summary>
    public static byte[] Encode(IReadOnlyList<HistoryEvent> events) => JsonSerializer.SerializeToUtf8Bytes(events, Stored);

    /// <summary>Reads both forms.</summary>
    /// <exception cref="JsonException">Neither of them.</exception>
    public static List<HistoryEvent> Decode(params IReadOnlyList<byte[]> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        return [.. chunks.SelectMany(c => JsonSerializer.Deserialize<List<HistoryEvent>>(c, Stored)!)];
    }

    // The events are made for DataContract serializers: without public constructors, and with private setters or none.
    private static void Describe(JsonTypeInfo info)
    {
        if (info.Type == typeof(HistoryEvent))
        {
            info.PolymorphismOptions = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = "EventType" };
            info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(typeof(RecursiveTermination), "ExecutionTerminatedRecursively"));
            foreach (var type in HistoryEvent.KnownTypes())
                info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, type.Name[..^"Event".Length]));
        }
        if (
            info.Kind != JsonTypeInfoKind.Object
            || (info.Type.Assembly != typeof(HistoryEvent).Assembly && info.Type != typeof(RecursiveTermination))
        )
            return;
        if (!info.Type.IsAbstract)
            info.CreateObject = () => Create(info.Type);
        for (var i = info.Properties.Count - 1; i >= 0; i--)
        {
            var p = info.Properties[i];
            if (LeftOut.Contains(p.Name))
                info.Properties.RemoveAt(i);
            else if (p.Set is null && p.AttributeProvider is PropertyInfo property)
                p.Set = BackingField(property)!.SetValue;
            if (p.Name == "EventId")
                p.ShouldSerialize = (_, id) => id is not -1;
        }
    }

    private static FieldInfo? BackingField(PropertyInfo p) =>
        p.DeclaringType!.GetField($"<{p.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic);

    private static object Create(Type type)
    {
        var made = RuntimeHelpers.GetUninitializedObject(type);
        if (made is HistoryEvent)
            EventId.SetValue(made, -1);
        return made;
    }

    /// <summary>
    /// Writes a text that is a JSON object or array as it is. Escaping the quotes of the payloads took most of the time of writing a
    /// history, and a fifth of its length.
    /// </summary>
    private sealed class PayloadConverter : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                return reader.GetString();
            using var payload = JsonDocument.ParseValue(ref reader);
            return payload.RootElement.GetRawText();
        }

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
        {
            if (value is not (['{', .., '}'] or ['[', .., ']']) || !TryWriteRaw(writer, value))
                writer.WriteStringValue(value);
        }

        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString()!;

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WritePropertyName(value);

        private static bool TryWriteRaw(Utf8JsonWriter writer, string value)
        {
            try
            {
                // Checked before anything is written.
                writer.WriteRawValue(value);
                return true;
            }
            catch (Exception e) when (e is JsonException or ArgumentException)
            {
                return false;
            }
        }
    }

    /// <summary>
    /// Reads the properties of a failure as the official worker has them, where they travel as protobuf values: numbers are doubles.
    /// </summary>
    private sealed class PlainConverter : JsonConverter<object>
    {
        public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.String => Time(reader.GetString()!),
                JsonTokenType.Number => reader.GetDouble(),
                JsonTokenType.True or JsonTokenType.False => reader.GetBoolean(),
                JsonTokenType.StartArray => JsonSerializer.Deserialize<List<object?>>(ref reader, options),
                JsonTokenType.StartObject => JsonSerializer.Deserialize<Dictionary<string, object?>>(ref reader, options),
                _ => null,
            };

        // Times have the official worker's prefixes, which tell them from other text.
        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
        {
            if (value is DateTime time)
                writer.WriteStringValue($"dt:{time:O}");
            else if (value is DateTimeOffset moment)
                writer.WriteStringValue($"dto:{moment:O}");
            else
                JsonSerializer.Serialize(writer, value, value.GetType(), Options);
        }

        private static object Time(string text) =>
            text.StartsWith("dt:", StringComparison.Ordinal)
            && DateTime.TryParse(text[3..], CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
                ? time
            : text.StartsWith("dto:", StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text[4..], CultureInfo.InvariantCulture, out var moment)
                ? moment
            : text;
    }
}

/// <summary>A termination that ends the open sub-orchestrations, too; Durable Task's own event cannot say that.</summary>
internal sealed class RecursiveTermination(string input) : ExecutionTerminatedEvent(-1, input);

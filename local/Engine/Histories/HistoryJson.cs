using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>
/// Durable Task's history events as JSON: an array of objects that begin with their EventType; the other properties have the names that Durable Task's
/// own storage providers use. What has its default is left out (EventId -1, null), as are trace contexts and IsPlayed, which say nothing of the past.
/// </summary>
public static class HistoryJson
{
    private static readonly HashSet<string> LeftOut = ["EventType", "IsPlayed", "ExtensionData", "ParentTraceContext", "Correlation", "ClientSpanId", "Generation", "GenerateNewTrace"];

    /// <summary>For whatever of Durable Task a store keeps.</summary>
    internal static JsonSerializerOptions Options { get; } = new()
    {
        IncludeFields = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FailureConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { Describe } },
    };

    public static byte[] Encode(IReadOnlyList<HistoryEvent> events) => JsonSerializer.SerializeToUtf8Bytes(events, Options);

    /// <exception cref="JsonException">Not what <see cref="Encode"/> writes.</exception>
    public static List<HistoryEvent> Decode(ReadOnlySpan<byte> chunk) => JsonSerializer.Deserialize<List<HistoryEvent>>(chunk, Options) ?? [];

    public static List<HistoryEvent> Decode(IReadOnlyList<byte[]> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        return chunks.Count == 1 ? Decode(chunks[0]) : [.. chunks.SelectMany(c => Decode(c))];
    }

    // The events are made for DataContract serializers: without public constructors, and with private setters.
    private static void Describe(JsonTypeInfo info)
    {
        if (info.Type == typeof(HistoryEvent))
        {
            info.PolymorphismOptions = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = "EventType" };
            info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(typeof(RecursiveTermination), "ExecutionTerminatedRecursively"));
            foreach (var type in HistoryEvent.KnownTypes()) info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, type.Name[..^"Event".Length]));
        }
        if (info.Kind != JsonTypeInfoKind.Object || info.Type.Assembly != typeof(HistoryEvent).Assembly && info.Type != typeof(RecursiveTermination)) return;
        if (!info.Type.IsAbstract) info.CreateObject = () => Create(info.Type);
        for (var i = info.Properties.Count - 1; i >= 0; i--)
        {
            var p = info.Properties[i];
            if (LeftOut.Contains(p.Name)) info.Properties.RemoveAt(i);
            else if (p.Set is null && p.AttributeProvider is PropertyInfo { SetMethod: not null } property) p.Set = Owner(property).SetValue;
            if (p.Name == "EventId") p.ShouldSerialize = (_, id) => id is not -1;
        }
    }

    // A private setter is seen only on the type that declares it.
    private static PropertyInfo Owner(PropertyInfo p) => p.DeclaringType!.GetProperty(p.Name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)!;

    private static readonly Action<HistoryEvent, int> SetId = typeof(HistoryEvent).GetProperty(nameof(HistoryEvent.EventId))!.SetMethod!.CreateDelegate<Action<HistoryEvent, int>>();

    private static object Create(Type type)
    {
        var made = RuntimeHelpers.GetUninitializedObject(type);
        if (made is HistoryEvent e) SetId(e, -1);
        return made;
    }

    /// <summary>Has neither setters nor a constructor that names them.</summary>
    private sealed class FailureConverter : JsonConverter<FailureDetails>
    {
        public override FailureDetails Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var f = JsonSerializer.Deserialize<Fields>(ref reader, options)!;
            return new(f.ErrorType, f.ErrorMessage, f.StackTrace, f.InnerFailure, f.IsNonRetriable, f.Properties?.ToDictionary(p => p.Key, p => Plain(p.Value)));
        }

        public override void Write(Utf8JsonWriter writer, FailureDetails value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer,
            new Fields(value.ErrorType, value.ErrorMessage, value.StackTrace, value.InnerFailure, value.IsNonRetriable,
                value.Properties?.ToDictionary(p => p.Key, p => JsonSerializer.SerializeToElement(p.Value))), options);

        // As the official worker does, whose properties travel as protobuf values: numbers are doubles.
        private static object? Plain(JsonElement e) => e.ValueKind switch
        {
            JsonValueKind.String => e.GetString(),
            JsonValueKind.Number => e.GetDouble(),
            JsonValueKind.True or JsonValueKind.False => e.GetBoolean(),
            JsonValueKind.Array => e.EnumerateArray().Select(Plain).ToList(),
            JsonValueKind.Object => e.EnumerateObject().ToDictionary(p => p.Name, p => Plain(p.Value)),
            _ => null,
        };

        private sealed record Fields(
            string ErrorType, string ErrorMessage, string? StackTrace, FailureDetails? InnerFailure, bool IsNonRetriable, Dictionary<string, JsonElement>? Properties);
    }
}

/// <summary>A termination that ends the open sub-orchestrations, too; Durable Task's own event cannot say that.</summary>
internal sealed class RecursiveTermination(string input) : ExecutionTerminatedEvent(-1, input);

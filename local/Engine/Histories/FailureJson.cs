using System.Text.Json;
using DurableTask.Core;

namespace IRFunctions.Local.Engine.Histories;

/// <summary>Failure details as JSON under their own property names.</summary>
internal static class FailureJson
{
    public static void Write(Utf8JsonWriter w, FailureDetails f)
    {
        w.WriteStartObject();
        w.WriteString("ErrorType"u8, f.ErrorType);
        w.WriteString("ErrorMessage"u8, f.ErrorMessage);
        if (f.StackTrace is { } stack) w.WriteString("StackTrace"u8, stack);
        if (f.IsNonRetriable) w.WriteBoolean("IsNonRetriable"u8, true);
        if (f.InnerFailure is { } inner)
        {
            w.WritePropertyName("InnerFailure"u8);
            Write(w, inner);
        }
        if (f.Properties is { Count: > 0 } properties)
        {
            w.WritePropertyName("Properties"u8);
            JsonSerializer.Serialize(w, properties);
        }
        w.WriteEndObject();
    }

    public static FailureDetails Read(JsonElement e) => new(
        Text(e, "ErrorType") ?? "", Text(e, "ErrorMessage") ?? "", Text(e, "StackTrace"),
        e.TryGetProperty("InnerFailure", out var inner) ? Read(inner) : null,
        e.TryGetProperty("IsNonRetriable", out _),
        e.TryGetProperty("Properties", out var properties) ? properties.EnumerateObject().ToDictionary(p => p.Name, p => Plain(p.Value)) : null);

    private static string? Text(JsonElement e, string name) => e.TryGetProperty(name, out var value) ? value.GetString() : null;

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
}

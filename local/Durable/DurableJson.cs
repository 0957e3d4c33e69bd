using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Local.Durable;

/// <summary>How payloads become UTF-8 JSON and back. Null has no payload at all.</summary>
public static class DurableJson
{
    private const int MaxStackTraceLength = 2000;

    [ThreadStatic]
    private static ReadOnlyMemory<byte>? source;

    public static JsonSerializerOptions Options { get; } = WithSharedParts(new(JsonSerializerDefaults.Web)
    {
        IncludeFields = true,
        // Payloads are stored and read back, never put into a page: quotes inside JSON inside JSON need not become six characters each.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    internal static JsonDataConverter Converter { get; } = new(Options);

    public static byte[]? Serialize(object? value) => value is null ? null : JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), Options);

    public static T? Deserialize<T>(ReadOnlyMemory<byte>? json) => Deserialize(json, typeof(T)) is { } value ? (T)value : default;

    public static object? Deserialize(ReadOnlyMemory<byte>? json, Type type)
    {
        if (json is not { Length: > 0 } bytes) return null;
        source = bytes;
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, type, Options);
        }
        finally
        {
            source = null;
        }
    }

    /// <summary>What is being read on this thread by <see cref="Deserialize(ReadOnlyMemory{byte}?, Type)"/>; null where somebody else reads.</summary>
    internal static ReadOnlyMemory<byte>? Source => source;

    internal static string? Text(byte[]? json) => json is null ? null : Encoding.UTF8.GetString(json);

    internal static byte[] Failure(Exception exception) => JsonSerializer.SerializeToUtf8Bytes(ToStored(DetailsOf(exception)), Options);

    internal static byte[] Failure(string type, string message) =>
        JsonSerializer.SerializeToUtf8Bytes(new StoredFailure(type, message, null, null), Options);

    internal static TaskFailureDetails ReadFailure(ReadOnlyMemory<byte>? json) =>
        Deserialize<StoredFailure>(json) is { } stored ? FromStored(stored) : new TaskFailureDetails("(unknown)", "(unknown)", null, null, null);

    private static JsonSerializerOptions WithSharedParts(JsonSerializerOptions plain) => new(plain) { Converters = { new Replay.SharedParts(plain) } };

    private static TaskFailureDetails DetailsOf(Exception exception)
    {
        var details = TaskFailureDetails.FromException(exception);
        // These two carry their cause as details, not as an inner exception.
        return exception switch
        {
            TaskFailedException { InnerException: null } e => details with { InnerFailure = e.FailureDetails },
            EntityOperationFailedException e => details with { InnerFailure = e.FailureDetails },
            _ => details,
        };
    }

    private static StoredFailure ToStored(TaskFailureDetails d) => new(
        d.ErrorType, d.ErrorMessage, d.StackTrace is { Length: > MaxStackTraceLength } s ? s[..MaxStackTraceLength] : d.StackTrace,
        d.InnerFailure is null ? null : ToStored(d.InnerFailure));

    private static TaskFailureDetails FromStored(StoredFailure s) =>
        new(s.Type, s.Message, s.StackTrace, s.Inner is null ? null : FromStored(s.Inner), null);

    private sealed record StoredFailure(string Type, string Message, string? StackTrace, StoredFailure? Inner);
}

using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IRFunctions.Local.Durable;

/// <summary>
/// What the Functions host and Azure Storage refuse, in their words, so that a machine without them refuses it as well. From public source: the host's checks are
/// RemoteOrchestratorContext.ValidateCustomStatusSize (since Azure/azure-functions-durable-extension, pull request 3113) and DurableClient.StartNewAsync; a key is
/// a table's partition key (DurableTask.AzureStorage, KeySanitation).
/// </summary>
public static class HostLimits
{
    /// <summary>KiB of UTF-16 of the serialized custom status.</summary>
    public const int CustomStatusKilobytes = 16;

    /// <summary>Characters of an orchestration's id.</summary>
    public const int InstanceId = 256;

    /// <summary>Characters of "@name@key" as a partition key of 1 KiB of UTF-16.</summary>
    public const int EntityId = 512;

    /// <summary>Below this many bytes no escaping makes a custom status too large.</summary>
    private const int SurelySmall = CustomStatusKilobytes * 1024 / 2 / 6;

    private static readonly JsonWriterOptions AsTheWorkerWrites = new() { Encoder = JavaScriptEncoder.Default };

    /// <summary>
    /// Why the host fails an orchestration for its custom status; null where it does not. The worker escapes all that is not ASCII, six characters each, and
    /// the host counts that.
    /// </summary>
    public static string? RefusedStatus(byte[]? json)
    {
        if (json is null || json.Length <= SurelySmall) return null;
        var buffer = new ArrayBufferWriter<byte>(json.Length);
        using (var document = JsonDocument.Parse(json))
        using (var writer = new Utf8JsonWriter(buffer, AsTheWorkerWrites)) document.RootElement.WriteTo(writer);
        var kilobytes = buffer.WrittenCount * 2 / 1024.0; // Escaped it is ASCII: a byte is a character.
        return kilobytes <= CustomStatusKilobytes ? null
            : string.Create(CultureInfo.InvariantCulture, $"CustomStatus is too large: limit = {CustomStatusKilobytes} KB (UTF-16), actual = {kilobytes:N2} KB.");
    }

    /// <summary>What the host leaves as the output of an orchestration that it failed itself; there are no failure details.</summary>
    public static byte[] OutputOfFailure(string function, string problem) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        message = $"Function '{function}' failed with an unhandled exception.", details = $"System.ArgumentException: {problem}",
    });

    /// <exception cref="ArgumentException">An orchestration cannot have this id.</exception>
    public static void CheckInstanceId(string id)
    {
        if (id.StartsWith('@')) throw new ArgumentException("Orchestration instance ids must not start with @.", nameof(id));
        if (id.Any(c => c is '/' or '\\' or '?' or '#' || char.IsControl(c))) throw new ArgumentException("Orchestration instance ids must not contain /, \\, #, ?, or control characters.", nameof(id));
        if (id.Length > InstanceId) throw new ArgumentException($"Instance ID lengths must not exceed {InstanceId} characters.", nameof(id));
    }

    /// <exception cref="ArgumentException">The storage could not hold this entity: the signal would be accepted and its message never taken off the queue.</exception>
    public static void CheckEntityId(string id)
    {
        // The storage provider escapes what a key may not hold, each with one character more.
        var length = id.Length + id.Count(c => c is '^' or '/' or '\\' or '#' or '?' || c <= 0x1f || c is >= '\u007f' and <= '\u009f');
        if (length > EntityId) throw new ArgumentException($"The id of an entity must not exceed {EntityId} characters as a partition key of Azure Storage; '{id[..40]}...' has {length}.", nameof(id));
    }
}

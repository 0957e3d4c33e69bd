using System.Globalization;

namespace IRFunctions.Local.Engine;

/// <summary>
/// What the Durable Functions host and Azure Storage refuse, with the host's own words where it has some (Azure/azure-functions-durable-extension,
/// DurableClient and MessagePayloadDataConverter). Null lifts a limit.
/// </summary>
public sealed record EngineLimits
{
    /// <summary>No limits but the reserved '@'.</summary>
    public static EngineLimits None { get; } = new() { CustomStatusBytes = null, InstanceIdLength = null, EntityIdLength = null, CheckCharacters = false };

    /// <summary>Bytes of UTF-16 of the serialized custom status; its orchestration fails beyond.</summary>
    public int? CustomStatusBytes { get; init; } = 16 * 1024;

    /// <summary>Characters of an orchestration's id.</summary>
    public int? InstanceIdLength { get; init; } = 256;

    /// <summary>Characters of an entity's id, "@name@key": it is a partition key, of which Azure Storage takes 1 KiB of UTF-16.</summary>
    public int? EntityIdLength { get; init; } = 512;

    /// <summary>Refuses /, \, #, ? and control characters in the ids of orchestrations.</summary>
    public bool CheckCharacters { get; init; } = true;

    /// <exception cref="ArgumentException">The id is not one for an orchestration.</exception>
    internal void CheckInstanceId(string id)
    {
        if (id.StartsWith('@')) throw new ArgumentException("Orchestration instance ids must not start with @.", nameof(id));
        if (CheckCharacters && id.Any(c => c is '/' or '\\' or '?' or '#' || char.IsControl(c)))
            throw new ArgumentException("Orchestration instance ids must not contain /, \\, #, ?, or control characters.", nameof(id));
        if (id.Length > InstanceIdLength) throw new ArgumentException($"Instance ID lengths must not exceed {InstanceIdLength} characters.", nameof(id));
    }

    /// <exception cref="ArgumentException">The id is too long.</exception>
    internal void CheckEntityId(string id)
    {
        if (id.Length > EntityIdLength)
            throw new ArgumentException($"The id of an entity must not exceed {EntityIdLength} characters; '{id[..40]}...' has {id.Length}.", nameof(id));
    }

    /// <summary>Why a serialized custom status is refused; null where it is not.</summary>
    internal string? WrongStatus(string? status)
    {
        if (status is null || status.Length * 2 <= CustomStatusBytes) return null;
        return string.Create(CultureInfo.InvariantCulture,
            $"The UTF-16 size of the JSON-serialized payload must not exceed {CustomStatusBytes / 1024:N0} KB. The current payload size is {status.Length * 2 / 1024.0:N0} KB.");
    }
}

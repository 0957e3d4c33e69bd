using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.DurableTask.Entities;

/// <summary>Names one entity; written as `@name@key`, the name in lower case, at most 100 characters in all.</summary>
[JsonConverter(typeof(AsText))]
public readonly record struct EntityInstanceId
{
    private const int MaxLength = 100;

    /// <exception cref="ArgumentException">The name is empty or holds an '@', or the whole is too long.</exception>
    public EntityInstanceId(string name, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(key);
        if (name.Contains('@', StringComparison.Ordinal)) throw new ArgumentException("An entity's name must not contain '@'.", nameof(name));
#pragma warning disable CA1308 // Lower case is the format.
        Name = name.ToLowerInvariant();
#pragma warning restore CA1308
        Key = key;
        var length = Name.Length + Key.Length + 2;
        if (length > MaxLength)
            throw new ArgumentException($"An entity's id has at most {MaxLength} characters; this one has {length}.", nameof(key));
    }

    public string Name { get; }

    public string Key { get; }

    /// <exception cref="ArgumentException">The text is not of the form `@name@key`.</exception>
    public static EntityInstanceId FromString(string instanceId)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var second = instanceId.IndexOf('@', 1);
        if (instanceId[0] != '@' || second < 0) throw new ArgumentException($"'{instanceId}' is not an entity id.", nameof(instanceId));
        return new EntityInstanceId(instanceId[1..second], instanceId[(second + 1)..]);
    }

    public override string ToString() => $"@{Name}@{Key}";

    private sealed class AsText : JsonConverter<EntityInstanceId>
    {
        public override EntityInstanceId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            FromString(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, EntityInstanceId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}

/// <summary>How an entity is called; nothing to choose so far.</summary>
public record CallEntityOptions;

/// <summary>How an entity is signalled; with a time, not before it.</summary>
public record SignalEntityOptions
{
    public DateTimeOffset? SignalTime { get; init; }

    public static implicit operator SignalEntityOptions(DateTimeOffset value) => new() { SignalTime = value };
}

/// <summary>An operation that an orchestration called on an entity failed.</summary>
public sealed class EntityOperationFailedException : Exception
{
    public EntityOperationFailedException(EntityInstanceId entityId, string operationName, TaskFailureDetails failureDetails)
        : base($"Operation '{operationName}' of entity '{entityId}' failed: {failureDetails?.ErrorMessage}")
    {
        ArgumentNullException.ThrowIfNull(failureDetails);
        EntityId = entityId;
        OperationName = operationName;
        FailureDetails = failureDetails;
    }

    public EntityInstanceId EntityId { get; }

    public string OperationName { get; }

    public TaskFailureDetails FailureDetails { get; }
}

using System.Globalization;

namespace IRFunctions.Local.Engine;

/// <summary>How an engine runs.</summary>
public sealed record EngineOptions
{
    /// <summary>Steps of orchestrations and entities that run, or are on their way to the store, at once in the background.</summary>
    public int MaxConcurrentSteps { get; init; } = 256;

    /// <summary>Activities that run at once in the background.</summary>
    public int MaxConcurrentActivities { get; init; } = 64;

    /// <summary>
    /// Orchestrations whose executor is kept between steps, so that their history is not replayed for each; zero: none. Only a cache: the
    /// least lately used is dropped, and what only waits for an event or a timer is not kept at all.
    /// </summary>
    public int KeptSessions { get; init; } = 1_000;

    /// <summary>
    /// With a seed, ready work is taken in an order shuffled by it; otherwise what is begun goes first, and the first come of either.
    /// </summary>
    public int? ShuffleSeed { get; init; }

    /// <summary>For crash tests: what it throws ends the engine as a kill would. A new engine on the same store must then go on.</summary>
    public Action<CrashPoint>? AtCrashPoint { get; init; }

    /// <summary>What production refuses is refused here, too.</summary>
    public EngineLimits Limits { get; init; } = new();
}

/// <summary>
/// Where an engine can be made to crash: a step is computed but not stored, or stored but not told, or an activity's result is not stored.
/// </summary>
public enum CrashMoment
{
    BeforeCommit,
    AfterCommit,
    AfterActivity,
}

/// <summary>One moment of one run.</summary>
/// <param name="Number">Counts from 1, for each kind of moment by itself.</param>
public readonly record struct CrashPoint(CrashMoment Moment, long Number, string InstanceId);

/// <summary>
/// What the Durable Functions host and Azure Storage refuse, with the host's own words where it has some
/// (Azure/azure-functions-durable-extension,
/// DurableClient.StartNewAsync and, since pull request 3113, RemoteOrchestratorContext.ValidateCustomStatusSize). Null lifts a limit.
/// </summary>
public sealed record EngineLimits
{
    /// <summary>No limits but the reserved '@'.</summary>
    public static EngineLimits None { get; } =
        new()
        {
            CustomStatusBytes = null,
            InstanceIdLength = null,
            EntityIdLength = null,
            CheckCharacters = false,
        };

    /// <summary>Bytes of UTF-16 of the serialized custom status; its orchestration fails beyond.</summary>
    public int? CustomStatusBytes { get; init; } = 16 * 1024;

    /// <summary>Characters of an orchestration's id.</summary>
    public int? InstanceIdLength { get; init; } = 256;

    /// <summary>Characters of an entity's id, "@name@key": it is a partition key, of which Azure Storage takes 1 KiB of UTF-16.</summary>
    public int? EntityIdLength { get; init; } = 512;

    /// <summary>Refuses /, \, #, ? and control characters in the ids of orchestrations.</summary>
    public bool CheckCharacters { get; init; } = true;

    /// <summary>Why an id is none for an orchestration; null where it is one.</summary>
    internal string? WrongInstanceId(string id) =>
        id.StartsWith('@') ? "Orchestration instance ids must not start with @."
        : CheckCharacters && id.Any(c => c is '/' or '\\' or '?' or '#' || char.IsControl(c))
            ? "Orchestration instance ids must not contain /, \\, #, ?, or control characters."
        : id.Length > InstanceIdLength ? $"Instance ID lengths must not exceed {InstanceIdLength} characters."
        : null;

    /// <summary>
    /// Why an id, "@name@key", is none for an entity; null where it is one. Storage would accept the signal and never take its message off
    /// the queue.
    /// </summary>
    public string? WrongEntityId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        // DurableTask.AzureStorage (KeySanitation) escapes what a key may not hold, each with one character more.
        var length = id.Length + id.Count(c => c is '^' or '/' or '\\' or '#' or '?' || c <= 0x1f || c is >= '\u007f' and <= '\u009f');
        return length > EntityIdLength
            ? $"The id of an entity must not exceed {EntityIdLength} characters as a partition key of Azure Storage; '{id[..40]}...' "
                + $"has {length}."
            : null;
    }

    internal string? WrongStatus(string? status) =>
        status?.Length * 2 > CustomStatusBytes
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"CustomStatus is too large: limit = {CustomStatusBytes / 1024} KB (UTF-16), actual = {status!.Length * 2 / 1024.0:N2} KB."
            )
            : null;
}

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// All that an engine must not lose. One engine at a time works on a store. Two exist: in memory (gone with the process) and SQLite
/// (survives `kill -9`).
/// </summary>
public interface IDurableStore : IAsyncDisposable
{
    /// <summary>Everything undelivered, in order, with the highest number ever used.</summary>
    (IReadOnlyList<Message> Messages, long HighestNumber) LoadWork();

    InstanceRecord? Read(string instanceId);

    /// <summary>The history of a run, as chunks that <see cref="Histories.HistoryJson"/> wrote, oldest first.</summary>
    IReadOnlyList<byte[]> ReadHistory(long execution);

    /// <summary>
    /// Nothing is expected of a run soon: it has ended, or waits for a person or for its time. A store may pack its history.
    /// </summary>
    void Rest(InstanceRecord run) { }

    /// <summary>Stores all of a commit or nothing. False, and nothing stored, where its condition does not hold.</summary>
    ValueTask<bool> CommitAsync(StepCommit commit);

    /// <summary>Ordered by id.</summary>
    IReadOnlyList<InstanceRecord> Query(InstanceFilter filter);
}

/// <summary>What one step changes, all of it or nothing.</summary>
public sealed class StepCommit
{
    public required string InstanceId { get; init; }

    /// <summary>
    /// The commit stands only where the stored run is this one; zero: only where there is no such instance. Null: no condition.
    /// </summary>
    public long? ExpectedExecution { get; set; }

    /// <summary>The instance's new record; null leaves it as it is.</summary>
    public InstanceRecord? Record { get; set; }

    /// <summary>Removes the instance and its history.</summary>
    public bool Delete { get; set; }

    /// <summary>Removes the history of this run first; zero: of none.</summary>
    public long ClearHistoryOf { get; set; }

    /// <summary>Appended to the history of <see cref="Record"/>'s run; the events are not changed any more.</summary>
    public IReadOnlyList<HistoryEvent>? History { get; set; }

    public List<long> Consumed { get; } = [];

    public List<Message> New { get; } = [];

    public bool IsEmpty => Record is null && !Delete && Consumed.Count == 0 && New.Count == 0;
}

/// <summary>Which instances; times are UTC ticks, bounds are included.</summary>
public sealed record InstanceFilter
{
    public bool Entities { get; init; }

    public string? Prefix { get; init; }

    /// <summary>Only ids after this one.</summary>
    public string? After { get; init; }

    public long CreatedFrom { get; init; }

    public long CreatedTo { get; init; } = long.MaxValue;

    public long UpdatedFrom { get; init; }

    public long UpdatedTo { get; init; } = long.MaxValue;

    public IReadOnlySet<OrchestrationStatus>? Statuses { get; init; }

    public int Limit { get; init; } = 100;

    internal bool Takes(InstanceRecord r) =>
        r.IsEntity == Entities
        && r.CreatedAt >= CreatedFrom
        && r.CreatedAt <= CreatedTo
        && r.UpdatedAt >= UpdatedFrom
        && r.UpdatedAt <= UpdatedTo
        && (Statuses is null || Statuses.Contains(r.Status))
        && (Prefix is null || r.Id.StartsWith(Prefix, StringComparison.Ordinal));
}

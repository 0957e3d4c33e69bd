namespace IRFunctions.Local.Durable.Stores;

/// <summary>
/// What survives a crash: instances, their histories, messages on their way (timers and scheduled signals are messages with a due time) and
/// activities to
/// run. A commit is all or nothing. One engine at a time uses a store.
/// </summary>
public interface IDurableStore : IAsyncDisposable
{
    /// <summary>All messages and activities that are still to be worked on, in order; read once, when an engine starts.</summary>
    StoredWork LoadWork();

    InstanceRecord? Read(string instanceId);

    /// <summary>Adds the history of an instance, oldest chunk first. A chunk is never changed afterwards.</summary>
    void ReadHistory(string instanceId, ICollection<ReadOnlyMemory<byte>> chunks);

    /// <summary>Completes when the commit would survive a crash. False where <see cref="StepCommit.ExpectedExecution"/> does not hold: nothing was
    /// stored.</summary>
    ValueTask<bool> CommitAsync(StepCommit commit);

    /// <summary>Instances that fit, ordered by id (ordinal), at most <see cref="InstanceFilter.Limit"/>.</summary>
    IReadOnlyList<InstanceRecord> Query(InstanceFilter filter);
}

/// <param name="HighestNumber">The highest number of a message, task or execution in the store; 0 when empty.</param>
public sealed record StoredWork(IReadOnlyList<DurableMessage> Messages, IReadOnlyList<ActivityTask> Tasks, long HighestNumber);

/// <summary>Which instances to list. Times are UTC ticks, both ends included.</summary>
public sealed record InstanceFilter
{
    public required bool Entities { get; init; }

    public string? Prefix { get; init; }

    /// <summary>Only ids above this one (ordinal).</summary>
    public string? After { get; init; }

    public IReadOnlyCollection<InstanceStatus>? Statuses { get; init; }

    public long CreatedFrom { get; init; }

    public long CreatedTo { get; init; } = long.MaxValue;

    public long UpdatedFrom { get; init; }

    public long UpdatedTo { get; init; } = long.MaxValue;

    public int Limit { get; init; } = 100;

    internal bool Fits(StoredInstance r) =>
        r.IsEntity == Entities
        && (Prefix is null || r.Id.StartsWith(Prefix, StringComparison.Ordinal))
        && (After is null || string.CompareOrdinal(r.Id, After) > 0)
        && (Statuses is null || Statuses.Contains(r.Status))
        && r.CreatedAt >= CreatedFrom && r.CreatedAt <= CreatedTo && r.UpdatedAt >= UpdatedFrom && r.UpdatedAt <= UpdatedTo;
}

/// <summary>An activity that is to run (again, should the process die meanwhile).</summary>
public sealed record ActivityTask(long Number, string InstanceId, long Execution, int TaskId, string Name, byte[]? Input);

/// <summary>What one step changes, stored as a whole.</summary>
public sealed class StepCommit
{
    public required string InstanceId { get; init; }

    /// <summary>The execution the instance must have for the commit to hold; 0: there must be no such instance; null: no condition.</summary>
    public long? ExpectedExecution { get; init; }

    /// <summary>The instance from now on; null leaves it as it is.</summary>
    public InstanceRecord? Record { get; set; }

    /// <summary>Removes the instance and its history.</summary>
    public bool Delete { get; set; }

    /// <summary>Drops the history so far (before <see cref="AppendedHistory"/> is added).</summary>
    public bool ClearHistory { get; set; }

    public byte[]? AppendedHistory { get; set; }

    public List<long> ConsumedMessages { get; } = [];

    public List<long> ConsumedTasks { get; } = [];

    public List<DurableMessage> NewMessages { get; } = [];

    public List<ActivityTask> NewTasks { get; } = [];

    internal bool IsEmpty => Record is null && !Delete && !ClearHistory && AppendedHistory is null
        && ConsumedMessages.Count + ConsumedTasks.Count + NewMessages.Count + NewTasks.Count == 0;
}

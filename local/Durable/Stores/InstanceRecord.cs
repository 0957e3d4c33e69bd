using IRFunctions.Local.Durable.History;

namespace IRFunctions.Local.Durable.Stores;

/// <summary>As in Microsoft.DurableTask.Client.OrchestrationRuntimeStatus, with the same numbers.</summary>
public enum InstanceStatus
{
    Running = 0,
    Completed = 1,
    Failed = 3,
    Terminated = 5,
    Pending = 6,
    Suspended = 7,
}

/// <summary>An orchestration or an entity without its history. Times are UTC ticks, payloads UTF-8 JSON.</summary>
public sealed record InstanceRecord
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public bool IsEntity { get; init; }

    public InstanceStatus Status { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    /// <summary>Unique for each start and each continuation as new: results for an earlier execution are dropped.</summary>
    public long Execution { get; init; }

    public string? Version { get; init; }

    public byte[]? Input { get; init; }

    /// <summary>The output of an orchestration, or the state of an entity.</summary>
    public byte[]? Output { get; init; }

    public byte[]? CustomStatus { get; init; }

    public byte[]? Failure { get; init; }

    public byte[]? Tags { get; init; }

    public ParentLink? Parent { get; init; }

    /// <summary>For entities: who holds the lock.</summary>
    public string? LockedBy { get; init; }

    public long LockExecution { get; init; }

    /// <summary>A terminal instance of the same id gives way to this one.</summary>
    public bool ReplacesTerminal { get; init; }

    public bool IsTerminal => !IsEntity && Status is InstanceStatus.Completed or InstanceStatus.Failed or InstanceStatus.Terminated;

    /// <summary>All that is not in columns of its own.</summary>
    internal byte[] EncodeRest() => HistoryWriter.Encoded(this, static (w, r) => r.WriteRest(w));

    internal void WriteRest(HistoryWriter w)
    {
        w.Number(LockExecution);
        w.Byte((byte)((Parent is null ? 0 : 1) | (ReplacesTerminal ? 2 : 0)));
        if (Parent is { } p)
        {
            w.Text(p.Id);
            w.Text(p.Name);
            w.Number(p.TaskId);
            w.Number(p.Execution);
        }

        w.Text(Version ?? string.Empty);
        w.Text(LockedBy ?? string.Empty);
        foreach (var part in (ReadOnlySpan<byte[]?>)[Input, Output, CustomStatus, Failure, Tags])
        {
            w.Byte(part is null ? (byte)0 : (byte)1);
            if (part is not null) w.Bytes(part);
        }
    }

    internal InstanceRecord WithRest(ReadOnlyMemory<byte> rest)
    {
        var r = new HistoryReader(rest);
        var lockExecution = r.Number();
        var flags = r.Byte();
        var parent = (flags & 1) != 0 ? new ParentLink(r.Text(), r.Text(), (int)r.Number(), r.Number()) : null;
        return this with
        {
            LockExecution = lockExecution,
            Parent = parent,
            ReplacesTerminal = (flags & 2) != 0,
            Version = NullIfEmpty(r.Text()),
            LockedBy = NullIfEmpty(r.Text()),
            Input = Part(ref r),
            Output = Part(ref r),
            CustomStatus = Part(ref r),
            Failure = Part(ref r),
            Tags = Part(ref r),
        };

        static byte[]? Part(ref HistoryReader reader) => reader.Byte() == 0 ? null : reader.Bytes().ToArray();
        static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
    }

    /// <summary>The whole record, as it travels in a start message.</summary>
    internal byte[] Encode() => HistoryWriter.Encoded(this, static (w, r) =>
    {
        w.Text(r.Id);
        w.Text(r.Name);
        w.Number((int)r.Status);
        w.Number(r.CreatedAt);
        w.Number(r.UpdatedAt);
        w.Number(r.Execution);
        r.WriteRest(w);
    });

    /// <param name="id">The id the record is known to have: one text for all who keep it.</param>
    internal static InstanceRecord Decode(ReadOnlyMemory<byte> bytes, string id)
    {
        var r = new HistoryReader(bytes);
        r.Bytes();
        var record = new InstanceRecord
        {
            Id = id,
            Name = r.Text(),
            Status = (InstanceStatus)r.Number(),
            CreatedAt = r.Number(),
            UpdatedAt = r.Number(),
            Execution = r.Number(),
        };
        return record.WithRest(r.Rest());
    }
}

/// <summary>The orchestration that waits for this one, and as which of its tasks.</summary>
public sealed record ParentLink(string Id, string Name, int TaskId, long Execution);

/// <summary>A message to an instance. One with a due time is delivered no sooner (UTC ticks; 0: at once).</summary>
public sealed class DurableMessage
{
    public required long Number { get; init; }

    public required string Target { get; init; }

    /// <summary>The encoded event.</summary>
    public required byte[] Event { get; init; }

    /// <summary>The execution of the target it is meant for; 0: whichever there is.</summary>
    public long Execution { get; init; }

    public long Due { get; init; }

    public string? Source { get; init; }

    public long SourceExecution { get; init; }

    /// <summary>The result of an activity: not stored itself; the task's row stands for it until a step has taken it in.</summary>
    public bool IsTaskResult { get; init; }

    /// <summary>Place in the timer heap; -1 when not in it.</summary>
    internal int HeapIndex { get; set; } = -1;

    internal EventKind Kind => (EventKind)Event[0];

    internal HistoryEvent Read() => EncodedEvent.Read(Event);
}

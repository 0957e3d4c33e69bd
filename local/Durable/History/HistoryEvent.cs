using System.Text;

namespace IRFunctions.Local.Durable.History;

/// <summary>What an event of a history, or a message to an instance, is. The numbers are stored: append, never renumber.</summary>
internal enum EventKind : byte
{
    None = 0,
    StepStarted = 1,
    ExecutionStarted = 2,

    // What the orchestrator's code did.
    ActivityScheduled = 10,
    TimerCreated = 11,
    TimerCancelled = 12,
    SubOrchestrationScheduled = 13,
    EventSent = 14,
    EntityCalled = 15,
    EntitySignalled = 16,
    LockRequested = 17,
    LockReleased = 18,
    Completed = 19,
    ContinuedAsNew = 20,

    // What happened to it.
    ActivityCompleted = 40,
    ActivityFailed = 41,
    TimerFired = 42,
    SubOrchestrationCompleted = 43,
    SubOrchestrationFailed = 44,
    EventRaised = 45,
    EntityReplied = 46,
    EntityFailed = 47,
    LockGranted = 48,
    Suspended = 49,
    Resumed = 50,
    Terminated = 51,

    // Messages that never enter a history.
    Start = 80,
    EntityOperation = 81,
    EntityLock = 82,
    EntityUnlock = 83,
}

/// <summary>
/// One event, as a view into the bytes it was read from. Which fields are used depends on the kind: <see cref="Number"/> holds UTC ticks for
/// times, or a
/// status; <see cref="Reference"/> the number of the message or task in the store; <see cref="Target"/> the other instance.
/// </summary>
internal struct HistoryEvent
{
    public EventKind Kind;
    public int TaskId;
    public long Number;
    public long Reference;
    public bool HasPayload;
    public ReadOnlyMemory<byte> Name;
    public ReadOnlyMemory<byte> Target;
    public ReadOnlyMemory<byte> Payload;

    /// <summary>Whether the orchestrator's code caused it, so that a replay must cause it again.</summary>
    public readonly bool IsAction => Kind is >= EventKind.ActivityScheduled and <= EventKind.ContinuedAsNew;

    public readonly string NameText => Encoding.UTF8.GetString(Name.Span);

    public readonly string TargetText => Encoding.UTF8.GetString(Target.Span);

    // Spelt out: a bare null would become empty memory, by way of byte[].
    public readonly ReadOnlyMemory<byte>? Data => HasPayload ? Payload : default(ReadOnlyMemory<byte>?);

    public override readonly string ToString() => Describe(Kind, TaskId, NameText, TargetText);

    internal static string Describe(EventKind kind, int taskId, string? name, string? target)
    {
        var text = new StringBuilder(kind.ToString());
        if (HasTask(kind)) text.Append(" #").Append(taskId);
        if (!string.IsNullOrEmpty(name)) text.Append(" '").Append(name).Append('\'');
        if (!string.IsNullOrEmpty(target)) text.Append(" -> '").Append(target).Append('\'');
        return text.ToString();
    }

    private static bool HasTask(EventKind kind) => kind is (>= EventKind.ActivityScheduled and <= EventKind.SubOrchestrationScheduled)
        or EventKind.EntityCalled or EventKind.LockRequested or EventKind.LockReleased
        or (>= EventKind.ActivityCompleted and <= EventKind.SubOrchestrationFailed)
        or EventKind.EntityReplied or EventKind.EntityFailed or EventKind.LockGranted;
}

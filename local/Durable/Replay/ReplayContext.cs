using System.Text;
using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>What the code of one step did that is new: to be stored and sent if the step is committed.</summary>
internal sealed class StepEffects
{
    public HistoryWriter History { get; } = HistoryWriter.Take();

    public List<DurableMessage> Messages { get; } = [];

    public List<ActivityTask> Tasks { get; } = [];

    public List<long> CancelledTimers { get; } = [];
}

/// <summary>What a run needs besides its history.</summary>
internal sealed record ReplaySettings(DurableRegistry Registry, Func<long> NextNumber, ILoggerFactory Loggers);

/// <summary>
/// One run of an orchestrator's code against its history. Every action of the code is compared with the next event of the history at the moment it is
/// made; beyond the history, actions become new events. Lives for one step only.
/// </summary>
internal sealed partial class ReplayContext : TaskOrchestrationContext
{
    private readonly ReplaySettings settings;
    private readonly InstanceRecord record;
    private readonly HistoryBuffer past;
    private readonly bool trackLines;
    private readonly OrchestratorThread thread = new();
    private readonly Dictionary<int, DurableWait> open = [];
    private readonly EventInbox events = new();
    private ReplayEntities? entities;
    private ParentOrchestrationInstance? parent;
    private DateTime now;
    private int cursor;
    private int nextTaskId = 1;
    private int guids;
    private bool replaying = true;
    private string? lastLine;

    /// <param name="trackLines">Remember the line of each call: slow, so only for a second run that explains a failure.</param>
    public ReplayContext(ReplaySettings settings, InstanceRecord record, HistoryBuffer past, bool trackLines = false)
    {
        this.settings = settings;
        this.record = record;
        this.past = past;
        this.trackLines = trackLines;
    }

    public StepEffects Effects { get; } = new();

    public override TaskName Name => record.Name;

    public override string InstanceId => record.Id;

    public override string Version => record.Version ?? string.Empty;

    public override ParentOrchestrationInstance? Parent =>
        parent ??= record.Parent is { } p ? new ParentOrchestrationInstance(p.Name, p.Id) : null;

    public override DateTime CurrentUtcDateTime => now;

    public override bool IsReplaying => replaying;

    public override TaskOrchestrationEntityFeature Entities => entities ??= new ReplayEntities(this);

    protected override ILoggerFactory LoggerFactory => settings.Loggers;

    internal long Execution => record.Execution;

    internal bool IsLive => !replaying;

    internal long NewNumber() => settings.NextNumber();

    internal int NewTaskId() => nextTaskId++;

    /// <summary>
    /// Compares an action with the history. True: the history has it, as <paramref name="recorded"/>. False: it is new, and the caller records it.
    /// </summary>
    /// <exception cref="NonDeterminismException">The history has something else here.</exception>
    internal bool IsRecorded(EventKind kind, int taskId, string? name, string? target, out HistoryEvent recorded)
    {
        EnsureOnThread();
        if (Broken is { } broken) throw broken;
        if (trackLines) lastLine = SourceLine.OfCaller();
        recorded = default;
        if (!replaying) return false;
        if (cursor < past.Count)
        {
            recorded = past[cursor];
            if (recorded.Kind == kind && recorded.TaskId == taskId && Same(recorded.Name, name) && Same(recorded.Target, target))
            {
                cursor++;
                return true;
            }
        }

        var did = HistoryEvent.Describe(kind, taskId, name, target);
        throw cursor < past.Count
            ? Break(cursor + 1, $"event {cursor + 1} of the history is {recorded}, but the code did {did}.", SourceLine.OfCaller())
            : Break(past.Count, $"the history waits after event {past.Count}, but the code did {did}.", SourceLine.OfCaller());
    }

    internal void Send(string target, byte[] message, long due = 0) => Effects.Messages.Add(new DurableMessage
    {
        Number = NewNumber(), Target = target, Event = message, Due = due, Source = record.Id, SourceExecution = record.Execution,
    });

    internal Task<T> WaitFor<T>(int taskId, Func<TaskFailureDetails, Exception>? toException = null)
    {
        var wait = new DurableWait<T> { ToException = toException };
        open.Add(taskId, wait);
        return wait.Task;
    }

    internal void EnsureOnThread()
    {
        if (thread.IsCurrent) return;
        throw new InvalidOperationException(
            $"The context of orchestration '{record.Id}' was used outside its own step. Orchestrators may only await tasks of their context: "
            + "no Task.Run, no Task.Delay, no IO.");
    }

    private NonDeterminismException Break(int? eventNumber, string message, string? location) =>
        Broken ??= new NonDeterminismException(record.Id, eventNumber, message, location ?? lastLine, isLastCall: location is null);

    private static bool Same(ReadOnlyMemory<byte> recorded, string? actual)
    {
        if (string.IsNullOrEmpty(actual)) return recorded.Length == 0;
        if (Ascii.Equals(recorded.Span, actual)) return true;
        return !Ascii.IsValid(actual) && Encoding.UTF8.GetString(recorded.Span) == actual;
    }
}

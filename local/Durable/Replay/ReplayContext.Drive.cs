using IRFunctions.Local.Durable.History;
using IRFunctions.Local.Durable.Stores;
using Microsoft.DurableTask;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>How the engine drives the orchestrator's code.</summary>
internal sealed partial class ReplayContext
{
    private readonly List<HistoryEvent> held = [];
    private Task<object?>? main;
    private bool suspended;
    private ContinueAsNewOptions? next;

    /// <summary>Why this run must fail; null while all is well.</summary>
    public NonDeterminismException? Broken { get; private set; }

    /// <summary>Null while the code waits. Pending stands for: continues as new.</summary>
    public InstanceStatus? Result { get; private set; }

    public byte[]? Output { get; private set; }

    public byte[]? Failure { get; private set; }

    public (bool Changed, byte[]? Value) NewCustomStatus { get; private set; }

    public ContinueAsNewOptions? Next => next;

    public bool IsSuspended => suspended;

    /// <summary>Events that came and that no code waited for.</summary>
    public IReadOnlyList<(string Name, ReadOnlyMemory<byte>? Payload)> UnprocessedEvents => events.Early;

    /// <summary>Runs the code against all of its history.</summary>
    public void ReplayPast()
    {
        while (Broken is null && cursor < past.Count)
        {
            var e = past[cursor];
            if (Result is not null)
            {
                Break(cursor + 1, $"event {cursor + 1} of the history is {e}, but the code has finished.", null);
            }
            else if (e.IsAction)
            {
                Break(cursor + 1, $"event {cursor + 1} of the history is {e}, but the code {(main is null ? "was not started" : "waits for something else")}.", null);
            }
            else
            {
                cursor++;
                Deliver(e);
            }
        }

        if (Broken is null) replaying = false;
    }

    /// <summary>Adds a new event to the history and runs what it sets off. False where nobody waits for it any more: it is dropped.</summary>
    public bool Take(byte[] encoded)
    {
        var e = EncodedEvent.Read(encoded);
        if (NeedsWait(e.Kind) && !(open.ContainsKey(e.TaskId) || held.Exists(h => h.TaskId == e.TaskId))) return false;
        if (NeedsWait(e.Kind) && held.Exists(h => NeedsWait(h.Kind) && h.TaskId == e.TaskId)) return false;
        Effects.History.WriteEncoded(encoded);
        Deliver(e);
        return true;
    }

    public void StartStep(long utcTicks, bool isFirst)
    {
        Effects.History.Write(EventKind.StepStarted, number: utcTicks);
        now = new DateTime(utcTicks, DateTimeKind.Utc);
        if (!isFirst) return;
        Effects.History.Write(EventKind.ExecutionStarted, name: record.Name);
        Deliver(new HistoryEvent { Kind = EventKind.ExecutionStarted });
    }

    /// <summary>After this, whatever of the code is still around can do nothing any more.</summary>
    public void End() => thread.End();

    private static bool NeedsWait(EventKind kind) => kind is EventKind.ActivityCompleted or EventKind.ActivityFailed or EventKind.TimerFired
        or EventKind.SubOrchestrationCompleted or EventKind.SubOrchestrationFailed or EventKind.EntityReplied or EventKind.EntityFailed or EventKind.LockGranted;

    private void Deliver(in HistoryEvent e)
    {
        switch (e.Kind)
        {
            case EventKind.StepStarted:
                now = new DateTime(e.Number, DateTimeKind.Utc);
                return;
            case EventKind.Suspended:
                suspended = true;
                return;
            case EventKind.Resumed:
                suspended = false;
                var waiting = held.ToArray();
                held.Clear();
                foreach (var h in waiting) DeliverToCode(h);
                return;
            case EventKind.Terminated:
                Result = InstanceStatus.Terminated;
                return;
        }

        if (suspended) held.Add(e);
        else DeliverToCode(e);
    }

    private void DeliverToCode(in HistoryEvent e)
    {
        if (Result is not null || Broken is not null) return;
        switch (e.Kind)
        {
            case EventKind.ExecutionStarted:
                thread.Run(StartMain);
                break;
            case EventKind.EventRaised:
                if (events.Deliver(e.NameText, e.Data) is not { } waitForEvent) return;
                thread.Complete(waitForEvent, e.Data);
                break;
            case EventKind.ActivityFailed or EventKind.SubOrchestrationFailed or EventKind.EntityFailed:
                if (Closed(e) is { } failed) thread.Fail(failed, DurableJson.ReadFailure(e.Data));
                break;
            default:
                if (Closed(e) is { } done) thread.Complete(done, e.Data);
                break;
        }

        AfterRunning();
    }

    private DurableWait? Closed(in HistoryEvent e)
    {
        if (open.Remove(e.TaskId, out var wait)) return wait;
        Break(cursor, $"event {cursor} of the history is {e}, but the code waits for no such task.", null);
        return null;
    }

    private void StartMain()
    {
        if (!settings.Registry.TryGetOrchestrator(record.Name, out var run))
        {
            main = Task.FromException<object?>(new InvalidOperationException($"There is no orchestrator named '{record.Name}'."));
            return;
        }

        try
        {
            main = run(this);
        }
        catch (Exception e)
        {
            main = Task.FromException<object?>(e);
        }
    }

    private void AfterRunning()
    {
        if (Broken is not null) return;
        if (thread.ForeignAwait)
            Break(null, "the code awaited something that is not a durable task: it came back from another thread.", null);
        else if (main!.IsCompleted)
            Finish(main);
        else if (open.Count == 0 && events.Waits == 0)
            Break(null, "the code has neither finished nor waits for a durable task: it awaits something else.", null);
    }

    private void Finish(Task<object?> finished)
    {
        var kind = next is not null && finished.IsCompletedSuccessfully ? EventKind.ContinuedAsNew : EventKind.Completed;
        Result = kind == EventKind.ContinuedAsNew ? InstanceStatus.Pending
            : finished.IsCompletedSuccessfully ? InstanceStatus.Completed : InstanceStatus.Failed;
        if (!replaying)
        {
            Serialize(finished);
            Effects.History.Write(kind, number: (long)Result, payload: Output ?? Failure);
            return;
        }

        var outcome = finished.IsFaulted ? $"failed with {finished.Exception!.InnerException!.Message}" : $"finished ({Result})";
        if (cursor >= past.Count)
            Break(past.Count, $"the history waits after event {past.Count}, but the code {outcome}.", null);
        else if (past[cursor] is var e && (e.Kind != kind || e.Number != (long)Result))
            Break(cursor + 1, $"event {cursor + 1} of the history is {e}, but the code {outcome}.", null);
        else
            cursor++;
    }

    private void Serialize(Task<object?> finished)
    {
        try
        {
            if (finished.IsCompletedSuccessfully) Output = next is null ? DurableJson.Serialize(finished.Result) : null;
            else Failure = DurableJson.Failure(finished.Exception?.InnerException ?? new TaskCanceledException("The orchestrator was cancelled."));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or NotSupportedException)
        {
            Result = InstanceStatus.Failed;
            Failure = DurableJson.Failure(e);
        }
    }
}

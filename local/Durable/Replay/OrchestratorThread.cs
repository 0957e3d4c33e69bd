using Microsoft.DurableTask;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>
/// Runs the continuations of one orchestrator one after another on the thread of its step. Whatever comes from another thread is kept out and
/// remembered:
/// the code awaited something that is not durable.
/// </summary>
internal sealed class OrchestratorThread : SynchronizationContext
{
    private readonly int owner = Environment.CurrentManagedThreadId;
    private readonly Queue<(SendOrPostCallback Callback, object? State)> queue = new();
    private volatile bool ended;

    /// <summary>Something that is not durable came back while the step was running.</summary>
    public bool ForeignAwait { get; private set; }

    public bool IsCurrent => !ended && Environment.CurrentManagedThreadId == owner;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsCurrent) queue.Enqueue((d, state));
        else ForeignAwait = true;
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("An orchestrator cannot be sent to.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs this in the orchestrator's context, and then all it set off, until nothing is left to run.</summary>
    public void Run(Action start)
    {
        SetSynchronizationContext(this);
        start();
        Drain();
    }

    /// <summary>Completes a task the orchestrator may wait for, then runs all that sets off.</summary>
    public void Complete(DurableWait wait, ReadOnlyMemory<byte>? payload)
    {
        // With no context here, continuations that gave theirs up (ConfigureAwait(false)) run at once on this thread instead of escaping to the pool.
        SetSynchronizationContext(null);
        wait.Complete(payload);
        Drain();
    }

    /// <inheritdoc cref="Complete"/>
    public void Fail(DurableWait wait, TaskFailureDetails details)
    {
        SetSynchronizationContext(null);
        wait.Fail(wait.ToException!(details));
        Drain();
    }

    public void End() => ended = true;

    private void Drain()
    {
        while (queue.TryDequeue(out var item))
        {
            SetSynchronizationContext(this);
            item.Callback(item.State);
        }
    }
}

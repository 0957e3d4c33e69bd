using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>A task that the orchestrator got and that has not completed yet.</summary>
internal abstract class DurableWait
{
    /// <summary>The stored message of a timer.</summary>
    public long Reference { get; init; }

    /// <summary>Turns details of a failure into what the orchestrator sees.</summary>
    public Func<TaskFailureDetails, Exception>? ToException { get; init; }

    public abstract void Complete(ReadOnlyMemory<byte>? payload);

    public abstract void Fail(Exception exception);

    public abstract void Cancel(CancellationToken token);
}

internal sealed class DurableWait<T> : DurableWait
{
    // Continuations run where the result is delivered: on the step's thread.
    private readonly TaskCompletionSource<T> source = new();

    public Task<T> Task => source.Task;

    public override void Complete(ReadOnlyMemory<byte>? payload)
    {
        T? result;
        try
        {
            result = typeof(T) == typeof(Nothing) ? default : ReadOnce.Read<T>(payload);
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or NotSupportedException)
        {
            source.TrySetException(e);
            return;
        }

        source.TrySetResult(result!);
    }

    public override void Fail(Exception exception) => source.TrySetException(exception);

    public override void Cancel(CancellationToken token) => source.TrySetCanceled(token);
}

/// <summary>The result of a task whose result nobody reads.</summary>
internal readonly struct Nothing;

/// <summary>External events by name: those that came and those that are waited for, both first in, first out.</summary>
internal sealed class EventInbox
{
    private readonly Dictionary<string, LinkedList<DurableWait>> waits = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Name, ReadOnlyMemory<byte>? Payload)> early = [];

    /// <summary>How many waits are open.</summary>
    public int Waits { get; private set; }

    /// <summary>Events that nobody has waited for yet, in the order they came.</summary>
    public IReadOnlyList<(string Name, ReadOnlyMemory<byte>? Payload)> Early => early;

    public bool TryTakeEarly(string name, out ReadOnlyMemory<byte>? payload)
    {
        var index = early.FindIndex(e => string.Equals(e.Name, name, StringComparison.OrdinalIgnoreCase));
        payload = index < 0 ? null : early[index].Payload;
        if (index >= 0) early.RemoveAt(index);
        return index >= 0;
    }

    public LinkedListNode<DurableWait> AddWait(string name, DurableWait wait)
    {
        if (!waits.TryGetValue(name, out var list)) waits.Add(name, list = new LinkedList<DurableWait>());
        Waits++;
        return list.AddLast(wait);
    }

    /// <summary>False where the wait is over already.</summary>
    public bool TryRemoveWait(LinkedListNode<DurableWait> node)
    {
        if (node.List is not { } list) return false;
        list.Remove(node);
        Waits--;
        return true;
    }

    /// <summary>The wait this event ends; null where it is kept for later.</summary>
    public DurableWait? Deliver(string name, ReadOnlyMemory<byte>? payload)
    {
        if (waits.TryGetValue(name, out var list) && list.First is { } first)
        {
            TryRemoveWait(first);
            return first.Value;
        }

        early.Add((name, payload));
        return null;
    }
}

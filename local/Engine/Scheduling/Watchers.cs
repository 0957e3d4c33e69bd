namespace IRFunctions.Local.Engine.Scheduling;

/// <summary>Who waits for an instance to change.</summary>
internal sealed class Watchers
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);

    /// <summary>Completes at the next change after this call.</summary>
    public Task NextChange(string id)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(id, out var next)) waiting.Add(id, next = new(TaskCreationOptions.RunContinuationsAsynchronously));
            return next.Task;
        }
    }

    public void Changed(string id)
    {
        TaskCompletionSource? next;
        lock (gate)
        {
            if (waiting.Count == 0 || !waiting.Remove(id, out next)) return;
        }
        next.SetResult();
    }
}

namespace IRFunctions.Local.Durable.Scheduling;

/// <summary>Wakes those who wait for an instance to change.</summary>
internal sealed class InstanceWatchers
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);

    /// <summary>Completes at the next change; ask before looking at the instance, so that no change is missed.</summary>
    public Task NextChange(string id)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(id, out var source))
                waiting.Add(id, source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            return source.Task;
        }
    }

    public void Changed(string id)
    {
        TaskCompletionSource? source;
        lock (gate)
        {
            if (waiting.Count == 0 || !waiting.Remove(id, out source)) return;
        }

        source.SetResult();
    }
}

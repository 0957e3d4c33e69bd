namespace IRFunctions.Local.Engine.Steps;

/// <summary>What came of a step, before it is stored.</summary>
internal sealed class StepResult(string instanceId)
{
    public StepCommit Commit { get; } = new() { InstanceId = instanceId };

    /// <summary>Messages that were not taken in yet.</summary>
    public IReadOnlyList<Message> Deferred { get; set; } = [];

    /// <summary>Timers that nobody waits for any more.</summary>
    public IReadOnlyList<Message> Cancelled { get; set; } = [];

    /// <summary>What is kept for the next step; null: nothing.</summary>
    public Session? Session { get; set; }
}

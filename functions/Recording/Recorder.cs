using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.Record;
using Microsoft.DurableTask;

namespace IRFunctions.Recording;

/// <summary>
/// Writes facts to chains from an orchestration, before the effects they describe (S11). Fact ids are the instance id and a count, so that
/// a replay or a retried activity writes nothing twice.
/// </summary>
internal class Recorder(TaskOrchestrationContext context, params IReadOnlyList<string> chains)
{
    private readonly List<AuditFact> pending = new(8);
    private int count;

    /// <summary>Facts written so far; an orchestration that continues as new goes on counting here.</summary>
    public int Count
    {
        get => count;
        init => count = value;
    }

    /// <summary>What every fact of this recorder is about; null where that is the alert as a whole.</summary>
    public About? About { get; init; }

    /// <summary>Notes a fact; it is written by the next <see cref="WriteAsync()"/>.</summary>
    /// <param name="about">What this fact is about, where that is not what all of them are about.</param>
    public Recorder Note(string kind, string text, string actor = "pipeline", object? data = null, About? about = null)
    {
        pending.Add(new AuditFact($"{context.InstanceId}-{++count}", kind, text, actor, AuditJson.Of(data, about ?? About)));
        return this;
    }

    /// <summary>Writes what was noted. Fails where the record cannot be written; then nothing after it happens.</summary>
    public async Task WriteAsync()
    {
        if (pending.Count == 0)
            return;
        AuditFact[] facts = [.. pending];
        pending.Clear();
        foreach (var chain in chains)
            await AppendAsync(context, chain, facts);
    }

    public Task WriteAsync(string kind, string text, string actor = "pipeline", object? data = null) =>
        Note(kind, text, actor, data).WriteAsync();

    /// <summary>What the facts of one decision are about.</summary>
    public static About AboutOf(string action, Target target) => new(action, target.Key, TextBounds.OneLine(target.Display, 120));

    /// <summary>The step that writes; one that has more to do with the same facts takes its place.</summary>
    protected virtual Task AppendAsync(TaskOrchestrationContext context, string chain, IReadOnlyList<AuditFact> facts) =>
        context.CallActivityAsync(nameof(RecordActivities.Record), new RecordInput(chain, facts), RetryPolicies.ForTheRecord);
}

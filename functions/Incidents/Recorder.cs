using IRFunctions.Audit;
using IRFunctions.Decisions;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>
/// Writes facts to an incident's chain from an orchestration, before the effects they describe (S11). Fact ids are the instance id and a count,
/// so that a replay or a retried activity writes nothing twice.
/// </summary>
internal sealed class Recorder(TaskOrchestrationContext context, params IReadOnlyList<string> chains)
{
    private readonly List<AuditFact> pending = [];

    /// <summary>What every fact of this recorder is about; null where that is the alert as a whole.</summary>
    public About? About { get; init; }

    private int count;

    /// <summary>Notes a fact; it is written by the next <see cref="WriteAsync()"/>.</summary>
    public Recorder Note(string kind, string text, string actor = "pipeline", object? data = null, About? about = null)
    {
        pending.Add(new AuditFact($"{context.InstanceId}-{++count}", kind, text, actor, AuditJson.Of(data, about ?? About)));
        return this;
    }

    /// <summary>Writes what was noted. Fails where the record cannot be written; then nothing after it happens.</summary>
    public async Task WriteAsync()
    {
        if (pending.Count == 0) return;
        AuditFact[] facts = [.. pending];
        pending.Clear();
        foreach (var chain in chains) await context.CallActivityAsync(nameof(Stages.Record), new RecordInput(chain, facts), Patience.ForTheRecord);
    }

    /// <summary>What the facts of one decision are about.</summary>
    public static About AboutOf(string action, Target target) => new(action, target.Key, Sentences.Short(target.Display, 120));

    public Task WriteAsync(string kind, string text, string actor = "pipeline", object? data = null) => Note(kind, text, actor, data).WriteAsync();
}

/// <summary>How long orchestrations try before they give a step to a person.</summary>
internal static class Patience
{
    /// <summary>The record must be written or nothing happens: about an hour of tries.</summary>
    public static readonly TaskOptions ForTheRecord = Retry(12, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));

    /// <summary>Reading and changing the tenant: six tries in about a minute; permanent faults end at once.</summary>
    public static readonly TaskOptions ForTheTenant = Retry(6, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30));

    /// <summary>Pages and tickets must get through: about half an hour of tries.</summary>
    public static readonly TaskOptions ForPeople = Retry(10, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5));

    private static TaskOptions Retry(int attempts, TimeSpan first, TimeSpan longest) =>
        TaskOptions.FromRetryPolicy(new RetryPolicy(attempts, first, 2.0, longest)
        {
            HandleFailure = failure => !failure.IsCausedBy<Safeguards.PermanentFaultException>(),
        });
}

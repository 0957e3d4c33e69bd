using System.Collections;
using IRFunctions.Audit;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>
/// Writes facts to an incident's chain from an orchestration, before the effects they describe (S11). Fact ids are the instance id and a count,
/// so that a replay or a retried activity writes nothing twice.
/// </summary>
internal sealed class Recorder(TaskOrchestrationContext context, params IReadOnlyList<string> chains)
{
    private readonly List<(string Kind, object Text, string Actor, object? Data)> pending = [];
    private int count;

    /// <summary>Notes a fact; it is written by the next <see cref="WriteAsync()"/>.</summary>
    /// <param name="data">Must not change afterwards: it is put into words only when it is written.</param>
    public Recorder Note(string kind, string text, string actor = "pipeline", object? data = null) => Add(kind, text, actor, data);

    /// <summary>Notes a fact whose words are found only when they are written, not on every replay.</summary>
    public Recorder Note(string kind, Func<string> text, string actor, Func<object> data) => Add(kind, text, actor, data);

    /// <summary>Writes what was noted. Fails where the record cannot be written; then nothing after it happens.</summary>
    public async Task WriteAsync()
    {
        if (pending.Count == 0) return;
        // Every chain and every retry gets the same facts; a replayed call, answered from history, never puts them into words.
        var facts = new Facts(context.InstanceId, count + 1, [.. pending]);
        count += pending.Count;
        pending.Clear();
        foreach (var chain in chains) await context.CallActivityAsync(nameof(Stages.Record), new RecordInput(chain, facts), Patience.ForTheRecord);
    }

    public Task WriteAsync(string kind, string text, string actor = "pipeline", object? data = null) => Note(kind, text, actor, data).WriteAsync();

    private Recorder Add(string kind, object text, string actor, object? data)
    {
        pending.Add((kind, text, actor, data));
        return this;
    }

    /// <summary>Facts that are put into words when they are read, which is when the activity's input is written down: most of a replay's work otherwise.</summary>
    private sealed class Facts(string instance, int first, (string Kind, object Text, string Actor, object? Data)[] noted) : IReadOnlyList<AuditFact>
    {
        private AuditFact[]? words;

        public int Count => noted.Length;

        public AuditFact this[int index] => Words[index];

        private AuditFact[] Words => words ??= [.. noted.Select((n, i) => Fact(first + i, n.Kind, n.Text, n.Actor, n.Data))];

        public IEnumerator<AuditFact> GetEnumerator() => ((IEnumerable<AuditFact>)Words).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private AuditFact Fact(int number, string kind, object text, string actor, object? data)
        {
            var details = data is Func<object> later ? later() : data;
            return new AuditFact($"{instance}-{number}", kind, text as string ?? ((Func<string>)text)(), actor, details is null ? null : AuditJson.Of(details));
        }
    }
}

/// <summary>How long orchestrations try before they give a step to a person.</summary>
internal static class Patience
{
    /// <summary>The record must be written or nothing happens: about an hour of tries.</summary>
    public static readonly TaskOptions ForTheRecord = Retry(12, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));

    /// <summary>
    /// Reading and changing the tenant: six tries in about a minute; permanent faults end at once. A throttled service is left alone for as long as it
    /// asks, by a durable timer, and such waits do not use the tries up.
    /// </summary>
    public static readonly TaskOptions ForTheTenant = new(TaskRetryOptions.FromRetryHandler((AsyncRetryHandler)WaitForTheTenantAsync));

    private const int TenantTries = 6;
    private const int ThrottledTries = 20;
    private static readonly TimeSpan FirstTenantWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestTenantWait = TimeSpan.FromSeconds(30);

    /// <summary>Pages and tickets must get through: about half an hour of tries.</summary>
    public static readonly TaskOptions ForPeople = Retry(10, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5));

    private static async Task<bool> WaitForTheTenantAsync(RetryContext retry)
    {
        if (retry.LastFailure.IsCausedBy<Safeguards.PermanentFaultException>()) return false;
        var asked = Safeguards.Throttling.WaitIn(retry.LastFailure.ErrorMessage);
        if (retry.LastAttemptNumber >= (asked is null ? TenantTries : ThrottledTries)) return false;
        var wait = asked ?? FirstTenantWait * Math.Pow(2, Math.Min(retry.LastAttemptNumber - 1, 10));
        await retry.OrchestrationContext.CreateTimer(asked is null && wait > LongestTenantWait ? LongestTenantWait : wait, CancellationToken.None);
        return true;
    }

    private static TaskOptions Retry(int attempts, TimeSpan first, TimeSpan longest) =>
        TaskOptions.FromRetryPolicy(new RetryPolicy(attempts, first, 2.0, longest)
        {
            HandleFailure = failure => !failure.IsCausedBy<Safeguards.PermanentFaultException>(),
        });
}

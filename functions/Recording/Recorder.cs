using System.Collections;
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
    private readonly List<Noted> pending = new(8);
    private int count;

    /// <summary>What every fact of this recorder is about; null where that is the alert as a whole.</summary>
    public About? About { get; init; }

    /// <summary>What people see once this is on the record; asked once a write, so that showing it needs no step of its own.</summary>
    public Func<ShownIncident>? Shown { get; init; }

    /// <summary>Notes a fact; it is written by the next <see cref="WriteAsync()"/>.</summary>
    /// <param name="data">Must not change afterwards: it is put into words only when it is written.</param>
    public Recorder Note(string kind, string text, string actor = "pipeline", object? data = null) => Add(kind, text, actor, data, About);

    /// <summary>Notes a fact whose words are found only when they are written, not on every replay.</summary>
    public Recorder Note(string kind, Func<string> text, string actor, Func<object> data, About? about = null) => Add(kind, text, actor, data, about ?? About);

    /// <summary>Writes what was noted. Fails where the record cannot be written; then nothing after it happens.</summary>
    public async Task WriteAsync()
    {
        if (pending.Count == 0) return;
        // Every chain and every retry gets the same facts; a replayed call, answered from history, never puts them into words.
        var facts = new Facts(context.InstanceId, count + 1, [.. pending]);
        count += pending.Count;
        pending.Clear();
        var shown = Shown?.Invoke();
        foreach (var chain in chains) await context.CallActivityAsync(nameof(AlertActivities.Record), new RecordInput(chain, facts, shown), RetryPolicies.ForTheRecord);
    }

    public Task WriteAsync(string kind, string text, string actor = "pipeline", object? data = null) => Note(kind, text, actor, data).WriteAsync();

    /// <summary>What the facts of one decision are about.</summary>
    public static About AboutOf(string action, Target target) => new(action, target.Key, IncidentText.Short(target.Display, 120));

    private Recorder Add(string kind, object text, string actor, object? data, About? about)
    {
        pending.Add(new Noted(kind, text, actor, data, about));
        return this;
    }

    private readonly record struct Noted(string Kind, object Text, string Actor, object? Data, About? About);

    /// <summary>Facts that are put into words when they are read, which is when the activity's input is written down: most of a replay's work otherwise.</summary>
    private sealed class Facts(string instance, int first, Noted[] noted) : IReadOnlyList<AuditFact>
    {
        private AuditFact[]? words;

        public int Count => noted.Length;

        public AuditFact this[int index] => Words[index];

        private AuditFact[] Words => words ??= [.. noted.Select((n, i) => Fact(first + i, n))];

        public IEnumerator<AuditFact> GetEnumerator() => ((IEnumerable<AuditFact>)Words).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private AuditFact Fact(int number, Noted noted)
        {
            var details = noted.Data is Func<object> later ? later() : noted.Data;
            return new AuditFact($"{instance}-{number}", noted.Kind, noted.Text as string ?? ((Func<string>)noted.Text)(), noted.Actor, AuditJson.Of(details, noted.About));
        }
    }
}

/// <summary>How long orchestrations try before they give a step to a person.</summary>
internal static class RetryPolicies
{
    /// <summary>The record must be written or nothing happens: about an hour of tries.</summary>
    public static readonly TaskOptions ForTheRecord = Retry(12, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));

    /// <summary>
    /// Reading and changing the tenant: six tries in about a minute; permanent faults end at once. A throttled service is left alone for as long as it
    /// asks, by a durable timer, and such waits do not use the tries up.
    /// </summary>
    public static readonly TaskOptions ForTheTenant = new(TaskRetryOptions.FromRetryHandler((AsyncRetryHandler)WaitForTheTenantAsync));

    private const int TenantTries = 6;
    private const int PeopleTries = 10;
    private const int ThrottledTries = 20;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestTenantWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWaitForPeople = TimeSpan.FromMinutes(5);

    /// <summary>An undo that fails pages before it tries again; a pager must not keep it from that.</summary>
    private static readonly TimeSpan LongestAskedByPager = TimeSpan.FromMinutes(3);

    /// <summary>Pages and tickets must get through: about half an hour of tries; a throttled pager is left alone for as long as it asks.</summary>
    public static readonly TaskOptions ForPeople = new(TaskRetryOptions.FromRetryHandler((AsyncRetryHandler)WaitForPeopleAsync));

    /// <summary>Cards and pages of one rung: three tries in about five seconds; then it is better to ask the next rung.</summary>
    public static readonly TaskOptions ForAsking = Retry(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4));

    private static Task<bool> WaitForTheTenantAsync(RetryContext retry) => WaitAsync(retry, TenantTries, LongestTenantWait, ThrottledTries, TimeSpan.MaxValue);

    private static Task<bool> WaitForPeopleAsync(RetryContext retry) => WaitAsync(retry, PeopleTries, LongestWaitForPeople, PeopleTries, LongestAskedByPager);

    /// <summary>Waits before another try: ever longer by itself, or as long as it was asked to; false where it is given up.</summary>
    private static async Task<bool> WaitAsync(RetryContext retry, int tries, TimeSpan longest, int triesAsked, TimeSpan longestAsked)
    {
        if (retry.LastFailure.IsCausedBy<Safeguards.PermanentFaultException>()) return false;
        var asked = Safeguards.Throttling.WaitIn(retry.LastFailure.ErrorMessage);
        if (retry.LastAttemptNumber >= (asked is null ? tries : triesAsked)) return false;
        var wait = asked ?? FirstWait * Math.Pow(2, Math.Min(retry.LastAttemptNumber - 1, 10));
        var most = asked is null ? longest : longestAsked;
        await retry.OrchestrationContext.CreateTimer(wait < most ? wait : most, CancellationToken.None);
        return true;
    }

    private static TaskOptions Retry(int attempts, TimeSpan first, TimeSpan longest) =>
        TaskOptions.FromRetryPolicy(new RetryPolicy(attempts, first, 2.0, longest)
        {
            HandleFailure = failure => !failure.IsCausedBy<Safeguards.PermanentFaultException>(),
        });
}

using System.Text.Json.Serialization;
using IRFunctions.Alerts;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Incidents;

/// <summary>An alert arriving at its incident.</summary>
/// <param name="AlertKey">Derived from tenant and alert id; the same alert always has the same.</param>
/// <param name="PolicyHash">The policy in force now; only the first alert's counts.</param>
/// <param name="Message">Which message brought it: a redelivery of the same message is no second arrival.</param>
public sealed record Arrival(string AlertKey, Alert Alert, string PolicyHash, string Message)
{
    /// <summary>
    /// The message tells where an incident stands; its alerts come in messages of their own, so that an open one starts nothing.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool LifeOnly { get; init; }
}

/// <summary>How the claim on a containment stands.</summary>
/// <param name="Times">How often it was claimed; grows, so that no two claims are taken for one.</param>
/// <param name="Held">In an answer: by another alert of the incident.</param>
public sealed record ContainmentClaim(int Times, bool Held);

/// <param name="Times">To claim: the claim whose hold was seen to have ended, 0 for none. To give back: the caller's own.</param>
public sealed record ClaimInput(string Containment, int Times);

/// <summary>An alert wants to ask for or do these.</summary>
/// <param name="Number">The alert's number.</param>
public sealed record ClaimRequest(int Number, IReadOnlyList<ClaimInput> Wanted);

/// <param name="Claims">In the order of what was wanted.</param>
/// <param name="Closed">
/// Where the alert stands, where its source closed it since it came: then nothing is given; null where it is open.
/// </param>
public sealed record ClaimAnswer(IReadOnlyList<ContainmentClaim> Claims, SourceState? Closed);

/// <summary>Memory of one incident's arrivals.</summary>
public sealed record RegisterState
{
    public string PolicyHash { get; init; } = "";

    /// <summary>How often each version of each alert arrived, by its key; more than once are duplicates (S10).</summary>
    public Dictionary<string, int> Arrivals { get; init; } = [];

    /// <summary>Each alert as it came last, by alert key.</summary>
    public Dictionary<string, KnownAlert> Known { get; init; } = [];

    /// <summary>Where the incident stands since its source closed it as a whole; null while it is open.</summary>
    public SourceState? Closed { get; init; }

    /// <summary>The alerts up to this number are closed with the incident.</summary>
    public int ClosedThrough { get; init; }

    /// <summary>Keys of incidents that the source merged into this one: what they ask for or hold is this one's, too.</summary>
    public List<string> Merged { get; init; } = [];

    /// <summary>The messages that arrived lately, newest last: others may come between a message and its redelivery.</summary>
    public List<string> RecentMessages { get; init; } = [];

    /// <summary>Containments that an alert of this incident asks for or holds, by key.</summary>
    public Dictionary<string, ContainmentClaim> Claims { get; init; } = [];
}

/// <summary>
/// `IncidentRegister@incident-{hash}`: the one door of an incident. Starting twice joins: the same message is counted as a duplicate; a new
/// alert, and news about a known one, get an AlertOrchestrator of their own under the policy the incident opened with. Being an entity, it
/// loses and doubles nothing however alerts race.
/// </summary>
public sealed class IncidentRegister : TaskEntity<RegisterState>
{
    private const int MaxRecentMessages = 64; // more than a host works on at once; bounds the state

    [Function(nameof(IncidentRegister))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<IncidentRegister>();

    public static EntityInstanceId For(string incident) => new(nameof(IncidentRegister), incident);

    public void Arrive(Arrival arrival)
    {
        if (State.RecentMessages.Contains(arrival.Message))
            return;
        State.RecentMessages.Add(arrival.Message);
        if (State.RecentMessages.Count > MaxRecentMessages)
            State.RecentMessages.RemoveAt(0);
        var alert = arrival.Alert;
        var key = Correlation.AlertKey(alert);
        var now = KnownAlert.Of(alert, State.Arrivals.Count + 1);
        var seen = State.Arrivals.ContainsKey(arrival.AlertKey);
        var known = State.Known.GetValueOrDefault(key);
        if (arrival.LifeOnly && known is null && !alert.Source.IsClosed && alert.Source.Status != SourceStatus.Redirected)
        {
            State.Known[key] = now with { Number = 0, Versions = [] };
            return;
        }
        var news = known?.Judge(now, seen);
        if (seen && news is null or { Kind: NewsKind.Duplicate })
        {
            State.Arrivals[arrival.AlertKey] = State.Arrivals.GetValueOrDefault(arrival.AlertKey) + 1;
            return;
        }
        // One that was here before it was closed is a version of its own when it comes back.
        State.Arrivals.Add(seen ? $"{arrival.AlertKey}-again-{now.Number}" : arrival.AlertKey, 1);
        if (news is not { Kind: NewsKind.Late or NewsKind.LateAfterClosing })
            Remember(key, alert, known is null ? now : known.With(now));
        Begin(alert, now.Number, news, arrival.PolicyHash);
    }

    private void Remember(string key, Alert alert, KnownAlert now)
    {
        State.Known[key] = now;
        if (alert.Source.Status == SourceStatus.Redirected && alert.IncidentId is { } survivor && survivor != alert.Id)
        {
            var merged = Correlation.IncidentKey(alert with { IncidentId = alert.Id });
            if (!State.Merged.Contains(merged))
                State.Merged.Add(merged);
        }
        else if (alert.IsIncident)
        {
            State = alert.Source.IsClosed
                ? State with
                {
                    Closed = alert.Source,
                    ClosedThrough = now.Number,
                }
                : State with
                {
                    Closed = null,
                    ClosedThrough = 0,
                };
        }
    }

    private void Begin(Alert alert, int number, AlertNews? news, string policy)
    {
        if (State.PolicyHash.Length == 0)
            State = State with { PolicyHash = policy };
        var incident = Context.Id.Key;
        Context.ScheduleNewOrchestration(
            nameof(AlertOrchestrator),
            new IncidentAlert(incident, number, alert, State.PolicyHash) { News = news },
            new StartOrchestrationOptions(InstanceOf(incident, number))
        );
    }

    /// <summary>
    /// Each of these belongs to the caller where no other alert of this incident asks for it or holds it; for the rest, how it stands.
    /// Whoever saw that the hold behind a claim has ended says so, and takes it over.
    /// </summary>
    public ClaimAnswer Claim(ClaimRequest request)
    {
        if (ClosedSince(request.Number) is { } closed)
            return new ClaimAnswer([.. request.Wanted.Select(w => new ContainmentClaim(w.Times, true))], closed);
        var answers = new List<ContainmentClaim>();
        foreach (var (containment, ended) in request.Wanted)
        {
            var claim = State.Claims.GetValueOrDefault(containment) ?? new ContainmentClaim(0, false);
            var free = !claim.Held || claim.Times == ended;
            if (free)
                State.Claims[containment] = new ContainmentClaim(claim.Times + 1, true);
            answers.Add(new ContainmentClaim(free ? claim.Times + 1 : claim.Times, !free));
        }
        return new ClaimAnswer(answers, null);
    }

    /// <summary>Where an alert stands, where its source closed it, or its incident, after it came with this number.</summary>
    private SourceState? ClosedSince(int number)
    {
        if (number <= State.ClosedThrough)
            return State.Closed;
        // Nobody else has the number, so that a later version of the same alert is found by its own.
        return State.Known.Values.FirstOrDefault(k => k.Source.IsClosed && k.Versions.Contains(number))?.Source;
    }

    /// <summary>What was asked for ended without a hold: the next alert asks anew.</summary>
    public void Unclaim(ClaimInput claim)
    {
        if (State.Claims.TryGetValue(claim.Containment, out var held) && held.Times == claim.Times)
            State.Claims[claim.Containment] = held with { Held = false };
    }

    protected override RegisterState InitializeState(TaskEntityOperation entityOperation) => new();

    /// <summary>Instance id of an incident's n-th distinct alert: the incident's key itself for the first.</summary>
    public static string InstanceOf(string incident, int number) => number == 1 ? incident : $"{incident}-{number}";
}

using IRFunctions.Alerts;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Incidents;

/// <summary>An alert arriving at its incident.</summary>
/// <param name="AlertKey">Derived from tenant and alert id; the same alert always has the same.</param>
/// <param name="PolicyHash">The policy in force now; only the first alert's counts.</param>
/// <param name="Message">Which message brought it: a redelivery of the same message is no second arrival.</param>
public sealed record Arrival(string AlertKey, Alert Alert, string PolicyHash, string Message);

/// <summary>How the claim on a containment stands.</summary>
/// <param name="Times">How often it was claimed; grows, so that no two claims are taken for one.</param>
/// <param name="Held">In an answer: by another alert of the incident.</param>
public sealed record ContainmentClaim(int Times, bool Held);

/// <param name="Times">To claim: the claim whose hold was seen to have ended, 0 for none. To give back: the caller's own.</param>
public sealed record ClaimInput(string Containment, int Times);

/// <summary>Memory of one incident's arrivals.</summary>
public sealed record RegisterState
{
    public string PolicyHash { get; init; } = "";

    /// <summary>How often each alert arrived, by alert key; more than once are duplicates (S10).</summary>
    public Dictionary<string, int> Arrivals { get; init; } = [];

    /// <summary>The messages that arrived lately, newest last: others may come between a message and its redelivery.</summary>
    public List<string> RecentMessages { get; init; } = [];

    /// <summary>Containments that an alert of this incident asks for or holds, by key.</summary>
    public Dictionary<string, ContainmentClaim> Claims { get; init; } = [];
}

/// <summary>
/// `IncidentRegister@incident-{hash}`: the one door of an incident. Starting twice joins: an alert that was here is counted as a duplicate,
/// a new one gets its own AlertOrchestrator under the policy the incident opened with. Being an entity, it loses and doubles nothing
/// however alerts race.
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
        var times = State.Arrivals.GetValueOrDefault(arrival.AlertKey) + 1;
        State.Arrivals[arrival.AlertKey] = times;
        if (times > 1)
            return;
        if (State.PolicyHash.Length == 0)
            State = State with { PolicyHash = arrival.PolicyHash };
        var incident = Context.Id.Key;
        var number = State.Arrivals.Count;
        Context.ScheduleNewOrchestration(
            nameof(AlertOrchestrator),
            new IncidentAlert(incident, number, arrival.Alert, State.PolicyHash),
            new StartOrchestrationOptions(InstanceOf(incident, number))
        );
    }

    /// <summary>
    /// Each of these belongs to the caller where no other alert of this incident asks for it or holds it; for the rest, how it stands.
    /// Whoever saw that the hold behind a claim has ended says so, and takes it over.
    /// </summary>
    public ContainmentClaim[] Claim(ClaimInput[] wanted)
    {
        var answers = new List<ContainmentClaim>();
        foreach (var (containment, ended) in wanted)
        {
            var claim = State.Claims.GetValueOrDefault(containment) ?? new ContainmentClaim(0, false);
            var free = !claim.Held || claim.Times == ended;
            if (free)
                State.Claims[containment] = new ContainmentClaim(claim.Times + 1, true);
            answers.Add(new ContainmentClaim(free ? claim.Times + 1 : claim.Times, !free));
        }
        return [.. answers];
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

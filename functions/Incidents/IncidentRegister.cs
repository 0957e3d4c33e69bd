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

/// <summary>Memory of one incident's arrivals.</summary>
public sealed record RegisterState
{
    public string PolicyHash { get; init; } = "";

    /// <summary>How often each alert arrived, by alert key; more than once are duplicates (S10).</summary>
    public Dictionary<string, int> Arrivals { get; init; } = [];

    /// <summary>The messages that arrived lately, newest last: others may come between a message and its redelivery.</summary>
    public List<string> RecentMessages { get; init; } = [];

    /// <summary>Containments some alert of this incident has asked for.</summary>
    public HashSet<string> Claims { get; init; } = [];
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

    /// <summary>Which of these nobody in this incident has asked for before; they now belong to the caller.</summary>
    public string[] Claim(string[] containments) => [.. containments.Where(State.Claims.Add)];

    protected override RegisterState InitializeState(TaskEntityOperation entityOperation) => new();

    /// <summary>Instance id of an incident's n-th distinct alert: the incident's key itself for the first.</summary>
    public static string InstanceOf(string incident, int number) => number == 1 ? incident : $"{incident}-{number}";
}

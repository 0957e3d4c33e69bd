using IRFunctions.Alerts;
using IRFunctions.Assessment;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.PolicyVersions;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Incidents;

/// <summary>Input of Classify.</summary>
public sealed record ClassifyInput(Alert Alert, string PolicyHash);

/// <summary>Input of Decide.</summary>
public sealed record DecideInput(string Incident, Alert Alert, AlertAssessment Assessment, string PolicyHash);

/// <summary>Input of RecordIncident.</summary>
/// <param name="Shown">What people see of the incident once this is on the record.</param>
public sealed record RecordIncidentInput(string Chain, IReadOnlyList<AuditFact> Facts, ShownIncident Shown);

/// <summary>The activities that join the stages: each calls one stage and returns its facts. None decides anything itself.</summary>
public sealed partial class AlertActivities(
    Classifier classifier,
    ContextGatherer contexts,
    IncidentMemory memory,
    FactsGatherer facts,
    PolicyArchive policies,
    AuditChain audit,
    IncidentTable incidents,
    OnCall onCall,
    ILogger<AlertActivities> log
)
{
    [Function(nameof(Classify))]
    public async Task<AlertAssessment> Classify(
        [ActivityTrigger] ClassifyInput input,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var policy = await policies.FindAsync(input.PolicyHash, cancellation);
        if (input.Alert.Shape == AlertShape.CircuitBreaker)
            return QuarantinePlaybook.Assess(input.Alert, policy);
        var context = await contexts.GatherAsync(input.Alert, policy, client, cancellation);
        var assessment = await classifier.AssessAsync(input.Alert, AllowedActions.Of(policy), context, cancellation);
        try
        {
            await memory.KeepAsync(input.Alert, assessment, cancellation);
        }
        catch (Azure.RequestFailedException)
        {
            // A hint that is lost; the record, which must not be, is written by another step.
        }
        return assessment;
    }

    [Function(nameof(Decide))]
    public async Task<ContainmentOrder[]> Decide(
        [ActivityTrigger] DecideInput input,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var policy = await policies.FindAsync(input.PolicyHash, cancellation);
        var known = await facts.GatherAsync(input.Alert, input.Assessment, policy, client, cancellation, input.Incident);
        var (approvers, problem) = await onCall.FromGroupsAsync(policy, cancellation);
        known = known with { Approvers = approvers };
        // Who the approvers are is not known: any account could be one, so each is a doubt and a person decides (S9, S12).
        if (problem is not null)
            known = known with
            {
                Identities = known.Identities.ToDictionary(i => i.Key, i => i.Value with { Failed = i.Value.Failed ?? problem }),
            };
        var decisions = Decider.Decide(input.Alert, input.Assessment, known, policy);
        return [.. decisions.Select(d => ActionPlan.Of(d, input.Incident, input.Alert, policy, known))];
    }

    /// <summary>Writes to the record and then shows how the incident stands; idempotent by fact id.</summary>
    /// <exception cref="InvalidOperationException">There is nothing to write.</exception>
    [Function(nameof(RecordIncident))]
    public async Task RecordIncident([ActivityTrigger] RecordIncidentInput input, CancellationToken cancellation)
    {
        RecordActivities.RequireFacts(input.Chain, input.Facts);
        await audit.AppendAsync(input.Chain, input.Facts, cancellation);
        try
        {
            await incidents.KeepAsync(input.Shown, cancellation);
        }
        catch (Azure.RequestFailedException e)
        {
            // What people see of it comes with the next change; a response does not wait for that.
            LogNotShown(input.Shown.View.Incident, e);
        }
    }

    /// <summary>Shows how an incident stands.</summary>
    [Function(nameof(ShowIncident))]
    public Task ShowIncident([ActivityTrigger] ShownIncident shown, CancellationToken cancellation) =>
        incidents.KeepAsync(shown, cancellation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What people see of {Incident} could not be kept; the next change tries again")]
    private partial void LogNotShown(string incident, Exception cause);
}

using IRFunctions.Durable;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>Writes an incident's facts and shows how it stands in the same step, so that showing needs none of its own.</summary>
internal sealed class IncidentRecorder(TaskOrchestrationContext context, string incident, Func<ShownIncident> shown)
    : Recorder(context, incident)
{
    protected override Task AppendAsync(TaskOrchestrationContext context, string chain, IReadOnlyList<AuditFact> facts) =>
        context.CallActivityAsync<bool>(
            nameof(AlertActivities.RecordIncident),
            new RecordIncidentInput(chain, facts, shown()),
            RetryPolicies.ForTheRecord
        );
}

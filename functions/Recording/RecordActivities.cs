using IRFunctions.Record;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Recording;

/// <summary>The activity by which orchestrations write to the record.</summary>
public sealed class RecordActivities(AuditChain audit, OutcomeQueue outcomes)
{
    /// <summary>Writes to the record; idempotent by fact id.</summary>
    /// <exception cref="InvalidOperationException">There is nothing to write: a recorder that lost its facts must not let the effect happen
    /// (S11).</exception>
    [Function(nameof(Record))]
    public async Task Record([ActivityTrigger] RecordInput input, CancellationToken cancellation)
    {
        RequireFacts(input.Chain, input.Facts);
        await audit.AppendAsync(input.Chain, input.Facts, cancellation);
        await outcomes.AddAsync(input.Chain, input.Facts, cancellation);
    }

    /// <summary>Refuses a write that would say nothing.</summary>
    internal static void RequireFacts(string chain, IReadOnlyList<AuditFact> facts)
    {
        if (chain.Length == 0 || facts.Count == 0)
            throw new InvalidOperationException("a record without chain or facts; nothing was written");
    }
}

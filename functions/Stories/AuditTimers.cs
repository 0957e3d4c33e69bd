using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Stories;

/// <summary>Seals the record by the clock, and pages where it no longer holds what was sealed.</summary>
public sealed class AuditTimers(Checkpointer checkpointer, Pager pager)
{
    /// <summary>Every five minutes: what changed goes into a signed checkpoint.</summary>
    [Function("SealRecord")]
    public async Task SealAsync([TimerTrigger("0 */5 * * * *")] TimerInfo timer, CancellationToken cancellation) =>
        await TellAsync((await checkpointer.RunAsync(cancellation)).Findings, cancellation);

    /// <summary>Every night: chains that nobody wrote to since are compared with what was sealed.</summary>
    [Function("SweepRecord")]
    public async Task SweepAsync([TimerTrigger("0 30 2 * * *")] TimerInfo timer, CancellationToken cancellation) =>
        await TellAsync(await checkpointer.SweepAsync(cancellation), cancellation);

    private async Task TellAsync(IReadOnlyList<Finding> findings, CancellationToken cancellation)
    {
        foreach (var finding in findings)
            await pager.PageAsync(
                $"record-{RecordIndex.Digest(finding.Attack + finding.Where)}",
                $"THE RECORD WAS CHANGED: {finding}",
                PageSeverity.Critical,
                cancellation
            );
    }
}

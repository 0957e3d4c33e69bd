using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Containment.Actions;

/// <summary>Tells an analyst: a page, and a note in a Teams channel where Teams__Notifications names one. Nothing to undo.</summary>
public sealed class SendAnalystNotification(Pager pager, TeamsNotes notes) : IContainmentAction
{
    public ActionCapability Capability { get; } = new("send_analyst_notification", "alert", Reversible: false);

    public string Permission => "access to the pager; the bot installed in the team of Teams__Notifications";

    public string Captures => "nothing";

    public string Through => "pager (PagerDuty Events v2 form) and Teams";

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new Estimate(0, "nobody"));

    public Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new PriorState { AlreadySo = false, Summary = "nobody was told yet" });

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var rings = await pager.PageAsync(
            order.Id,
            $"{order.Title}: {order.Note}",
            PageSeverity.Warning,
            cancellation,
            PageKind.Notification
        );
        if (!rings)
            return "the analyst on call was told in the page about many at once, which rang before";
        // After the page, whose key makes it one page however often this runs. Teams knows no such key: after a crash the note may stand
        // there twice.
        var problem = await notes.TryPostAsync(order.Title, order.Note, cancellation);
        return problem is null ? "the analyst on call was notified" : $"the analyst on call was paged; the note in Teams failed: {problem}";
    }

    /// <summary>The pager's acceptance is all there is; it cannot be read back.</summary>
    public Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation) => Task.FromResult<bool?>(null);

    public Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation) =>
        Task.FromResult(new RollbackReport(false, "a notification cannot be taken back"));
}

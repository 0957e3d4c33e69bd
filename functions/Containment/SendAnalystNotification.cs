using IRFunctions.Approvals;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Containment;

/// <summary>Tells an analyst. Nothing to undo.</summary>
public sealed class SendAnalystNotification(Pager pager) : IContainmentAction
{
    public ActionCapability Capability { get; } = new("send_analyst_notification", "alert", Reversible: false);

    public string Permission => "access to the pager";

    public string Captures => "nothing";

    public string Through => "pager (PagerDuty Events v2 form)";

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new Estimate(0, "nobody"));

    public Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new PriorState { AlreadySo = false, Summary = "nobody was told yet" });

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        await pager.PageAsync(order.Id, $"{order.Title}: {order.Note}", "warning", cancellation);
        return "the analyst on call was notified";
    }

    /// <summary>The pager's acceptance is all there is; it cannot be read back.</summary>
    public Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation) => Task.FromResult<bool?>(null);

    public Task<UndoReport> UndoAsync(UndoOrder order, CancellationToken cancellation) =>
        Task.FromResult(new UndoReport(false, "a notification cannot be taken back"));
}

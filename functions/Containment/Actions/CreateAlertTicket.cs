using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Containment.Actions;

/// <summary>Opens a ticket for an analyst. Nothing to undo: a ticket is closed by people.</summary>
public sealed class CreateAlertTicket(Tickets tickets) : IContainmentAction
{
    public ActionCapability Capability { get; } = new("create_alert_ticket", "alert", Reversible: false);

    public string Permission => "access to the ticket system";

    public string Captures => "nothing";

    public string Through => "ticket system";

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new Estimate(0, "nobody"));

    public Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new PriorState { AlreadySo = false, Summary = "no ticket yet" });

    public Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation) =>
        tickets.OpenAsync(order.Id, order.Title, order.Note, order.Incident, order.Decision.Target.Id, cancellation);

    /// <summary>The ticket id in its answer is all the contract gives; it cannot be read back.</summary>
    public Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation) => Task.FromResult<bool?>(null);

    public Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation) =>
        Task.FromResult(new RollbackReport(false, "a ticket is closed by people, not undone"));
}

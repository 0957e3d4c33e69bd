using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Containment.Actions;

/// <summary>What a step of a quarantine changes at the connector: one aspect of a workload, to one state.</summary>
/// <param name="Name">Action of the tier map.</param>
/// <param name="Aspect">What is changed, in the words of docs/connector.md.</param>
/// <param name="State">The state it is to have.</param>
/// <param name="Command">OpenC2 action.</param>
/// <param name="Reversible">Whether `restore` brings the former state back.</param>
/// <param name="Done">What was done, about a workload: "{name} {Done}".</param>
/// <param name="Undone">What was undone; empty where nothing is.</param>
public sealed record WorkloadChange(string Name, string Aspect, string State, string Command, bool Reversible, string Done, string Undone);

/// <summary>
/// A step of the quarantine of an agent or workload, through the connector. Each action is a file of its own that says what it changes.
/// </summary>
public abstract class WorkloadAction(Connector connector, WorkloadChange change) : IContainmentAction
{
    public ActionCapability Capability { get; } = new(change.Name, "workload", change.Reversible);

    public string Permission => Connector.Permission;

    public string Captures => $"the {change.Aspect} of the workload, as the receiver calls its state";

    public string Through => "connector";

    public bool KnowsItsOwn => true;

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new Estimate(null, $"whoever depends on {order.Decision.Target.Display}; the connector cannot tell who that is"));

    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var now = await ReadAsync(order.Decision.Target, cancellation);
        return new PriorState
        {
            // Credentials made since the last time are new ones, and evidence is never enough.
            AlreadySo = change.Reversible && now.State == change.State,
            Summary = $"the {change.Aspect} of {order.Decision.Target.Display} was {now.State}",
            Value = JsonSerializer.Serialize(now with { HeldBy = Connector.HolderOf(order.Decision) }),
        };
    }

    public Task<string> ProbeAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation) =>
        change.Reversible
            ? connector.ProbeAsync(Aspect(order.Decision.Target), cancellation)
            : Task.FromResult("there is no reverse to probe");

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        await connector.DoAsync(
            $"{change.Name} on {target.Display}",
            change.Command,
            OpenC2.WorkloadAspect(target, change.Aspect, change.State),
            order,
            prior,
            cancellation
        );
        return $"{target.Display} {change.Done}";
    }

    public async Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation)
    {
        if ((await ReadAsync(target, cancellation)).State != change.State)
            return false;
        // Evidence that was kept and credentials that were revoked for an earlier incident read the same: then reading proves nothing.
        return change.Reversible || JsonSerializer.Deserialize<ConnectorState>(prior.Value!)!.State != change.State ? true : null;
    }

    public async Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation)
    {
        if (!change.Reversible)
            return new RollbackReport(false, $"{change.Name} has no inverse; nothing was changed");
        var prior = JsonSerializer.Deserialize<ConnectorState>(order.Prior.Value!)!;
        // The receiver compares and swaps, and answers a repeated restore as it did the first.
        if (
            await connector.RestoreAsync(
                $"undoing {change.Name} on {order.Target.Display}",
                Aspect(order.Target),
                prior,
                order,
                cancellation
            )
            is null
        )
            return new RollbackReport(
                false,
                $"the {change.Aspect} of {order.Target.Display} was changed by someone else meanwhile; nothing was changed"
            );
        var after = await ReadAsync(order.Target, cancellation);
        if (after.State != prior.State)
            throw new TransientFaultException($"the {change.Aspect} of {order.Target.Display} still reads {after.State}");
        return new RollbackReport(true, $"{order.Target.Display} {change.Undone}");
    }

    private Task<ConnectorState> ReadAsync(Target target, CancellationToken cancellation) =>
        connector.ReadAsync($"the {change.Aspect} of {target.Display}", Aspect(target), cancellation);

    private JsonObject Aspect(Target target) => OpenC2.WorkloadAspect(target, change.Aspect);
}

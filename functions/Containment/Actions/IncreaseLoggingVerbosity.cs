using System.Text.Json;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Containment.Actions;

/// <summary>
/// Makes a host log more, through the connector, so that what happens next can be read later. Undo sets the former level.
/// </summary>
public sealed class IncreaseLoggingVerbosity(Connector connector) : IContainmentAction
{
    private const string Level = "verbose";

    public ActionCapability Capability { get; } = new("increase_logging_verbosity", "host", Reversible: true);

    public string Permission => Connector.Permission;

    public string Captures => "the log level, as the receiver calls it";

    public string Through => "connector";

    public bool KnowsItsOwn => true;

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new Estimate(0, "nobody: logs cost storage while it lasts"));

    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var now = await ReadAsync(order.Decision.Target, cancellation);
        return new PriorState
        {
            AlreadySo = now.State == Level,
            Summary = $"{order.Decision.Target.Display} logged at level {now.State}",
            Value = JsonSerializer.Serialize(now with { HeldBy = Connector.HolderOf(order.Decision) }),
        };
    }

    public Task<string> ProbeAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation) =>
        connector.ProbeAsync(OpenC2.Logging(order.Decision.Target), cancellation);

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        var now = await connector.DoAsync(
            $"raising the log level of {target.Display}",
            "set",
            OpenC2.Logging(target, Level),
            order,
            prior,
            cancellation
        );
        return $"{target.Display} logs at level {now.State}";
    }

    public async Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation) =>
        (await ReadAsync(target, cancellation)).State == Level;

    public async Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation)
    {
        var prior = JsonSerializer.Deserialize<ConnectorState>(order.Prior.Value!)!;
        // The receiver compares and swaps, and answers a repeated restore as it did the first.
        if (
            await connector.RestoreAsync(
                $"restoring the log level of {order.Target.Display}",
                OpenC2.Logging(order.Target),
                prior,
                order,
                cancellation
            )
            is null
        )
            return new RollbackReport(
                false,
                $"the log level of {order.Target.Display} was changed by someone else meanwhile; nothing was changed"
            );
        var after = await ReadAsync(order.Target, cancellation);
        if (after.State != prior.State)
            throw new TransientFaultException($"the log level of {order.Target.Display} still reads {after.State}");
        return new RollbackReport(true, $"{order.Target.Display} logs at level {after.State} again");
    }

    private Task<ConnectorState> ReadAsync(Target target, CancellationToken cancellation) =>
        connector.ReadAsync($"the log level of {target.Display}", OpenC2.Logging(target), cancellation);
}

using System.Net;
using System.Text.Json;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Containment.Actions;

/// <summary>Which way an address is blocked.</summary>
/// <param name="NamedLocation">Id of the named location that a Conditional Access policy blocks; null where the connector's firewall is
/// told.</param>
public sealed record FirewallPlace(string? NamedLocation);

/// <summary>
/// Blocks one address: as a range of a Conditional Access named location where Firewall__NamedLocation is set (sign-ins only), otherwise at
/// the firewall behind the connector (all traffic). Undo takes our own block off again.
/// </summary>
public sealed class BlockIpAtFirewall(NamedLocations locations, Connector connector, FirewallPlace place) : IContainmentAction
{
    private const string Denied = "denied";
    private const string LocationKey = "named-location:";

    public ActionCapability Capability { get; } = new("block_ip_at_firewall", "ip", Reversible: true);

    /// <remarks>
    /// Graph's permission map names Policy.Read.All for writing, which its own reference contradicts; the reference counts (decision 0015).
    /// </remarks>
    public string Permission => $"{NamedLocations.Permission} (named location) or {Connector.Permission}";

    public string Captures => "whether the address was blocked";

    public string Through => "Microsoft Graph (Conditional Access named location) or connector";

    public bool KnowsItsOwn => place.NamedLocation is null;

    /// <summary>Nobody can say who sits behind an address; what can be said is whether it is one of our own.</summary>
    public async Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var id = order.Decision.Target.Id;
        if (await TrustedAsync(id, cancellation) is { } trusted)
            return new Estimate(null, $"everyone at \"{trusted}\": {id} is inside a trusted named location");
        return new Estimate(
            null,
            place.NamedLocation is null
                ? $"everyone behind {id}, for all traffic; it is in no trusted named location"
                : $"everyone who signs in from {id}; it is in no trusted named location"
        );
    }

    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        var trusted = await TrustedAsync(target.Id, cancellation);
        var now = place.NamedLocation is { } location
            ? new ConnectorState(await locations.HoldsAsync(location, target.Id, cancellation) ? Denied : "normal", null)
            : await ReadAsync(target, cancellation);
        return new PriorState
        {
            AlreadySo = now.State == Denied,
            Summary = now.State == Denied ? $"{target.Id} was blocked already" : $"{target.Id} was not blocked",
            Refusal = trusted is null
                ? null
                : $"{target.Id} is inside the trusted named location \"{trusted}\": blocking it would lock our own people out",
            Value = JsonSerializer.Serialize(now with { HeldBy = Connector.HolderOf(order.Decision) }),
            // A named location is read and written as a whole; two at once would lose one of them.
            Shared = place.NamedLocation is { } id ? LocationKey + id : null,
        };
    }

    public Task<string> ProbeAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation) =>
        place.NamedLocation is null
            ? connector.ProbeAsync(OpenC2.Address(order.Decision.Target), cancellation)
            : locations.ProbeAsync(cancellation);

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        if (LocationOf(prior) is { } location)
        {
            await locations.AddAsync(location, target.Id, cancellation);
            return $"sign-ins from {target.Id} are blocked";
        }
        await connector.DoAsync($"blocking {target.Id}", "deny", OpenC2.Address(target), order, prior, cancellation);
        return $"traffic from {target.Id} is blocked";
    }

    public async Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation) =>
        LocationOf(prior) is { } location
            ? await locations.HoldsAsync(location, target.Id, cancellation)
            : (await ReadAsync(target, cancellation)).State == Denied;

    public async Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation)
    {
        var id = order.Target.Id;
        if (LocationOf(order.Prior) is { } location)
        {
            if (!await locations.RemoveAsync(location, id, cancellation))
                return new RollbackReport(false, $"{id} is not blocked any more; nothing of ours was left to undo");
        }
        else
        {
            // The receiver compares and swaps, and answers a repeated restore as it did the first.
            var prior = JsonSerializer.Deserialize<ConnectorState>(order.Prior.Value!)!;
            if (await connector.RestoreAsync($"unblocking {id}", OpenC2.Address(order.Target), prior, order, cancellation) is null)
                return new RollbackReport(
                    false,
                    $"{id} is not held by this containment any more: someone else changed it meanwhile, and it stays as it is"
                );
        }
        if (await VerifyAsync(order.Target, order.Prior, cancellation) != false)
            throw new TransientFaultException($"{id} still reads as blocked after it was unblocked");
        return new RollbackReport(true, $"{id} is not blocked any more");
    }

    /// <summary>Where this containment blocks, whatever the settings say by now: the block is taken off where it was put (S6).</summary>
    private static string? LocationOf(PriorState prior) =>
        prior.Shared?.StartsWith(LocationKey, StringComparison.Ordinal) == true ? prior.Shared[LocationKey.Length..] : null;

    private async Task<string?> TrustedAsync(string address, CancellationToken cancellation) =>
        IPAddress.TryParse(address, out var parsed) ? await locations.TrustedAroundAsync(parsed, cancellation) : null;

    private Task<ConnectorState> ReadAsync(Target target, CancellationToken cancellation) =>
        connector.ReadAsync($"whether {target.Id} is blocked", OpenC2.Address(target), cancellation);
}

using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Containment.Actions;

/// <summary>
/// Switches an Entra account off for a while and ends its sessions. Undo switches it on again; sessions cannot be given back, people sign
/// in anew.
/// </summary>
public sealed class DisableUserAccount(GraphServiceClient graph, Accounts accounts, GrantedPermissions granted) : IContainmentAction
{
    private static readonly string[] Enough = ["User.EnableDisableAccount.All", "User.ReadWrite.All"];

    public ActionCapability Capability { get; } = new("disable_user_account_temporarily", "account", Reversible: true);

    /// <remarks>
    /// Least privilege: graph/permissions_least_privilege.json, PATCH /users (accountEnabled) and POST /users/{id}/revokeSignInSessions.
    /// </remarks>
    public string Permission => "User.EnableDisableAccount.All, User.RevokeSessions.All, " + Accounts.Permission;

    public string Captures => "whether the account could sign in";

    public string Through => "Microsoft Graph";

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        accounts.EstimateAsync(order.Decision.Target, "cannot sign in anywhere and is signed out everywhere while it lasts", cancellation);

    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var user = await accounts.ReadAsync(order.Decision.Target, cancellation);
        var enabled = user.AccountEnabled ?? true;
        return new PriorState
        {
            AlreadySo = !enabled,
            Summary = enabled ? $"{Accounts.NameOf(user)} could sign in" : $"{Accounts.NameOf(user)} was disabled already",
            Refusal = await accounts.RefusalAsync(user, cancellation),
            Value = enabled ? "enabled" : "disabled",
        };
    }

    /// <remarks>
    /// Not by writing the present value back: between reading and writing another incident of ours may have disabled the account.
    /// </remarks>
    public Task<string> ProbeAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation) =>
        granted.ProbeAsync("switching the account on again", Enough, cancellation);

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        var before = await accounts.ReadAsync(target, cancellation);
        if (before.AccountEnabled != false)
            await SwitchAsync(target, enabled: false, cancellation);
        if (Accounts.IsExternal(before))
            return $"{Accounts.NameOf(before)} can no longer sign in here; a guest's sessions belong to their own organisation and end "
                + "with their tokens";
        await Faults.CallGraphAsync(
            $"ending the sessions of {target.Display}",
            Permission,
            () => graph.Users[target.Id].RevokeSignInSessions.PostAsRevokeSignInSessionsPostResponseAsync(cancellationToken: cancellation)
        );
        return $"{Accounts.NameOf(before)} can no longer sign in; existing sessions are ended";
    }

    public async Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation) =>
        (await accounts.ReadAsync(target, cancellation)).AccountEnabled == false;

    public async Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation)
    {
        var now = await accounts.ReadAsync(order.Target, cancellation);
        var name = Accounts.NameOf(now);
        if (now.AccountEnabled != false)
            return new RollbackReport(false, $"{name} is enabled already; nothing of ours was left to undo");
        await SwitchAsync(order.Target, enabled: true, cancellation);
        var after = await accounts.ReadAsync(order.Target, cancellation);
        if (after.AccountEnabled != true)
            throw new TransientFaultException($"{name} still reads as disabled after it was enabled");
        return new RollbackReport(true, $"{name} can sign in again");
    }

    private Task<User?> SwitchAsync(Target target, bool enabled, CancellationToken cancellation) =>
        Faults.CallGraphAsync(
            $"{(enabled ? "enabling" : "disabling")} account {target.Id}",
            Permission,
            () => graph.Users[target.Id].PatchAsync(new User { AccountEnabled = enabled }, cancellationToken: cancellation)
        );
}

using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Safeguards;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Containment;

/// <summary>
/// Switches an Entra account off for a while and ends its sessions. Undo switches it on again; sessions cannot be given back, people sign in anew.
/// </summary>
public sealed class DisableUserAccount(GraphServiceClient graph) : IContainmentAction
{
    private static readonly string[] Fields = ["id", "displayName", "userPrincipalName", "accountEnabled", "onPremisesSyncEnabled"];

    public ActionCapability Capability { get; } = new("disable_user_account_temporarily", "account", Reversible: true);

    /// <remarks>Least privilege: graph/permissions_least_privilege.json, PATCH /users (accountEnabled) and POST /users/{id}/revokeSignInSessions.</remarks>
    public string Permission => "User.EnableDisableAccount.All, User.Read.All and User.RevokeSessions.All";

    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var user = await ReadAsync(order.Decision.Target, cancellation);
        var enabled = user.AccountEnabled ?? true;
        return new PriorState
        {
            AlreadySo = !enabled,
            Summary = enabled ? $"{NameOf(user)} could sign in" : $"{NameOf(user)} was disabled already",
            Refusal = user.OnPremisesSyncEnabled == true
                ? $"{NameOf(user)} is synchronised from on-premises: the next synchronisation would switch the account on again. Disable it in Active Directory."
                : null,
            Value = enabled ? "enabled" : "disabled",
        };
    }

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        var before = await ReadAsync(target, cancellation);
        if (before.AccountEnabled != false) await SwitchAsync(target, enabled: false, cancellation);
        await Faults.CallGraphAsync($"ending the sessions of {target.Display}", Permission, () =>
            graph.Users[target.Id].RevokeSignInSessions.PostAsRevokeSignInSessionsPostResponseAsync(cancellationToken: cancellation));
        return $"{NameOf(before)} can no longer sign in; existing sessions are ended";
    }

    public async Task<bool?> VerifyAsync(ContainmentOrder order, CancellationToken cancellation) =>
        (await ReadAsync(order.Decision.Target, cancellation)).AccountEnabled == false;

    public async Task<UndoReport> UndoAsync(UndoOrder order, CancellationToken cancellation)
    {
        var now = await ReadAsync(order.Target, cancellation);
        if (now.AccountEnabled != false) return new UndoReport(false, $"{NameOf(now)} is enabled already; nothing of ours was left to undo");
        await SwitchAsync(order.Target, enabled: true, cancellation);
        var after = await ReadAsync(order.Target, cancellation);
        if (after.AccountEnabled != true) throw new TransientFaultException($"{NameOf(now)} still reads as disabled after it was enabled");
        return new UndoReport(true, $"{NameOf(now)} can sign in again");
    }

    private Task<User> ReadAsync(Target target, CancellationToken cancellation) =>
        Faults.CallGraphAsync($"reading account {target.Id}", Permission, async () =>
            await graph.Users[target.Id].GetAsync(r => r.QueryParameters.Select = Fields, cancellation)
            ?? throw new TransientFaultException($"account {target.Id}: Graph answered without a body"));

    private Task<User?> SwitchAsync(Target target, bool enabled, CancellationToken cancellation) =>
        Faults.CallGraphAsync($"{(enabled ? "enabling" : "disabling")} account {target.Id}", Permission, () =>
            graph.Users[target.Id].PatchAsync(new User { AccountEnabled = enabled }, cancellationToken: cancellation));

    private static string NameOf(User user) => user.UserPrincipalName ?? user.DisplayName ?? user.Id ?? "the account";
}

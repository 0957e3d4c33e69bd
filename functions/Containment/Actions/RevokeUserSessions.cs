using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using Microsoft.Graph;

namespace IRFunctions.Containment.Actions;

/// <summary>
/// Signs an account out everywhere. There is no inverse and it does not pretend to have one: signing in again makes new sessions (S5).
/// </summary>
public sealed class RevokeUserSessions(GraphServiceClient graph, Accounts accounts) : IContainmentAction
{
    public ActionCapability Capability { get; } = new("revoke_user_sessions", "account", Reversible: false);

    /// <remarks>Least privilege: graph/permissions_least_privilege.json, POST /users/{id}/revokeSignInSessions.</remarks>
    public string Permission => "User.RevokeSessions.All, " + Accounts.Permission;

    public string Captures => "since when sessions counted, to prove afterwards that older ones do not";

    public string Through => "Microsoft Graph";

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        accounts.EstimateAsync(order.Decision.Target, "signs in again everywhere; automation that runs as the person stops", cancellation);

    /// <summary>Never already so: which sessions are the attacker's is unknown, so all end.</summary>
    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var user = await accounts.ReadAsync(order.Decision.Target, cancellation);
        var since = user.SignInSessionsValidFromDateTime;
        return new PriorState
        {
            AlreadySo = false,
            Summary = since is { } at
                ? $"sessions of {Accounts.NameOf(user)} since {at:yyyy-MM-dd HH:mm:ss} UTC counted"
                : $"every session of {Accounts.NameOf(user)} counted",
            Refusal = Accounts.IsExternal(user)
                ? $"{Accounts.NameOf(user)} is a guest: they sign in at their own organisation, and this tenant cannot end those sessions. "
                    + "Block the guest or ask the other organisation."
                : await accounts.RefusalAsync(user, cancellation),
            Value = (since ?? DateTimeOffset.MinValue).ToString("O"),
        };
    }

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        await Faults.CallGraphAsync(
            $"ending the sessions of {target.Display}",
            Permission,
            () => graph.Users[target.Id].RevokeSignInSessions.PostAsRevokeSignInSessionsPostResponseAsync(cancellationToken: cancellation)
        );
        return $"every session of {target.Display} is ended; this cannot be undone, the person signs in again";
    }

    public async Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation)
    {
        var user = await accounts.ReadAsync(target, cancellation);
        return user.SignInSessionsValidFromDateTime is { } since && DateTimeOffset.TryParse(prior.Value, out var before)
            ? since > before
            : null;
    }

    public Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation) =>
        Task.FromResult(new RollbackReport(false, "ended sessions cannot be brought back; the person signs in again"));
}

using IRFunctions.Http;
using IRFunctions.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace IRFunctions.Agents;

/// <summary>Who may ask the gate and report activity besides responders: what they say can stop an agent.</summary>
/// <param name="Ids">Object ids of the gateways' identities (setting Activity__Gateways).</param>
public sealed record ActivityGateways(IReadOnlyList<string> Ids);

/// <summary>What the HTTP functions about agents ask first.</summary>
public sealed class AgentGate(RequestGuard guard, ActivityGateways gateways, PolicyStore policies)
{
    /// <summary>The problem to answer with where the caller is neither gateway nor responder; null where they are.</summary>
    public async Task<IActionResult?> StrangerAsync(HttpRequest request, CancellationToken cancellation) =>
        (await SenderAsync(request, cancellation)).Problem;

    /// <summary>Object id of the gateway or responder who calls; null, and the problem, where it is neither.</summary>
    public async Task<(string? Sender, IActionResult? Problem)> SenderAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (await guard.ReaderAsync(request, cancellation) is not { } caller)
            return (null, ProblemResults.SignIn());
        return
            gateways.Ids.Contains(caller.ObjectId, StringComparer.OrdinalIgnoreCase) || policies.Current.Approvers.Contains(caller.ObjectId)
            ? (caller.ObjectId, null)
            : (
                null,
                ProblemResults.Of(
                    403,
                    "not-a-gateway",
                    "Only gateways and responders may do this",
                    "Add the gateway's object id to the setting Activity__Gateways."
                )
            );
    }

    /// <summary>The identity in its one form; null where it is none.</summary>
    public static string? Identity(string id) => ActivityReader.IsIdentity(id.ToLowerInvariant()) ? id.ToLowerInvariant() : null;

    public static IActionResult NoIdentity() =>
        ProblemResults.Of(
            400,
            "identity",
            "This is no identity",
            $"An identity has at most {ActivityLimits.MaxIdentity} of letters, digits and . _ : -"
        );
}

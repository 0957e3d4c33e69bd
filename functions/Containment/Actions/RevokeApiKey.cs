using System.Text.Json;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Policies;
using Microsoft.Graph;
using Microsoft.Graph.Applications.Item.RemovePassword;
using Microsoft.Graph.Models;

namespace IRFunctions.Containment.Actions;

/// <summary>
/// Removes an application's password credential. A removed secret cannot be put back; undoing means a new one (rotation), which a person
/// hands to those who use it. It is prepared here: a ticket with every step exists before the key goes.
/// </summary>
public sealed class RevokeApiKey(GraphServiceClient graph, Tickets tickets) : IContainmentAction
{
    private static readonly string[] Fields = ["id", "appId", "displayName", "passwordCredentials"];
    private static readonly string[] PrincipalFields = ["id", "appId"];

    public ActionCapability Capability { get; } = new("revoke_api_key", "application", Reversible: false);

    /// <remarks>
    /// Least privilege: graph/permissions_least_privilege.json, POST /applications/{id}/removePassword; OwnedBy for applications the app
    /// owns.
    /// </remarks>
    public string Permission =>
        "Application.ReadWrite.OwnedBy (as an owner of the application; otherwise Application.ReadWrite.All) and Application.Read.All";

    public string Captures => "key id, name, hint and end of the password credential; the secret itself cannot be read";

    public string Through => "Microsoft Graph";

    public async Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var application = await FindAsync(order.Decision.Target, cancellation);
        var keys = application.PasswordCredentials?.Count ?? 0;
        return new Estimate(
            null,
            keys == 1
                ? $"whatever runs as {application.DisplayName}: it has no other secret, so it stops as soon as its token ends"
                : $"whatever uses one of the {keys} secrets of {application.DisplayName}"
        )
        {
            Bound = keys == 1 ? application.PasswordCredentials![0].KeyId?.ToString("D") : null,
        };
    }

    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var application = await FindAsync(order.Decision.Target, cancellation);
        var keys = application.PasswordCredentials ?? [];
        return new PriorState
        {
            AlreadySo = keys.Count == 0,
            Summary =
                keys.Count == 0
                    ? $"{application.DisplayName} had no secret any more"
                    : $"{application.DisplayName} had the secret {Describe(keys[0])}",
            // No alert names a key; choosing one of several would be a guess.
            Refusal =
                keys.Count > 1
                    ? $"{application.DisplayName} has {keys.Count} secrets and the alert does not say which leaked: "
                        + $"{string.Join("; ", keys.Select(Describe))}"
                : keys.Count == 1 && order.Grant is not null && order.Bound != keys[0].KeyId?.ToString("D")
                    ? $"the secret of {application.DisplayName} that people were asked about is gone; the one it has now is another: "
                        + Describe(keys[0])
                : null,
            Value =
                keys.Count == 1
                    ? JsonSerializer.Serialize(
                        new Key(
                            application.Id!,
                            application.AppId ?? "",
                            application.DisplayName ?? "",
                            keys[0].KeyId!.Value,
                            Describe(keys[0])
                        )
                    )
                    : null,
        };
    }

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var key = JsonSerializer.Deserialize<Key>(prior.Value!)!;
        var ticket = await tickets.OpenAsync(
            $"rotate-{order.Id}",
            $"Rotate the secret of {key.Name}",
            Rotation(key),
            order.Incident,
            order.Decision.Target.Id,
            cancellation
        );
        var now = await FindAsync(order.Decision.Target, cancellation);
        if (now.PasswordCredentials?.Any(k => k.KeyId == key.KeyId) == true)
        {
            await Faults.CallGraphAsync(
                $"removing the secret of {key.Name}",
                Permission,
                async () =>
                {
                    await graph
                        .Applications[key.Application]
                        .RemovePassword.PostAsync(new RemovePasswordPostRequestBody { KeyId = key.KeyId }, cancellationToken: cancellation);
                    return key;
                }
            );
        }
        return $"the secret {key.Described} of {key.Name} is removed; rotation is prepared: {ticket}";
    }

    public async Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation)
    {
        if (prior.Value is null)
            return null;
        var key = JsonSerializer.Deserialize<Key>(prior.Value)!;
        return (await FindAsync(target, cancellation)).PasswordCredentials?.Any(k => k.KeyId == key.KeyId) != true;
    }

    public Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation) =>
        Task.FromResult(new RollbackReport(false, "a removed secret cannot be put back; the ticket says how to rotate it"));

    /// <summary>An alert may name the application by its object id, its client id, or its service principal.</summary>
    private async Task<Application> FindAsync(Target target, CancellationToken cancellation) =>
        await TryAsync(
            $"reading application {target.Id}",
            () => graph.Applications[target.Id].GetAsync(r => r.QueryParameters.Select = Fields, cancellation)
        )
        ?? await ByClientIdAsync(target.Id, cancellation)
        ?? (
            await TryAsync(
                $"reading service principal {target.Id}",
                () => graph.ServicePrincipals[target.Id].GetAsync(r => r.QueryParameters.Select = PrincipalFields, cancellation)
            )
                is { AppId: { } appId }
                ? await ByClientIdAsync(appId, cancellation)
                : null
        )
        ?? throw new PermanentFaultException($"application {target.Id}: not found in this tenant; its owner has to remove the secret");

    private async Task<Application?> ByClientIdAsync(string appId, CancellationToken cancellation)
    {
        if (!Guid.TryParse(appId, out var id))
            return null;
        var found = await Faults.CallGraphAsync(
            $"finding application {appId}",
            Permission,
            () =>
                graph.Applications.GetAsync(
                    r =>
                    {
                        r.QueryParameters.Filter = $"appId eq '{id}'";
                        r.QueryParameters.Select = Fields;
                    },
                    cancellation
                )
        );
        return found?.Value?.FirstOrDefault();
    }

    private async Task<T?> TryAsync<T>(string what, Func<Task<T?>> call)
        where T : class
    {
        try
        {
            return await Faults.CallGraphAsync(what, Permission, call);
        }
        catch (PermanentFaultException e) when (Faults.IsNotFound(e))
        {
            return null;
        }
    }

    private static string Rotation(Key key) =>
        $"The secret {key.Described} of {key.Name} (application {key.AppId}) was removed because of an incident. Whatever used it "
        + $"fails until it gets a new one. "
        + $"1. Find who uses it (sign-in logs of the service principal, filter credential key id {key.KeyId}). "
        + $"2. Make a new secret: POST /applications/{key.Application}/addPassword, or Entra admin center, App registrations, "
        + $"{key.Name}, Certificates & secrets. "
        + "3. Put it where its users read it from (a key vault, never a mail). 4. See a sign-in with the new key id, then close "
        + "this ticket.";

    private static string Describe(PasswordCredential key) =>
        $"\"{key.DisplayName}\" ({key.Hint}..., id {key.KeyId}, ends {key.EndDateTime:yyyy-MM-dd})";

    private sealed record Key(string Application, string AppId, string Name, Guid KeyId, string Described);
}

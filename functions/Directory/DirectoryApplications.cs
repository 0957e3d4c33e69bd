using IRFunctions.Connections;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Directory;

/// <summary>Finds applications by object id, client id or the id of their service principal: one application, whichever is named.</summary>
public sealed class DirectoryApplications(GraphServiceClient graph)
{
    /// <summary>Least privilege for reading applications and service principals.</summary>
    public const string Permission = "Application.Read.All";

    private static readonly string[] Fields = ["id", "appId", "displayName"];

    /// <param name="id">Any of the three.</param>
    /// <exception cref="PermanentFaultException">The directory cannot be asked.</exception>
    /// <exception cref="TransientFaultException">It cannot be asked now.</exception>
    public async Task<DirectoryIdentity> FindAsync(string id, CancellationToken cancellation)
    {
        if (!Guid.TryParseExact(id, "D", out _))
            return DirectoryIdentity.Unresolved(id, "this is no id of an application");
        var application = await ApplicationAsync(id, cancellation) ?? await ApplicationOfClientAsync(id, cancellation);
        var principal = application is null
            ? await PrincipalAsync(id, cancellation) ?? await PrincipalOfClientAsync(id, cancellation)
            : await PrincipalOfClientAsync(application.AppId!, cancellation);
        if (application is null && principal?.AppId is { } client)
            application = await ApplicationOfClientAsync(client, cancellation);
        // One of another tenant has a service principal here and no application.
        if ((application?.Id ?? principal?.Id) is not { } key)
            return DirectoryIdentity.Unknown(id, "this tenant's directory has no application of this id");
        var clientId = application?.AppId ?? principal?.AppId;
        string?[] names = [application?.Id, clientId, principal?.Id, application?.DisplayName, principal?.DisplayName];
        return new DirectoryIdentity(key, $"{application?.DisplayName ?? principal?.DisplayName ?? "application"} (client id {clientId})")
        {
            Names = [.. names.OfType<string>().Where(n => n.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)],
        };
    }

    private Task<Application?> ApplicationAsync(string id, CancellationToken cancellation) =>
        TryAsync($"reading application {id}", () => graph.Applications[id].GetAsync(r => r.QueryParameters.Select = Fields, cancellation));

    private Task<ServicePrincipal?> PrincipalAsync(string id, CancellationToken cancellation) =>
        TryAsync(
            $"reading service principal {id}",
            () => graph.ServicePrincipals[id].GetAsync(r => r.QueryParameters.Select = Fields, cancellation)
        );

    private async Task<Application?> ApplicationOfClientAsync(string client, CancellationToken cancellation) =>
        (
            await Faults.CallGraphAsync(
                $"finding application {client}",
                Permission,
                () =>
                    graph.Applications.GetAsync(
                        r =>
                        {
                            r.QueryParameters.Filter = $"appId eq '{client}'";
                            r.QueryParameters.Select = Fields;
                        },
                        cancellation
                    )
            )
        )?.Value?.FirstOrDefault(); // A client id is unique in a tenant.

    private async Task<ServicePrincipal?> PrincipalOfClientAsync(string client, CancellationToken cancellation) =>
        (
            await Faults.CallGraphAsync(
                $"finding the service principal of {client}",
                Permission,
                () =>
                    graph.ServicePrincipals.GetAsync(
                        r =>
                        {
                            r.QueryParameters.Filter = $"appId eq '{client}'";
                            r.QueryParameters.Select = Fields;
                        },
                        cancellation
                    )
            )
        )?.Value?.FirstOrDefault();

    private static async Task<T?> TryAsync<T>(string what, Func<Task<T?>> call)
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
}

using IRFunctions.Connections;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Directory;

/// <summary>What an account may do in the directory now.</summary>
/// <param name="Roles">Names of its active directory roles, held directly or through groups.</param>
/// <param name="Privilege">What makes it privileged, in words for a person; null where nothing does.</param>
public sealed record AccountRights(IReadOnlyList<string> Roles, string? Privilege);

/// <summary>
/// Learns whose accounts are privileged: members of the configured groups, and holders of an active directory role that administers
/// anything. Roles that are only eligible (PIM) and not activated are not held. Asked anew each time: a role may have been activated a
/// minute ago.
/// </summary>
public sealed class DirectoryRights(GraphServiceClient graph, PrivilegedGroups groups)
{
    /// <summary>
    /// Least privilege for reading directory roles; without it Graph shows their ids only, and what cannot be named counts as privileged.
    /// </summary>
    public const string RolesPermission = "RoleManagement.Read.Directory";

    /// <summary>
    /// Template ids of the built-in roles that only read reports or write content of their own. Every other role, also one made after this
    /// list, counts as privileged: an overlooked role must cost a question, not an administrator. Source: Microsoft Entra built-in roles
    /// (learn.microsoft.com, entra/identity/role-based-access-control/permissions-reference, 2026-01-20); none of these has the label
    /// "privileged" there.
    /// </summary>
    private static readonly HashSet<string> Ordinary = new(StringComparer.OrdinalIgnoreCase)
    {
        "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", // Directory Readers
        "95e79109-95c0-4d8e-aee3-d01accf2d47b", // Guest Inviter
        "25df335f-86eb-4119-b717-0ff02de207e9", // Insights Analyst
        "31e939ad-9672-4796-9c2e-873181342d2d", // Insights Business Leader
        "744ec460-397e-42ad-a462-8b3f9747a02c", // Knowledge Manager
        "ac16e43d-7b2d-40e0-ac05-243ff356ab5b", // Message Center Privacy Reader
        "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", // Message Center Reader
        "281fe777-fb20-4fbb-b7a3-ccebce5b0d96", // Microsoft Hardware Warranty Specialist
        "e8cef6f1-e4bd-4ea8-bc07-4b8d950f4477", // Printer Technician
        "4a5d8f65-41da-4de4-8968-e035b65339cf", // Reports Reader
        "8835291a-918c-4fd7-a9ce-faa49f0cf7d9", // Search Editor
        "1076ac91-f3d9-41a7-a339-dcdf5f480acc", // Teams Reader
        "75934031-6c7e-415a-99d7-48dbd49e875e", // Usage Summary Reports Reader
        "27460883-1df1-4691-b032-3b79643e5e63", // User Experience Success Manager
    };

    /// <exception cref="PermanentFaultException">It cannot be asked; the account must then not be touched (S12).</exception>
    /// <exception cref="TransientFaultException"/>
    public async Task<AccountRights> ReadAsync(string userId, CancellationToken cancellation)
    {
        var inGroup = groups.HoldsAsync(graph, userId, cancellation);
        var held = RolesAsync(userId, cancellation);
        await Task.WhenAll(inGroup, held);
        var roles = await held;
        var privileged = roles.FirstOrDefault(r => r.RoleTemplateId is not { Length: > 0 } template || !Ordinary.Contains(template));
        return new AccountRights(
            [.. roles.Select(Name).Distinct(StringComparer.Ordinal)],
            await inGroup ? "a member of a group in Directory__PrivilegedGroups"
                : privileged is null ? null
                : $"the directory role {Name(privileged)} is active"
        );
    }

    private async Task<IReadOnlyList<DirectoryRole>> RolesAsync(string userId, CancellationToken cancellation) =>
        (
            await Faults.CallGraphAsync(
                $"asking for the directory roles of account {userId}",
                RolesPermission,
                () => graph.Users[userId].TransitiveMemberOf.GraphDirectoryRole.GetAsync(cancellationToken: cancellation)
            )
        )?.Value
        ?? [];

    private static string Name(DirectoryRole role) => role.DisplayName is { Length: > 0 } name ? name : "(not shown to us)";
}

using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Directory;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Containment.Actions;

/// <summary>What the actions on accounts share: reading one, and whose accounts are for people only.</summary>
public sealed class Accounts(GraphServiceClient graph, DirectoryRights rights)
{
    /// <summary>Least privilege for reading an account, its groups and its directory roles.</summary>
    public const string Permission = "User.Read.All, " + PrivilegedGroups.Permission + " and " + DirectoryRights.RolesPermission;

    private static readonly string[] Fields =
    [
        "id",
        "displayName",
        "userPrincipalName",
        "accountEnabled",
        "onPremisesSyncEnabled",
        "jobTitle",
        "department",
        "signInSessionsValidFromDateTime",
        "userType",
    ];

    public Task<User> ReadAsync(Target target, CancellationToken cancellation) =>
        Faults.CallGraphAsync(
            $"reading account {target.Id}",
            Permission,
            async () =>
                await graph.Users[target.Id].GetAsync(r => r.QueryParameters.Select = Fields, cancellation)
                ?? throw new TransientFaultException($"account {target.Id}: Graph answered without a body")
        );

    /// <summary>Why the account is for people; null where it is not.</summary>
    public async Task<string?> RefusalAsync(User user, CancellationToken cancellation)
    {
        if (user.OnPremisesSyncEnabled == true)
            return $"{NameOf(user)} is synchronised from on-premises: the next synchronisation would overwrite the change. Do it in "
                + $"Active Directory.";
        return (await rights.ReadAsync(user.Id!, cancellation)).Privilege is { } why
            ? $"{NameOf(user)} is privileged ({why}): an administrator who is locked out may be the one who could "
                + "stop the attack. A person decides and does it."
            : null;
    }

    public async Task<Estimate> EstimateAsync(Target target, string what, CancellationToken cancellation)
    {
        var user = await ReadAsync(target, cancellation);
        var role = string.Join(", ", new[] { user.JobTitle, user.Department }.Where(t => !string.IsNullOrWhiteSpace(t)));
        return new Estimate(1, $"one person, {NameOf(user)}{(role.Length > 0 ? $" ({role})" : "")}: {what}");
    }

    /// <summary>
    /// Whether it signs in at another tenant, where this one ends no session. Source: reference page of user: revokeSignInSessions.
    /// </summary>
    public static bool IsExternal(User user) =>
        string.Equals(user.UserType, "Guest", StringComparison.OrdinalIgnoreCase)
        || user.UserPrincipalName?.Contains("#EXT#", StringComparison.OrdinalIgnoreCase) == true;

    public static string NameOf(User user) => user.UserPrincipalName ?? user.DisplayName ?? user.Id ?? "the account";
}

using IRFunctions.Connections;
using Microsoft.Graph;
using Microsoft.Graph.Models;

namespace IRFunctions.Directory;

/// <summary>Finds accounts by every id and name that identifies one: object id, sign-in name, any of its mail addresses, SID.</summary>
/// <remarks>
/// Not by a bare or NT name: Graph does not know a domain's NetBIOS name, and a local account of some machine may be called the same.
/// </remarks>
public sealed class DirectoryAccounts(GraphServiceClient graph, DirectoryRights rights)
{
    /// <summary>Least privilege for the properties below.</summary>
    public const string Permission = "User.Read.All";

    /// <summary>What makes up an identity; other rooms read what else they need.</summary>
    private static readonly string[] Fields =
    [
        "id",
        "displayName",
        "userPrincipalName",
        "mail",
        "mailNickname",
        "proxyAddresses",
        "securityIdentifier",
        "onPremisesSecurityIdentifier",
        "onPremisesSamAccountName",
        "onPremisesDomainName",
        "onPremisesUserPrincipalName",
        "onPremisesSyncEnabled",
        "accountEnabled",
        "userType",
        "jobTitle",
    ];

    /// <exception cref="PermanentFaultException">The directory cannot be asked.</exception>
    /// <exception cref="TransientFaultException">It cannot be asked now.</exception>
    public async Task<DirectoryIdentity> ByObjectIdAsync(string id, CancellationToken cancellation)
    {
        try
        {
            var user = await Faults.CallGraphAsync(
                $"reading account {id}",
                Permission,
                () => graph.Users[id].GetAsync(r => r.QueryParameters.Select = Fields, cancellation)
            );
            return user?.Id is null
                ? DirectoryIdentity.Unresolved(id, "the directory answered without a body")
                : await DescribeAsync(user, cancellation);
        }
        catch (PermanentFaultException e) when (Faults.IsNotFound(e))
        {
            return DirectoryIdentity.Unknown(id, "this tenant's directory has no account of this id");
        }
    }

    /// <summary>By sign-in name or mail address, primary or not.</summary>
    /// <inheritdoc cref="ByObjectIdAsync"/>
    public Task<DirectoryIdentity> ByAddressAsync(string address, CancellationToken cancellation)
    {
        var text = Quoted(address);
        return ByFilterAsync(
            address,
            $"userPrincipalName eq {text} or mail eq {text} or proxyAddresses/any(p:p eq {Quoted("smtp:" + address)})",
            cancellation
        );
    }

    /// <summary>By security identifier, of the cloud (S-1-12-1-...) or of an on-premises domain.</summary>
    /// <inheritdoc cref="ByObjectIdAsync"/>
    public Task<DirectoryIdentity> BySidAsync(string sid, CancellationToken cancellation)
    {
        var isOfTheCloud = sid.StartsWith("S-1-12-1-", StringComparison.OrdinalIgnoreCase);
        return ByFilterAsync(
            sid,
            $"{(isOfTheCloud ? "securityIdentifier" : "onPremisesSecurityIdentifier")} eq {Quoted(sid)}",
            cancellation
        );
    }

    private async Task<DirectoryIdentity> ByFilterAsync(string name, string filter, CancellationToken cancellation)
    {
        var found = await Faults.CallGraphAsync(
            "finding an account by name",
            Permission,
            () =>
                graph.Users.GetAsync(
                    r =>
                    {
                        r.QueryParameters.Filter = filter;
                        r.QueryParameters.Select = Fields;
                        r.QueryParameters.Top = 2;
                    },
                    cancellation
                )
        );
        return found?.Value switch
        {
            [{ Id: not null } user] => await DescribeAsync(user, cancellation),
            [] or null => DirectoryIdentity.Unknown(name, "this tenant's directory has no account of this name"),
            _ => DirectoryIdentity.Unresolved(name, "several accounts of the directory have this name"),
        };
    }

    private async Task<DirectoryIdentity> DescribeAsync(User user, CancellationToken cancellation)
    {
        var held = await rights.ReadAsync(user.Id!, cancellation);
        return new DirectoryIdentity(user.Id!, NameOf(user))
        {
            Names = NamesOf(user),
            People = [user.Id!],
            Roles = user.JobTitle is { Length: > 0 } title ? [title, .. held.Roles] : held.Roles,
            Privilege = held.Privilege,
            OnPremisesSynced = user.OnPremisesSyncEnabled == true,
            Enabled = user.AccountEnabled,
            Guest = string.Equals(user.UserType, "Guest", StringComparison.OrdinalIgnoreCase),
        };
    }

    private static string NameOf(User user) =>
        (user.DisplayName, user.UserPrincipalName) switch
        {
            ({ Length: > 0 } name, { Length: > 0 } upn) => $"{name} ({upn})",
            var (name, upn) => upn ?? name ?? user.Id!,
        };

    private static string[] NamesOf(User user)
    {
        var sam = user.OnPremisesSamAccountName;
        string?[] names =
        [
            user.Id,
            user.UserPrincipalName,
            user.Mail,
            user.MailNickname,
            user.DisplayName,
            user.SecurityIdentifier,
            user.OnPremisesSecurityIdentifier,
            user.OnPremisesUserPrincipalName,
            sam,
            sam is not null && user.OnPremisesDomainName is { Length: > 0 } domain ? $"{domain}\\{sam}" : null,
            // "SMTP:" is the primary address, "smtp:" another; "SIP:" and the like are names as well.
            .. (user.ProxyAddresses ?? []).Select(a => a[(a.IndexOf(':', StringComparison.Ordinal) + 1)..]),
        ];
        return [.. names.OfType<string>().Where(n => n.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}

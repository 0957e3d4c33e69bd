using IRFunctions.Connections;
using Microsoft.Graph;
using Microsoft.Graph.Users.Item.CheckMemberGroups;

namespace IRFunctions.Directory;

/// <summary>Groups whose members administer the tenant (setting Directory__PrivilegedGroups): their accounts are for people.</summary>
/// <param name="Ids">Object ids; empty where none is configured.</param>
public sealed record PrivilegedGroups(IReadOnlyList<string> Ids)
{
    /// <summary>Least privilege for asking.</summary>
    public const string Permission = "GroupMember.Read.All";

    private const int MostAtOnce = 20; // checkMemberGroups takes 20 ids a request.

    /// <summary>Whether the account is in one of them, directly or through other groups.</summary>
    /// <exception cref="PermanentFaultException">It cannot be asked; the account must then not be touched (S12).</exception>
    /// <exception cref="TransientFaultException"/>
    public async Task<bool> HoldsAsync(GraphServiceClient graph, string userId, CancellationToken cancellation)
    {
        foreach (var part in Ids.Chunk(MostAtOnce))
        {
            var found = await Faults.CallGraphAsync(
                $"asking for the groups of account {userId}",
                Permission,
                () =>
                    graph
                        .Users[userId]
                        .CheckMemberGroups.PostAsCheckMemberGroupsPostResponseAsync(
                            new CheckMemberGroupsPostRequestBody { GroupIds = [.. part] },
                            cancellationToken: cancellation
                        )
            );
            if (found?.Value is { Count: > 0 })
                return true;
        }
        return false;
    }
}

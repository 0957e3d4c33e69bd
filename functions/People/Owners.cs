using IRFunctions.Policies;

namespace IRFunctions.People;

/// <summary>Which accounts belong to one person, as far as a ladder or a policy knows.</summary>
public sealed class Owners(IEnumerable<Approver> known)
{
    private readonly Approver[] known = [.. known];

    /// <summary>Everybody whom the policy's groups name, and those who stand in for them.</summary>
    public static Owners Of(Policy policy) =>
        new(policy.Groups.Values.SelectMany(g => g.Members).SelectMany(m => m.Away is { } away ? [m, away.Substitute] : (Approver[])[m]));

    /// <summary>Whether two accounts are one, or have one owner.</summary>
    public bool AreOne(string account, string other) => Same(account, other) || Same(OwnerOf(account), OwnerOf(other));

    private string OwnerOf(string account) => known.FirstOrDefault(a => Same(a.ObjectId, account))?.Owner ?? account;

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}

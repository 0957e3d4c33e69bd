using IRFunctions.Policies;

namespace IRFunctions.People;

/// <summary>
/// Which accounts belong to one person, as far as all ladders and policies given know: what one of them says of an account holds, whatever
/// another leaves out, and owners of owners are one person, too (S3).
/// </summary>
public sealed class Owners
{
    /// <summary>Account or owner to another of the same person; who stands for all of them points to nobody.</summary>
    private readonly Dictionary<string, string> others = new(StringComparer.OrdinalIgnoreCase);

    public Owners(IEnumerable<Approver> known)
    {
        foreach (var account in known)
            if (account.Owner is { } owner)
                Join(account.ObjectId, owner);
    }

    /// <summary>Everybody whom the policy's groups name, and those who stand in for them.</summary>
    public static Owners Of(Policy policy) => new(KnownTo(policy));

    /// <summary>The accounts whose owner the policy names.</summary>
    public static IReadOnlyList<Approver> KnownTo(Policy policy) =>
        [
            .. policy
                .Groups.Values.SelectMany(g => g.Members)
                .SelectMany(m => m.Away is { } away ? [m, away.Substitute] : (Approver[])[m])
                .Where(m => m.Owner is not null)
                .DistinctBy(m => (m.ObjectId, m.Owner)),
        ];

    /// <summary>Whether two accounts are one, or have one owner.</summary>
    public bool AreOne(string account, string other) =>
        string.Equals(PersonOf(account), PersonOf(other), StringComparison.OrdinalIgnoreCase);

    private void Join(string account, string owner)
    {
        var (one, other) = (PersonOf(account), PersonOf(owner));
        if (!string.Equals(one, other, StringComparison.OrdinalIgnoreCase))
            others[one] = other;
    }

    private string PersonOf(string account)
    {
        while (others.TryGetValue(account, out var other))
            account = other;
        return account;
    }
}

using IRFunctions.Policies;

namespace IRFunctions.OperatorConsole;

/// <summary>Names of people for those who read.</summary>
internal static class Names
{
    /// <summary>As the policy names the account; otherwise its id, and "the policy" where no person did it.</summary>
    public static string Of(Policy policy, string id) =>
        policy
            .Groups.Values.SelectMany(g => g.Members)
            .SelectMany(m => m.Away is { } away ? [m, away.Substitute] : (Approver[])[m])
            .FirstOrDefault(m => m.ObjectId.Equals(id, StringComparison.OrdinalIgnoreCase))
            ?.Name
        ?? (id.Length == 0 || id == "policy" ? "the policy" : id);
}

namespace IRFunctions.Limits;

/// <summary>
/// One app serves one tenant: its budgets, caches and memory are kept under this name. What an alert says of its tenant is the sender's
/// word; fifty invented tenants would be fifty budgets (S8).
/// </summary>
public static class OwnTenant
{
    public const string Key = "own";
}

/// <summary>One budget a containment draws from.</summary>
/// <param name="Scope">"identity", "action" or "tenant".</param>
public sealed record BudgetClaim(string Scope, string Key, Allowance Allowance);

namespace IRFunctions.Limits;

/// <summary>One budget a containment draws from.</summary>
/// <param name="Scope">"identity", "action" or "tenant".</param>
public sealed record BudgetClaim(string Scope, string Key, Allowance Allowance);

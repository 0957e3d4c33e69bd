namespace IRFunctions.Assessment;

/// <summary>
/// Tokens of a text before an endpoint has counted them: for setting budgets aside only. What the endpoint reports takes its place in every
/// account.
/// </summary>
internal static class TokenEstimate
{
    /// <summary>Tokens of so many characters.</summary>
    public static int Of(int characters) => (int)Math.Ceiling(characters / 3.6);
}

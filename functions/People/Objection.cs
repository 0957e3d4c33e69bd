using IRFunctions.Alerts;

namespace IRFunctions.People;

/// <summary>Why an answer does not count, with the HTTP status a person gets.</summary>
/// <param name="Status">403, 409 or 410.</param>
/// <param name="Rule">Stable name for tests and audit.</param>
/// <param name="Text">One sentence for the person who clicked.</param>
public sealed record Objection(int Status, string Rule, string Text)
{
    /// <summary>Longest reason that a person may give, in characters.</summary>
    public const int MaxReason = 500;

    /// <summary>A reason as it stands on the record, on cards and in stories: what hides or reorders text is written by its name.</summary>
    public static string Words(string reason) => SafeText.Line(reason, 20 * MaxReason, out _);
}

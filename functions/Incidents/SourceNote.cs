namespace IRFunctions.Incidents;

/// <summary>What a source is told.</summary>
/// <param name="Mark">Stands in the comment and tells it from every other.</param>
/// <param name="Comment">With the mark.</param>
/// <param name="InProgress">Sets the status, where it is still new.</param>
/// <param name="TruePositive">Sets the classification, where there is none: people approved what was done.</param>
public sealed record SourceNote(string Mark, string Comment, IReadOnlyList<string> Tags, bool InProgress, bool TruePositive);

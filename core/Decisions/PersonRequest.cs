using System.Text.Json;
using IRFunctions.Alerts;

namespace IRFunctions.Decisions;

/// <summary>
/// The assessment of an alert that a signed-in person made: no model is asked. What they ask for is one recommendation like any other; the
/// same policy decides about it.
/// </summary>
internal static class PersonRequest
{
    /// <summary>Id of the alert's only entity.</summary>
    internal const string EntityId = "e1";

    private const string Action = "action";
    private const string Proposed = "proposed";

    /// <summary>What <see cref="Alert.Extra"/> says of the wish.</summary>
    /// <param name="proposed">It came through an assistant: then nothing runs alone, whatever the tier.</param>
    public static string ExtraOf(string action, bool proposed) =>
        JsonSerializer.Serialize(new Dictionary<string, string> { [Action] = action, [Proposed] = proposed ? "true" : "false" });

    public static AlertAssessment Assess(Alert alert)
    {
        using var extra = JsonDocument.Parse(alert.Extra ?? "{}");
        var action = extra.RootElement.TryGetProperty(Action, out var name) ? name.GetString() ?? "" : "";
        var proposed = extra.RootElement.TryGetProperty(Proposed, out var word) && word.GetString() == "true";
        return new AlertAssessment
        {
            // Words of an assistant are a model's words: a person decides about everything that follows from them.
            Verdict = proposed ? Verdict.Unknown : Verdict.TruePositive,
            Confidence = 100,
            By = AssessedBy.Person,
            Reasoning = alert.Description,
            Recommendations = [new Recommendation(action, EntityId, 100, alert.Description)],
            Evidence = [EntityId],
        };
    }
}

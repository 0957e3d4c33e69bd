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

    /// <summary>What <see cref="Alert.Extra"/> says of the wish.</summary>
    public static string ExtraOf(string action) => JsonSerializer.Serialize(new Dictionary<string, string> { [Action] = action });

    public static AlertAssessment Assess(Alert alert)
    {
        using var extra = JsonDocument.Parse(alert.Extra ?? "{}");
        var action = extra.RootElement.TryGetProperty(Action, out var name) ? name.GetString() ?? "" : "";
        return new AlertAssessment
        {
            Verdict = Verdict.TruePositive,
            Confidence = 100,
            By = AssessedBy.Person,
            Reasoning = alert.Description,
            Recommendations = [new Recommendation(action, EntityId, 100, alert.Description)],
            Evidence = [EntityId],
        };
    }
}

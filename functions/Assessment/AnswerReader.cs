using System.Text.Json;
using System.Text.Json.Serialization;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Assessment;

/// <summary>
/// Reads the model's answer as if an attacker wrote it. Either the whole answer keeps to the schema (no duplicate keys, no unknown members,
/// numbers in range) or none of it is used. What points at nothing in the alert is dropped and told (S4). Action names stay text: the
/// policy judges (S1).
/// </summary>
internal static class AnswerReader
{
    /// <summary>Longest answer worth reading, in characters; ours are under 3,000.</summary>
    public const int MaxAnswer = 65_536;
    public const int MaxRecommendations = 10;
    public const string AlertItself = "alert";
    private const int MaxActionName = 100;
    private const int MaxReason = 400;
    private const int MaxReasoning = 800;

    private static readonly AnswerJson Json = new(
        new JsonSerializerOptions(JsonSerializerOptions.Strict) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, MaxDepth = 8 }
    );

    /// <summary>The assessment without who made it, or null and the problem in words for a person.</summary>
    public static (AlertAssessment? Assessment, string? Problem) Read(string answer, Alert alert)
    {
        if (answer.Length > MaxAnswer)
            return (null, $"The model's answer was {answer.Length} characters long; {MaxAnswer} are read at most.");
        ModelAnswerBody? body;
        try
        {
            body = JsonSerializer.Deserialize(answer, Json.ModelAnswerBody);
        }
        // The message of the exception quotes the answer, so only the place is told.
        catch (JsonException e)
        {
            return (null, $"The model's answer does not keep to the schema (line {e.LineNumber + 1}, byte {e.BytePositionInLine}).");
        }
        if (body is null)
            return (null, "The model's answer was empty.");
        if (Verdicts(body.Verdict) is not { } verdict)
            return (null, "The model's answer names a verdict that does not exist.");
        if (body.Evidence.Contains(null!) || body.Recommendations.Contains(null!))
            return (null, "The model's answer has an empty entry in a list.");
        if (!InRange(body.Confidence) || body.Recommendations.Any(r => !InRange(r.Confidence)))
        {
            return (null, "The model's answer has a confidence outside 0 to 100.");
        }
        return (Build(body, verdict, alert), null);
    }

    private static AlertAssessment Build(ModelAnswerBody body, Verdict verdict, Alert alert)
    {
        var known = alert.Entities.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        var problems = new List<string>();
        return new AlertAssessment
        {
            Verdict = verdict,
            Confidence = body.Confidence,
            Reasoning = UntrustedText.ForPeople(body.Reasoning, MaxReasoning),
            Evidence = [.. body.Evidence.Where(known.Contains).Distinct().Take(AlertLimits.MaxEntities)],
            Recommendations = Keep(body.Recommendations, known, problems),
            By = AssessedBy.Model,
            Problem = problems.Count == 0 ? null : string.Join(" ", problems),
        };
    }

    private static List<Recommendation> Keep(IReadOnlyList<AnswerRecommendation> recommended, HashSet<string> known, List<string> problems)
    {
        var kept = new List<Recommendation>();
        int nowhere = 0,
            nameless = 0,
            tooMany = 0;
        foreach (var r in recommended)
        {
            if (r.EntityId != AlertItself && !known.Contains(r.EntityId))
                nowhere++;
            else if (string.IsNullOrWhiteSpace(r.Action) || r.Action.Length > MaxActionName)
                nameless++;
            else if (kept.Count == MaxRecommendations)
                tooMany++;
            else
                kept.Add(new Recommendation(r.Action, r.EntityId, r.Confidence, UntrustedText.ForPeople(r.Reason, MaxReason)));
        }
        if (nowhere > 0)
            problems.Add($"The model recommended {nowhere} action(s) on something that is not an entity of this alert; dropped.");
        if (nameless > 0)
            problems.Add($"The model recommended {nameless} action(s) without a usable name; dropped.");
        if (tooMany > 0)
            problems.Add($"The model recommended more than {MaxRecommendations} actions; the last {tooMany} dropped.");
        return kept;
    }

    private static bool InRange(int confidence) => confidence is >= 0 and <= 100;

    private static Verdict? Verdicts(string text) =>
        text switch
        {
            "true_positive" => Verdict.TruePositive,
            "benign_positive" => Verdict.BenignPositive,
            "false_positive" => Verdict.FalsePositive,
            "unknown" => Verdict.Unknown,
            _ => null,
        };
}

internal sealed record ModelAnswerBody(
    string Verdict,
    int Confidence,
    string Reasoning,
    IReadOnlyList<string> Evidence,
    IReadOnlyList<AnswerRecommendation> Recommendations
);

internal sealed record AnswerRecommendation(string Action, string EntityId, int Confidence, string Reason);

[JsonSerializable(typeof(ModelAnswerBody))]
internal sealed partial class AnswerJson : JsonSerializerContext;

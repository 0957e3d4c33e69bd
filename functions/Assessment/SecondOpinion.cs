using System.Globalization;
using IRFunctions.Decisions;

namespace IRFunctions.Assessment;

/// <summary>
/// Several answers of the model to the same question as one (self-consistency). Disagreement only ever lowers confidence: a verdict or an
/// action that some samples do not share counts as 0 in those, and one that fewer than half share is dropped. Pure.
/// </summary>
internal static class SecondOpinion
{
    /// <param name="answers">Answers that could be read, at least one.</param>
    /// <param name="asked">How often the model was asked; answers that failed count as disagreement.</param>
    public static AlertAssessment Of(IReadOnlyList<AlertAssessment> answers, int asked)
    {
        if (asked == 1)
            return answers[0];
        // Of equally many the first verdict in the enumeration, which is the most cautious: unknown.
        var verdict = answers.GroupBy(a => a.Verdict).OrderByDescending(g => g.Count()).ThenBy(g => g.Key).First();
        var agreed = verdict.Count() * 2 > asked;
        var first = verdict.First();
        return first with
        {
            Verdict = agreed ? first.Verdict : Verdict.Unknown,
            Confidence = agreed ? verdict.Sum(a => a.Confidence) / asked : 0,
            Evidence =
            [
                .. answers
                    .SelectMany(a => a.Evidence.Distinct())
                    .GroupBy(e => e, StringComparer.Ordinal)
                    .Where(g => g.Count() * 2 > asked)
                    .Select(g => g.Key),
            ],
            Recommendations = [.. Shared(answers, asked)],
            Problem = Join(answers.Select(a => a.Problem)),
            Agreement = string.Create(CultureInfo.InvariantCulture, $"{(agreed ? verdict.Count() : 0)} of {asked}"),
            InputTokens = answers.Sum(a => a.InputTokens),
            OutputTokens = answers.Sum(a => a.OutputTokens),
        };
    }

    /// <summary>In an answer that says the same thing twice the lower confidence counts, as in the decision.</summary>
    private static IEnumerable<Recommendation> Shared(IReadOnlyList<AlertAssessment> answers, int asked) =>
        answers
            .SelectMany(a => a.Recommendations.GroupBy(r => (r.Action, r.EntityId)).Select(g => g.MinBy(r => r.Confidence)!))
            .GroupBy(r => (r.Action, r.EntityId))
            .Where(g => g.Count() * 2 > asked)
            .Select(g => g.First() with { Confidence = g.Sum(r => r.Confidence) / asked })
            .Take(AnswerReader.MaxRecommendations);

    private static string? Join(IEnumerable<string?> problems) =>
        problems.OfType<string>().Distinct().ToArray() is { Length: > 0 } all ? string.Join(" ", all) : null;
}

using System.Globalization;
using System.Text;
using IRFunctions.Assessment;

namespace IRFunctions.Local.Evaluation;

/// <summary>Who was asked what.</summary>
internal sealed record Subject(string Model, string Endpoint, string Cases, int Samples, DateTimeOffset At);

/// <summary>The figures in words, for a terminal.</summary>
internal static class ReportText
{
    public static string Of(Score score, Subject subject)
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{subject.Model} at {subject.Endpoint}: {score.Plain.Count} labelled alerts, {score.Planted.Count} with planted text, "
                + $"prompt {Prompt.Classify.Version} ({Prompt.Classify.Hash[..12]})"
        );
        foreach (var (name, value, note) in Lines(score))
            text.AppendLine($"  {name.PadRight(25)} {value.PadRight(22)} {note}");
        return text.ToString();
    }

    /// <summary>Name, figure, and what it is about.</summary>
    public static IEnumerable<(string Name, string Value, string Note)> Lines(Score score)
    {
        yield return ("precision", Of(score.Precision), "of the alerts called malicious, those that are");
        yield return ("recall", Of(score.Recall), "of the malicious alerts, those called so");
        yield return ("right verdicts", Of(score.Accuracy), "of all alerts; unknown is not right");
        yield return (
            "calibration error",
            Number(score.CalibrationError),
            "distance of confidence from the share of right answers; 0 is best"
        );
        yield return ("Brier score", Number(score.Brier), "0 is best, 0.25 is a coin");
        yield return ("helpful recommendation", Of(score.Helpful), "of the malicious alerts for which an action would help");
        yield return ("unsafe recommendation", Of(score.Unsafe), "containment without an attack, or an unknown action");
        yield return (
            "injection: answer changed",
            Of(score.InjectionChanged),
            "planted text changed verdict or recommendations either way, chance included"
        );
        yield return (
            "injection: obeyed",
            Of(score.InjectionSuccess),
            "of all: dismissed the alert, added an action, or turned the prompt out"
        );
        yield return ("injection: would run", Of(score.InjectionExecutes), "of all: what would run alone by the policy is something else");
        yield return ("prompt turned out", score.Leaks.ToString(CultureInfo.InvariantCulture), "times, each caught by the planted strings");
        yield return ("rules had to answer", Of(score.FellBack), "no usable answer of the model");
        yield return ("latency", $"{Seconds(score, 0.5)} / {Seconds(score, 0.95)}", "half of the answers, 95% of them");
        yield return ("input tokens", Tokens(score), "median of an alert; all questions and answers together");
        yield return (
            "cost",
            score.Cost == 0 ? "no prices given" : score.Cost.ToString("0.0000", CultureInfo.InvariantCulture),
            "by --input-price and --output-price a million tokens"
        );
    }

    public static string Of(Share share)
    {
        if (share.Of == 0)
            return "none to count";
        var (low, high) = share.Interval;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{100 * share.Value:0}% ({share.Hits}/{share.Of}; {100 * low:0}-{100 * high:0}%)"
        );
    }

    public static string Number(double value) =>
        double.IsNaN(value) ? "none to count" : value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Seconds(Score score, double share) =>
        string.Create(CultureInfo.InvariantCulture, $"{Score.Percentile(score.Seconds, share):0.000} s");

    private static string Tokens(Score score) =>
        score.InputTokens.Count == 0
            ? "not told"
            : string.Create(CultureInfo.InvariantCulture, $"{score.InputTokens[score.InputTokens.Count / 2]}; {score.Tokens} in all");
}

using System.Globalization;
using System.Text;
using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>The containment threshold: identity, pattern and target together, each contribution visible.</summary>
internal static class RiskRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        var threshold = question.Policy.Threshold;
        if (!threshold.TargetKinds.Contains(question.Target.Kind))
            return;
        var (points, account) = Score(question, threshold);
        if (points < threshold.AskAt)
            ruling.Hold("risk", $"Risk {points} is below {threshold.AskAt}, from which containment is considered: {account}.");
        else if (points < threshold.ActAt)
            ruling.Ask("risk", $"Risk {points} is below {threshold.ActAt}, from which containment may run alone: {account}.");
        else
            ruling.Note("risk", $"Risk {points} reaches {threshold.ActAt}: {account}.");
    }

    /// <summary>Points, and how they came about.</summary>
    internal static (int Points, string Account) Score(Question question, RiskThreshold threshold)
    {
        Span<int> points = stackalloc int[3];
        var account = new StringBuilder(160);
        Add(RiskDimension.Pattern, "severity ", SeverityWord(question.Alert.Severity), threshold.Severity, points, account);
        AddTechniques(question.Alert, threshold, points, account);
        AddEvidence(question.Entity, threshold, points, account);
        AddIdentity(question.Identity, threshold, points, account);
        var total = 0;
        for (var dimension = 0; dimension < points.Length; dimension++)
        {
            if (points[dimension] > threshold.Caps[dimension])
                account.Append(CultureInfo.InvariantCulture, $", {DimensionWord(dimension)} capped at {threshold.Caps[dimension]}");
            total += Math.Min(points[dimension], threshold.Caps[dimension]);
        }

        return (total, account.Length == 0 ? "nothing contributes" : account.ToString());
    }

    private static void AddTechniques(Alert alert, RiskThreshold threshold, Span<int> points, StringBuilder account)
    {
        // The heaviest technique counts, not the sum: sources differ in how many they list.
        var (best, name) = (0, "");
        foreach (var technique in alert.Techniques)
        {
            if (!threshold.Techniques.TryGetValue(technique, out var weight))
            {
                var dot = technique.IndexOf('.', StringComparison.Ordinal);
                if (dot < 0 || !threshold.Techniques.TryGetValue(technique[..dot], out weight))
                    continue;
            }

            if (weight > best || (weight == best && string.CompareOrdinal(technique, name) < 0))
                (best, name) = (weight, technique);
        }

        Add(RiskDimension.Pattern, "technique ", name, best, points, account);
    }

    private static void AddEvidence(Entity? entity, RiskThreshold threshold, Span<int> points, StringBuilder account)
    {
        var (best, name) = (0, "");
        Consider(entity?.SourceVerdict);
        foreach (var role in entity?.Roles ?? [])
            Consider(role);
        Add(RiskDimension.Target, "evidence ", name, best, points, account);

        void Consider(string? word)
        {
            // The table's own spelling is written down, never the source's.
            if (word is not null && threshold.Evidence.TryGetValue(word, out var weight) && weight > best)
                (best, name) = (weight, word.ToLowerInvariant());
        }
    }

    private static void AddIdentity(IdentityFacts? identity, RiskThreshold threshold, Span<int> points, StringBuilder account)
    {
        var type = identity is { Failed: null } ? identity.Type : IdentityType.Unknown;
        Add(RiskDimension.Identity, "identity ", PolicyWords.Of(type), threshold.Identities.GetValueOrDefault(type), points, account);
        if (identity is null)
            return;
        if (identity.Criticality is { } criticality && threshold.Criticality.TryGetValue(criticality, out var weight))
            Add(RiskDimension.Target, "criticality ", criticality.ToLowerInvariant(), weight, points, account);
        foreach (var signal in threshold.SignalOrder)
            if (Longest(identity.Signals, signal.Name) is { } minutes)
                Add(signal.Dimension, "", signal.Name, (int)Math.Min(1_000, signal.Weight + ((long)signal.PerMinute * minutes)), points, account);
    }

    private static int? Longest(IReadOnlyList<ObservedSignal> signals, string name)
    {
        int? longest = null;
        foreach (var signal in signals)
            if (signal.Name == name)
                longest = Math.Max(longest ?? 0, signal.Minutes);
        return longest;
    }

    private static void Add(RiskDimension dimension, string kind, string name, IReadOnlyDictionary<string, int> weights, Span<int> points,
        StringBuilder account) =>
        Add(dimension, kind, name, weights.GetValueOrDefault(name), points, account);

    private static void Add(RiskDimension dimension, string kind, string name, int weight, Span<int> points, StringBuilder account)
    {
        if (weight == 0)
            return;
        points[(int)dimension] += weight;
        account.Append(account.Length == 0 ? "" : ", ").Append(kind).Append(name).Append(" +").Append(weight)
            .Append(" (").Append(DimensionWord((int)dimension)).Append(')');
    }

    private static string DimensionWord(int dimension) => dimension switch { 0 => "identity", 1 => "pattern", _ => "target" };

    private static string SeverityWord(Severity severity) => severity switch
    {
        Severity.High => "high",
        Severity.Medium => "medium",
        Severity.Low => "low",
        Severity.Informational => "informational",
        _ => "unknown",
    };
}

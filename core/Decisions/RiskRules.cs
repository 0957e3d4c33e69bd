using System.Globalization;
using System.Text;
using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>The containment threshold: identity, pattern and target together, each contribution visible.</summary>
internal static class RiskRules
{
    private const int LongestDetail = 300;

    public static void Apply(Question question, Ruling ruling, Doubts doubts)
    {
        var threshold = question.Policy.Threshold;
        if (!threshold.TargetKinds.Contains(question.Target.Kind))
            return;
        if (question.Identity is { CriticalityFailed: not null })
        {
            doubts.Add("criticality-lookup", $"How critical {question.Target.Kind} {question.EntityId} is could not be learned.");
            ruling.Ask("criticality-lookup", "How critical this is could not be learned, so nothing runs alone on it.");
        }
        ApplySignals(question, threshold, ruling, doubts);
        var (points, account) = Score(question, threshold);
        if (points < threshold.AskAt)
            ruling.Hold("risk", $"Risk {points} is below {threshold.AskAt}, from which containment is considered: {account}.");
        else if (points < threshold.ActAt)
            ruling.Ask("risk", $"Risk {points} is below {threshold.ActAt}, from which containment may run alone: {account}.");
        else
            ruling.Note("risk", $"Risk {points} reaches {threshold.ActAt}: {account}.");
    }

    /// <summary>What was seen stands in the decision with its source; what could not be looked at asks a person (S12).</summary>
    private static void ApplySignals(Question question, RiskThreshold threshold, Ruling ruling, Doubts doubts)
    {
        if (question.Identity is not { } identity)
            return;
        foreach (var signal in identity.Signals)
            if (signal.Detail is { } detail && threshold.Signal(signal.Name) is not null)
                ruling.Note("signal", $"{signal.Name}: {TextBounds.OneLine(detail, LongestDetail)}");
        string[] unknown =
        [
            .. identity
                .UnknownSignals.Where(u => threshold.Signal(u.Name) is not null)
                .Select(u => u.Name)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
        if (unknown.Length == 0)
            return;
        var why = string.Join("; ", identity.UnknownSignals.Select(u => u.Why).Distinct().Order(StringComparer.Ordinal));
        doubts.Add("signals-lookup", $"Not known of {question.Target.Kind} {question.EntityId}: {string.Join(", ", unknown)}.");
        ruling.Ask(
            "signals-lookup",
            $"Not known: {string.Join(", ", unknown)}, so nothing runs alone on it: {TextBounds.OneLine(why, LongestDetail)}"
        );
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
        AddCriticality(question, threshold, points, account);
        AddSignals(question.Identity, threshold, points, account);
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
    }

    /// <summary>
    /// Points as the register says. A registration on the protected list is named beside them and adds none: it is caution in the policy,
    /// and more caution there must never turn a hold into a question or a question into an effect (docs/decisions/0007).
    /// </summary>
    private static void AddCriticality(Question question, RiskThreshold threshold, Span<int> points, StringBuilder account)
    {
        if (question.Identity?.Criticality is { } criticality && threshold.Criticality.TryGetValue(criticality, out var weight))
            Add(RiskDimension.Target, "criticality ", criticality.ToLowerInvariant(), weight, points, account);
        if (IsRegistered(question))
            account.Append(account.Length == 0 ? "" : ", ").Append("registered as critical, which adds caution and no points");
    }

    // By the target's id and the directory's names; protection itself looks at what the alert claims, too.
    private static bool IsRegistered(Question question)
    {
        if (question.Policy.IsRegistered(question.Target.Id, question.Facts.Now))
            return true;
        foreach (var alias in question.Identity?.Aliases ?? [])
            if (question.Policy.IsRegistered(alias, question.Facts.Now))
                return true;
        return false;
    }

    private static void AddSignals(IdentityFacts? identity, RiskThreshold threshold, Span<int> points, StringBuilder account)
    {
        if (identity is null)
            return;
        foreach (var signal in threshold.SignalOrder)
            if (Longest(identity.Signals, signal.Name) is { } minutes)
                Add(
                    signal.Dimension,
                    "",
                    signal.Name,
                    (int)Math.Min(1_000, signal.Weight + ((long)signal.PerMinute * minutes)),
                    points,
                    account
                );
    }

    private static int? Longest(IReadOnlyList<ObservedSignal> signals, string name)
    {
        int? longest = null;
        foreach (var signal in signals)
            if (signal.Name == name)
                longest = Math.Max(longest ?? 0, signal.Minutes);
        return longest;
    }

    private static void Add(
        RiskDimension dimension,
        string kind,
        string name,
        IReadOnlyDictionary<string, int> weights,
        Span<int> points,
        StringBuilder account
    ) => Add(dimension, kind, name, weights.GetValueOrDefault(name), points, account);

    private static void Add(RiskDimension dimension, string kind, string name, int weight, Span<int> points, StringBuilder account)
    {
        if (weight == 0)
            return;
        points[(int)dimension] += weight;
        account
            .Append(account.Length == 0 ? "" : ", ")
            .Append(kind)
            .Append(name)
            .Append(" +")
            .Append(weight)
            .Append(" (")
            .Append(DimensionWord((int)dimension))
            .Append(')');
    }

    private static string DimensionWord(int dimension) =>
        dimension switch
        {
            0 => "identity",
            1 => "pattern",
            _ => "target",
        };

    private static string SeverityWord(Severity severity) =>
        severity switch
        {
            Severity.High => "high",
            Severity.Medium => "medium",
            Severity.Low => "low",
            Severity.Informational => "informational",
            _ => "unknown",
        };
}

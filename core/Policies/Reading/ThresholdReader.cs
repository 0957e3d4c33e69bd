using System.Collections.Frozen;
using IRFunctions.Alerts;

namespace IRFunctions.Policies;

/// <summary>Reads threshold.yaml.</summary>
internal static class ThresholdReader
{
    private static readonly Dictionary<string, RiskDimension> Dimensions = new()
    {
        ["identity"] = RiskDimension.Identity,
        ["pattern"] = RiskDimension.Pattern,
        ["target"] = RiskDimension.Target,
    };

    private static readonly Dictionary<string, Severity> Severities = new()
    {
        ["unknown"] = Severity.Unknown,
        ["informational"] = Severity.Informational,
        ["low"] = Severity.Low,
        ["medium"] = Severity.Medium,
        ["high"] = Severity.High,
    };

    private static readonly Dictionary<string, ForeignTenantRule> ForeignTenants = new()
    {
        ["tell"] = ForeignTenantRule.Tell,
        ["refuse"] = ForeignTenantRule.Refuse,
    };

    private const int MostTag = 100;

    private static readonly Dictionary<string, SourceCommentRule> SourceComments = new()
    {
        ["none"] = SourceCommentRule.None,
        ["acted"] = SourceCommentRule.Acted,
        ["all"] = SourceCommentRule.All,
    };

    private static readonly Dictionary<string, SourceStatusRule> SourceStatuses = new()
    {
        ["none"] = SourceStatusRule.None,
        ["in_progress"] = SourceStatusRule.InProgress,
    };

    private static readonly Dictionary<string, SourceClassificationRule> SourceClassifications = new()
    {
        ["none"] = SourceClassificationRule.None,
        ["approved"] = SourceClassificationRule.Approved,
    };

    private static readonly string[] TargetKinds = ["account", "application", "host", "mailbox", "ip", "mailMessage"];

    public static RiskThreshold Read(Section file)
    {
        var askAt = file.Number("ask_at", 1, 1_000);
        var actAt = file.Number("act_at", 1, 1_000);
        if (actAt < askAt && file.Has("act_at"))
            file.Problem("act_at", $"acting alone at {actAt} would need less risk than asking at {askAt}");
        var threshold = new RiskThreshold
        {
            AskAt = askAt,
            ActAt = actAt,
            TargetKinds = ReadKinds(file).ToFrozenSet(StringComparer.Ordinal),
            Caps = ReadCaps(file, askAt, actAt),
            Severity = Weights(file, "severity", Severities.Keys, StringComparer.Ordinal),
            Techniques = Weights(file, "techniques", null, StringComparer.OrdinalIgnoreCase),
            Identities = ReadIdentities(file),
            Criticality = Weights(file, "criticality", null, StringComparer.OrdinalIgnoreCase),
            Evidence = Weights(file, "evidence", null, StringComparer.OrdinalIgnoreCase),
            SignalOrder = ReadSignals(file),
            PageWhenDismissedAt = file.Choice<Severity>("page_when_dismissed_at", Severities),
            ForeignTenant = file.Choice<ForeignTenantRule>("foreign_tenant", ForeignTenants, ForeignTenantRule.Tell),
            Source = ReadSource(file),
        };
        file.Close();
        return threshold;
    }

    private static SourceRule ReadSource(Section file)
    {
        var rule = new SourceRule(
            file.Choice<SourceCommentRule>("source_comment", SourceComments, SourceCommentRule.None),
            file.Words("source_tags"),
            file.Choice<SourceStatusRule>("source_status", SourceStatuses, SourceStatusRule.None),
            file.Choice<SourceClassificationRule>("source_classification", SourceClassifications, SourceClassificationRule.None)
        );
        foreach (var tag in rule.Tags.Where(t => t.Length > MostTag))
            file.Problem("source_tags", $"{PolicyErrors.Quote(tag)} has more than {MostTag} characters");
        var changes = rule.Tags.Count > 0 || rule.Status != SourceStatusRule.None || rule.Classification != SourceClassificationRule.None;
        if (changes && rule.Comment == SourceCommentRule.None)
            file.Problem(
                file.Has("source_comment") ? "source_comment" : "source_tags",
                "tags, status and classification come with a comment that says why; set source_comment to acted or all"
            );
        return rule;
    }

    private static IReadOnlyList<string> ReadKinds(Section file)
    {
        var kinds = file.Words("target_kinds", required: true);
        foreach (var kind in kinds.Except(TargetKinds))
            file.Problem(
                "target_kinds",
                $"{PolicyErrors.Quote(kind)} is no kind of target; there are {string.Join(", ", TargetKinds)}",
                DidYouMean.Guess(kind, TargetKinds)
            );
        return kinds;
    }

    /// <summary>
    /// The caps are what makes "together, never one alone" true: each dimension stays below the points at which anything happens.
    /// </summary>
    private static int[] ReadCaps(Section file, int askAt, int actAt)
    {
        var caps = new int[3];
        if (file.Map("caps") is not { } section)
            return caps;
        var before = true;
        foreach (var (word, dimension) in Dimensions)
        {
            before &= section.Has(word);
            var cap = caps[(int)dimension] = section.Number(word, 0, 1_000);
            if (cap >= askAt)
                section.Problem(
                    word,
                    $"with a cap of {cap}, {word} alone would reach the {askAt} points of ask_at; risk is identity, pattern and "
                        + $"target together"
                );
        }

        if (before && caps.Sum() < actAt)
            file.Problem("act_at", $"all caps together are {caps.Sum()}, so these {actAt} points can never be reached");
        section.Close();
        return caps;
    }

    private static FrozenDictionary<IdentityType, int> ReadIdentities(Section file)
    {
        var weights = new Dictionary<IdentityType, int>();
        if (file.Map("identities") is { } section)
        {
            foreach (var (name, type) in PolicyWords.IdentityTypes.OrderBy(pair => PolicyWords.InsteadOf(pair.Key) is null ? 0 : 1))
                weights[type] = section.Number(
                    name,
                    0,
                    1_000,
                    PolicyWords.InsteadOf(name) is { } other ? weights.GetValueOrDefault(PolicyWords.IdentityTypes[other]) : null
                );
            section.Close();
        }

        return weights.ToFrozenDictionary();
    }

    private static FrozenDictionary<string, int> Weights(Section file, string key, IEnumerable<string>? all, StringComparer comparer)
    {
        var weights = new Dictionary<string, int>(comparer);
        if (file.Map(key) is { } section)
        {
            foreach (var name in all ?? section.Keys)
                weights[name] = section.Number(name, 0, 1_000);
            section.Close();
        }

        return weights.ToFrozenDictionary(comparer);
    }

    private static List<RiskSignal> ReadSignals(Section file)
    {
        var signals = new List<RiskSignal>();
        foreach (var (name, _, section) in file.Named("signals"))
        {
            if (!SignalNames.All.Contains(name))
                file.Problems.Add(
                    section.Place,
                    section.Path,
                    $"no code fills the signal {PolicyErrors.Quote(name)}; there are {string.Join(", ", SignalNames.All)}",
                    DidYouMean.Guess(name, SignalNames.All)
                );
            signals.Add(
                new RiskSignal(
                    name,
                    section.Choice<RiskDimension>("dimension", Dimensions),
                    section.Number("weight", 0, 1_000),
                    section.Number("per_minute", 0, 1_000, 0),
                    section.Text("why"),
                    section.Has("least") ? section.Number("least", 1, 1_000_000) : null,
                    section.Has("times") ? section.Number("times", 2, 10_000) : null
                )
                {
                    Things = section.Words("things"),
                }
            );
            section.Close();
        }

        return signals;
    }
}

using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using Xunit.Abstractions;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// Injection invariance (S1, S2, S3, S4, S8, S9, S12, S13): whatever text stands in an alert and whatever the model answers, what runs or
/// is asked for stays within what the policy allows on trusted fields. 10,000 cases by default; IRFUNCTIONS_INVARIANCE_CASES=1000000 for
/// the long run. The last tests break the decision on purpose, one way each, and see the property fail: it is able to.
/// </summary>
public sealed class InjectionInvarianceTests(ITestOutputHelper output)
{
    private const int DefaultCases = 10_000;

    private static int Cases =>
        int.TryParse(
            Environment.GetEnvironmentVariable("IRFUNCTIONS_INVARIANCE_CASES"),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var n
        )
            ? n
            : DefaultCases;

    [Fact]
    public void What_executes_stays_within_what_the_policy_allows_on_trusted_fields()
    {
        var seen = new Tally();
        for (var seed = 0; seed < Cases; seed++)
        {
            var one = new InjectionCase(seed);
            var violations = Violations(one, Decider.Decide, seen).ToList();
            Assert.True(violations.Count == 0, $"{one}\n{string.Join('\n', violations)}\npayload: {one.Payload}\nanswer: {one.Answer}");
        }
        output.WriteLine($"{Cases} cases, {InjectionCase.Payloads.Length} payloads: {seen}");
        // A property about what runs means little where nothing runs.
        Assert.True(
            seen.Ran * 30 > Cases && seen.Asked * 10 > Cases && seen.SameEntities * 2 > Cases && seen.ByModel * 2 > Cases,
            seen.ToString()
        );
    }

    [Fact]
    public void Every_collected_payload_and_many_fields_of_real_alerts_are_among_the_cases()
    {
        Assert.True(InjectionCase.Payloads.Length >= 487);
        Assert.True(DefaultCases >= InjectionCase.Payloads.Length * 20);
        var places = Enumerable
            .Range(0, 2_000)
            .Select(s => new InjectionCase(s))
            .Select(c => (c.Untouched.Shape, c.Untouched.Id, c.Field))
            .Distinct()
            .Count();
        Assert.True(places > 500, $"{places} different places");
    }

    public static TheoryData<string> BrokenDecisions => [.. Broken.Keys];

    /// <summary>Each is a decision with one defect a careless change could bring; the property must notice every one.</summary>
    [Theory]
    [MemberData(nameof(BrokenDecisions))]
    public void A_decision_that_is_broken_on_purpose_is_caught(string defect)
    {
        foreach (var one in Enumerable.Range(0, 3_000).Select(s => new InjectionCase(s)))
        {
            if (Violations(one, Broken[defect], new Tally()) is not [var caught, ..])
                continue;
            Assert.Empty(Violations(one, Decider.Decide, new Tally())); // it is the defect that was caught
            output.WriteLine($"{one}: {caught}");
            return;
        }
        Assert.Fail("3,000 cases did not notice it");
    }

    private delegate IReadOnlyList<Decision> Decide(Alert alert, AlertAssessment assessment, Facts facts, Policy policy);

    private static readonly Dictionary<string, Decide> Broken = new(StringComparer.Ordinal)
    {
        ["does what the model says"] = (a, s, f, p) => Every(a, s, f, p, (_, d) => d with { Kind = DecisionKind.Run }),
        ["lets tier 3 be approved"] = (a, s, f, p) => Every(a, s, f, p, (_, d) => d.Tier == 3 ? d with { Kind = DecisionKind.Ask } : d),
        ["lets tier 2 run alone when the model is sure"] = (a, s, f, p) =>
            Every(
                a,
                s,
                f,
                p,
                (_, d) => d is { Kind: DecisionKind.Ask, Tier: 2, Confidence: > 95 } ? d with { Kind = DecisionKind.Run } : d
            ),
        ["obeys the title"] = (a, s, f, p) =>
            Every(
                a,
                s,
                f,
                p,
                (x, d) =>
                    d.Kind == DecisionKind.Ask && x.Title.Contains("ignore", StringComparison.OrdinalIgnoreCase)
                        ? d with
                        {
                            Kind = DecisionKind.Run,
                        }
                        : d
            ),
        ["aims at what the text names"] = (a, s, f, p) =>
            Every(
                a,
                s,
                f,
                p,
                (x, d) => d is { Kind: DecisionKind.Run, Target.Kind: not "alert" } ? d with { Target = d.Target with { Id = x.Title } } : d
            ),
        ["lets a description lower the severity"] = (a, s, f, p) =>
            Decider.Decide(a with { Severity = a.Description.Length > 400 ? Severity.Informational : a.Severity }, s, f, p),
        ["ignores doubt"] = (a, s, f, p) =>
            Decider.Decide(
                a,
                s with
                {
                    Problem = null,
                    Verdict = Verdict.TruePositive,
                    Recommendations = [.. s.Recommendations.Select(r => r with { Confidence = 100 })],
                },
                f,
                p
            ),
        ["forgets what is protected"] = (a, s, f, p) =>
            Decider.Decide(
                a,
                s,
                f with
                {
                    Identities = f.Identities.ToDictionary(i => i.Key, i => i.Value with { Aliases = [] }),
                    Approvers = [],
                    OwnIdentities = [],
                },
                Unprotected(p)
            ),
        ["forgets the budget"] = (a, s, f, p) => Decider.Decide(a, s, f, Unlimited(p)),
        ["forgets the stop"] = (a, s, f, p) => Decider.Decide(a, s, f with { Stop = null }, p),
        ["takes a failed lookup for a harmless one"] = (a, s, f, p) =>
            Decider.Decide(a, s, f with { Identities = f.Identities.ToDictionary(i => i.Key, i => i.Value with { Failed = null }) }, p),
        ["throws at some text"] = (a, s, f, p) =>
            a.Title.Contains('$', StringComparison.Ordinal)
                ? throw new InvalidOperationException("text broke it")
                : Decider.Decide(a, s, f, p),
    };

    private static IReadOnlyList<Decision> Every(
        Alert alert,
        AlertAssessment assessment,
        Facts facts,
        Policy policy,
        Func<Alert, Decision, Decision> change
    ) => [.. Decider.Decide(alert, assessment, facts, policy).Select(d => change(alert, d))];

    private static Policy Unprotected(Policy p) => new([], Parts(p) with { Protected = [] });

    private static Policy Unlimited(Policy p)
    {
        var plenty = new Budget(1_000, 1_000);
        return new Policy(
            [],
            Parts(p) with
            {
                Budgets = new Budgets(plenty, plenty, System.Collections.Frozen.FrozenDictionary<string, Budget>.Empty, plenty),
            }
        );
    }

    private static PolicyParts Parts(Policy p) =>
        new()
        {
            Actions = [.. p.Actions.Values],
            Ladders = [.. p.Ladders.Values],
            Reminder = p.Reminder,
            Budgets = p.Budgets,
            Playbooks = p.Playbooks,
            Shared = p.Shared,
            SeveralRoles = p.SeveralRoles,
            Threshold = p.Threshold,
            Checks = [.. p.Checks.Values],
            Protected = p.Protected,
            Exceptions = p.Exceptions,
            Windows = p.Windows,
            Jobs = p.Jobs,
            Breaker = p.Breaker,
        };

    private static List<string> Violations(InjectionCase one, Decide decide, Tally seen)
    {
        if (one.Planted is not { } planted)
            return [];
        var assessment = one.Read(planted);
        IReadOnlyList<Decision> decisions;
        string prompt;
        try
        {
            prompt = AlertMessage.Write(planted);
            decisions = decide(planted, assessment, one.Facts, one.Policy);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return [$"threw {e.GetType().Name}: {e.Message}"];
        }
        seen.Count(one, assessment, decisions);
        var violations = new AllowedByPolicy(one.Untouched, one.Facts, one.Policy).Violations(decisions, assessment).ToList();
        if (prompt.Count(c => c == '<') != 4)
            violations.Add("the text left its frame");
        // The same answer about the same things: text makes no difference at all, in either direction.
        if (one.SameEntities && assessment.By == AssessedBy.Model)
        {
            var before = Shape(Decider.Decide(one.Untouched, assessment, one.Facts, one.Policy), one.Untouched);
            var after = Shape(decisions, planted);
            if (before != after)
                violations.Add($"text made a difference:\n{before}\nbecame\n{after}");
        }
        return violations;
    }

    /// <summary>All of a decision that has an effect; display texts are for people.</summary>
    private static string Shape(IReadOnlyList<Decision> decisions, Alert alert) =>
        string.Join(
            '\n',
            decisions.Select(d =>
                $"{d.Kind} {d.Action} {(d.Target.Kind == "alert" ? d.Target.Id == alert.Id ? "alert" : d.Target.Id : d.Target.Key)} "
                + $"tier {d.Tier} quorum {d.Quorum} step {d.Step} {d.ApprovalTimeout} {d.MaxDuration} {BatchOf(d, alert)}"
            )
        );

    // Named after the incident: some sources keep its id in a field called name, where text was planted.
    private static string? BatchOf(Decision decision, Alert alert) =>
        decision.Batch?.Replace($":{alert.IncidentId ?? alert.Id}", ":incident", StringComparison.Ordinal);

    private sealed class Tally
    {
        public int Ran { get; private set; }
        public int Asked { get; private set; }
        public int SameEntities { get; private set; }
        public int ByModel { get; private set; }

        public void Count(InjectionCase one, AlertAssessment assessment, IReadOnlyList<Decision> decisions)
        {
            if (decisions.Any(d => d is { Kind: DecisionKind.Run, Target.Kind: not "alert" }))
                Ran++;
            if (decisions.Any(d => d is { Kind: DecisionKind.Ask, Target.Kind: not "alert" }))
                Asked++;
            if (one.SameEntities)
                SameEntities++;
            if (assessment.By == AssessedBy.Model)
                ByModel++;
        }

        public override string ToString() =>
            $"something ran in {Ran}, was asked for in {Asked}; {SameEntities} with the same entities, {ByModel} answers the reader took";
    }
}

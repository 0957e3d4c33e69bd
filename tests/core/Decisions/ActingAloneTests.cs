using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using IRFunctions.Tests.Policies;

namespace IRFunctions.Tests.Decisions;

/// <summary>
/// The shipped policy lets no action contain an identity alone. Here one is let loose, and each rule has to catch it by itself: what runs
/// in the first test must not run once a single thing is different.
/// </summary>
public sealed class ActingAloneTests
{
    private const string Account = "00000000-0000-4000-8000-000000000101";

    private static readonly Policy Loose = LooseWith();

    private static readonly Alert Alert = new()
    {
        Id = "a1",
        TenantId = "t",
        Shape = AlertShape.GraphAlert,
        Title = "t",
        Severity = Severity.High,
        Techniques = ["T1078"],
        Entities =
        [
            new AccountEntity
            {
                Id = "e1",
                ObjectId = Account,
                SourceVerdict = "malicious",
            },
        ],
    };

    private static readonly AlertAssessment Assessment = new()
    {
        Verdict = Verdict.TruePositive,
        Confidence = 90,
        Reasoning = "",
        By = AssessedBy.Model,
        Recommendations = [new Recommendation("disable_user_account_temporarily", "e1", 90, "")],
    };

    private static readonly IdentityFacts Person = new() { Type = IdentityType.Person, Criticality = "high" };

    private static readonly Facts Facts = FactsAbout(Person);

    [Fact]
    public void All_is_well_and_it_runs() => AssertKind(DecisionKind.Run, "risk", Decide(Alert, Facts, Loose));

    [Fact]
    public void An_identity_the_directory_does_not_know_asks() =>
        AssertKind(DecisionKind.Ask, "playbook", Decide(Alert, FactsAbout(Person with { Type = IdentityType.Unknown }), Loose));

    [Fact]
    public void A_failed_lookup_asks_and_is_doubt()
    {
        var decisions = Decider.Decide(
            Alert,
            Assessment,
            FactsAbout(Person with { Failed = "away" }),
            LooseWith(("identities.yaml", "alone: false", "alone: true"))
        );
        AssertKind(DecisionKind.Ask, "identity-lookup", decisions.Single(decision => decision.Target.Kind == "account"));
        Assert.Contains(decisions, decision => decision is { Action: "send_analyst_notification", Kind: DecisionKind.Run });
    }

    [Fact]
    public void A_shared_identity_asks() =>
        AssertKind(DecisionKind.Ask, "playbook", Decide(Alert, FactsAbout(Person with { Shared = true }), Loose));

    [Fact]
    public void Several_roles_ask() =>
        AssertKind(DecisionKind.Ask, "playbook", Decide(Alert, FactsAbout(Person with { Roles = ["one", "two"] }), Loose));

    [Fact]
    public void An_on_premises_master_asks() =>
        AssertKind(DecisionKind.Ask, "on-premises", Decide(Alert, FactsAbout(Person with { OnPremisesSynced = true }), Loose));

    [Fact]
    public void Too_little_risk_asks() =>
        AssertKind(DecisionKind.Ask, "risk", Decide(Alert with { Severity = Severity.Medium, Techniques = [] }, Facts, Loose));

    [Fact]
    public void One_dimension_however_loud_asks()
    {
        // 25 + 8 + 18 + 18 + 15 points of pattern count as 29, and 15 of identity make 44 of 60.
        var loud = new IdentityFacts
        {
            Type = IdentityType.Person,
            Signals = [new("privilege_change"), new("token_minting"), new("cross_system_movement")],
        };
        var quiet = Alert with { Entities = [new AccountEntity { Id = "e1", ObjectId = Account }] };
        var decision = Decide(quiet, FactsAbout(loud), Loose);
        AssertKind(DecisionKind.Ask, "risk", decision);
        Assert.Contains("Risk 44", decision.Reasons.Single(reason => reason.Rule == "risk").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_contribution_to_the_risk_is_named()
    {
        var text = Decide(Alert, FactsAbout(Person with { Signals = [new("publicly_exposed_key", Minutes: 3)] }), Loose)
            .Reasons.Single(reason => reason.Rule == "risk")
            .Text;
        Assert.Equal(
            "Risk 69 reaches 60: severity high +25 (pattern), technique T1078 +8 (pattern), evidence malicious +10 (target), "
                + "identity person +15 (identity), criticality high +10 (target), publicly_exposed_key +23 (target), pattern capped "
                + "at 29, target capped at 25.",
            text
        );
    }

    [Theory]
    [InlineData("2026-12-01T02:30:00Z")]
    [InlineData("2026-12-01T04:00:00Z")]
    public void Our_own_action_just_now_or_ahead_of_our_clock_asks(string when) =>
        AssertKind(
            DecisionKind.Ask,
            "context-unmet",
            Decide(Alert, FactsAbout(Person with { LastOwnAction = DateTimeOffset.Parse(when, null) }), Loose)
        );

    [Fact]
    public void An_approved_job_asks() =>
        AssertKind(
            DecisionKind.Ask,
            "context-unmet",
            Decide(
                Alert,
                Facts with
                {
                    Checks = new Dictionary<string, ContextFact> { [$"not_an_approved_job@account:{Account}"] = new("true") },
                },
                Loose
            )
        );

    [Theory]
    [InlineData(2, 2)]
    [InlineData(0, 5)]
    public void A_spent_budget_asks_in_one_batch_about_the_identity(int lastMinute, int lastHour)
    {
        var spent = new Dictionary<string, BudgetSpent> { [$"identity:account:{Account}"] = new(lastMinute, lastHour) };
        var decision = Decide(Alert, Facts with { Budgets = new BudgetFacts { Spent = spent } }, Loose);
        AssertKind(DecisionKind.Ask, "budget", decision);
        Assert.Equal($"over-budget:account:{Account}", decision.Batch);
    }

    [Fact]
    public void Soft_containment_comes_before_hard()
    {
        var both = Assessment with
        {
            Recommendations = [.. Assessment.Recommendations, new Recommendation("revoke_user_sessions", "e1", 90, "")],
        };
        var catalogue = Shipped.Catalogue;
        var policy = PolicyLoader.Load(Shipped.Files, catalogue, Shipped.Today).Policy!;
        var decisions = Decider.Decide(Alert, both, Facts, policy).Where(decision => decision.Target.Kind == "account");
        Assert.Equal(
            [("revoke_user_sessions", 1), ("disable_user_account_temporarily", 2)],
            decisions.Select(decision => (decision.Action, decision.Step))
        );
    }

    [Fact]
    public void What_has_to_be_found_out_is_listed_once()
    {
        var needed = FactsNeeded.For(
            Alert,
            Assessment with
            {
                Recommendations = [.. Assessment.Recommendations, .. Assessment.Recommendations],
            },
            Loose
        );
        Assert.Equal([$"account:{Account}"], needed.Identities.Select(target => target.Key));
        Assert.Equal(
            [$"not_an_approved_job@account:{Account}", $"not_touched_by_us@account:{Account}"],
            needed.Checks.Select(check => check.Key)
        );
        Assert.Equal(["action:disable_user_account_temporarily", $"identity:account:{Account}", "tenant"], needed.BudgetKeys);
    }

    [Theory]
    [InlineData(null, DecisionKind.Ask)]
    [InlineData(6.9, DecisionKind.Run)]
    [InlineData(7.1, DecisionKind.Ask)]
    public void An_undo_that_was_not_rehearsed_lately_asks_where_the_policy_wants_it(double? daysAgo, DecisionKind kind)
    {
        var policy = Shipped.Load(
            Shipped.Changed(LooseFiles(), "actions.yaml", "    max_duration: 2 h", "    max_duration: 2 h\n    drill_within: 7 d")
        );
        var drills = new Dictionary<string, DrillFact>();
        if (daysAgo is { } days)
            drills["disable_user_account_temporarily"] = new(Shipped.Today.AddDays(-days), 1);
        AssertKind(kind, "drill", Decide(Alert, Facts with { Drills = drills }, policy));
    }

    private static Policy LooseWith(params (string File, string Old, string New)[] changes) => Shipped.Load(LooseFiles(changes));

    private static IReadOnlyList<PolicyFile> LooseFiles(params (string File, string Old, string New)[] changes)
    {
        var files = Shipped.Changed(Shipped.Files, "actions.yaml", "    tier: 2\n    mode: ask", "    tier: 1\n    mode: act");
        files = Shipped.Changed(
            files,
            "identities.yaml",
            "disabling is for when that is not enough\n    soft: [revoke_user_sessions]\n    hard: "
                + "[disable_user_account_temporarily]\n    first: soft\n    alone: false",
            "x\n    soft: [revoke_user_sessions]\n    hard: [disable_user_account_temporarily]\n    alone: true"
        );
        foreach (var (file, old, replacement) in changes)
            files = Shipped.Changed(
                files,
                file,
                $"so a person looks first\n    soft: [revoke_user_sessions, revoke_api_key]\n    hard: "
                    + $"[disable_user_account_temporarily]\n    first: soft\n    {old}",
                $"x\n    soft: [revoke_user_sessions, revoke_api_key]\n    hard: [disable_user_account_temporarily]\n    {replacement}"
            );
        return files;
    }

    private static Facts FactsAbout(IdentityFacts identity) =>
        new()
        {
            Now = Shipped.Today,
            Identities = new Dictionary<string, IdentityFacts> { [$"account:{Account}"] = identity },
            Checks = new Dictionary<string, ContextFact>
            {
                [$"not_an_approved_job@account:{Account}"] = new("false"),
                [$"not_touched_by_us@account:{Account}"] = new(identity.LastOwnAction?.ToString("O") ?? "never"),
            },
        };

    private static Decision Decide(Alert alert, Facts facts, Policy policy) =>
        Decider.Decide(alert, Assessment, facts, policy).Single(decision => decision.Target.Kind == "account");

    private static void AssertKind(DecisionKind kind, string rule, Decision decision)
    {
        Assert.True(kind == decision.Kind, $"{decision.Kind}: {string.Join(" | ", decision.Reasons)}");
        Assert.Contains(decision.Reasons, reason => reason.Rule == rule);
    }
}

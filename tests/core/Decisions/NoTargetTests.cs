using IRFunctions.Alerts;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Tests.Alerts;
using IRFunctions.Tests.Policies;

namespace IRFunctions.Tests.Decisions;

/// <summary>What no action could find or touch is told to people at once: nobody is asked, nothing runs (S4).</summary>
public sealed class NoTargetTests
{
    private static readonly Facts Facts = new() { Now = Shipped.Today };

    [Theory]
    [InlineData("022", "disable_user_account_temporarily")]
    [InlineData("022", "revoke_user_sessions")]
    [InlineData("017", "quarantine_email")]
    [InlineData("036", "quarantine_email")]
    [InlineData("020", "disable_user_account_temporarily")]
    public void An_action_on_what_is_no_target_is_told_and_never_asked(string number, string action)
    {
        var alert = Real.Alert(Real.Case(number));
        var assessment = new AlertAssessment
        {
            Verdict = Verdict.TruePositive,
            Confidence = 95,
            Reasoning = "Recommended by a model that does not know better.",
            By = AssessedBy.Model,
            Recommendations = [new Recommendation(action, "e1", 95, "It looks hostile.")],
        };
        var decisions = Decider.Decide(alert, assessment, Facts, Shipped.Policy);
        var decided = Assert.Single(decisions, decision => decision.Action == action);
        Assert.Equal(DecisionKind.Tell, decided.Kind);
        Assert.Contains(decided.Reasons, reason => reason.Rule is "wrong-target");
    }

    /// <summary>Case 008: nobody was paged at "critical".</summary>
    [Fact]
    public void A_critical_alert_pages_and_asks_like_a_high_one()
    {
        var critical = Real.Case("008");
        var high = Real.Case("008");
        high["severity"] = "high";
        Assert.Equal(Recommended(Real.Alert(high)), Recommended(Real.Alert(critical)));
        Assert.Contains("send_analyst_notification", Recommended(Real.Alert(critical)));
    }

    private static string[] Recommended(Alert alert) =>
        [
            .. RuleBasedAnswer
                .For(alert, Tests.Assessment.GivenClassifier.Actions)
                .Recommendations.Select(recommendation => recommendation.Action),
        ];
}

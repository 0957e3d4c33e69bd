using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IRFunctions.Assessment;
using IRFunctions.Decisions;

namespace IRFunctions.Tests.Assessment;

/// <summary>Several answers to one question: disagreement lowers confidence and never raises it.</summary>
public sealed class SecondOpinionTests
{
    private static string Watch(int confidence) =>
        ScriptedModel.Answer(
            $$"""[{"action":"add_ip_to_watchlist","entity_id":"e1","confidence":{{confidence}},"reason":"r"}]""",
            confidence.ToString(System.Globalization.CultureInfo.InvariantCulture)
        );

    private static async Task<AlertAssessment> AskAsync(params string?[] answers)
    {
        var next = -1;
        var handler = new ScriptedModel(() =>
            answers[Interlocked.Increment(ref next)] is { } answer
                ? new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new StringContent(ScriptedModel.Completion(answer), Encoding.UTF8, "application/json"),
                }
                : new HttpResponseMessage(HttpStatusCode.BadRequest)
                {
                    Content = new StringContent("{}", Encoding.UTF8, "application/json"),
                }
        );
        var options = GivenClassifier.Options with { Samples = answers.Length, Retries = 0 };
        return await new Classifier(ModelConnection.Create(options, handler: handler, time: new InstantClock()), options).AssessAsync(
            GivenClassifier.SpraySignIn,
            GivenClassifier.Actions
        );
    }

    [Fact]
    public async Task Samples_that_agree_keep_their_mean()
    {
        var assessment = await AskAsync(Watch(90), Watch(96), Watch(93));
        Assert.Equal((Verdict.TruePositive, 93, "3 of 3"), (assessment.Verdict, assessment.Confidence, assessment.Agreement));
        Assert.Equal(93, Assert.Single(assessment.Recommendations).Confidence);
        Assert.Equal((2_700, 240), (assessment.InputTokens, assessment.OutputTokens));
    }

    [Fact]
    public async Task One_that_disagrees_lowers_the_confidence_of_all()
    {
        var assessment = await AskAsync(Watch(90), ScriptedModel.Answer(verdict: "false_positive"), Watch(90));
        Assert.Equal((Verdict.TruePositive, 60, "2 of 3"), (assessment.Verdict, assessment.Confidence, assessment.Agreement));
        Assert.Equal(60, Assert.Single(assessment.Recommendations).Confidence);
    }

    [Fact]
    public async Task Without_a_majority_nothing_is_known_and_nothing_recommended()
    {
        var assessment = await AskAsync(
            Watch(100),
            ScriptedModel.Answer(verdict: "false_positive"),
            ScriptedModel.Answer(verdict: "benign_positive")
        );
        Assert.Equal((Verdict.Unknown, 0), (assessment.Verdict, assessment.Confidence));
        Assert.Empty(assessment.Recommendations);
    }

    [Fact]
    public async Task A_sample_that_failed_counts_as_disagreement_and_all_failed_is_the_rules()
    {
        Assert.Equal(60, Assert.Single((await AskAsync(Watch(90), null, Watch(90))).Recommendations).Confidence);
        Assert.Empty((await AskAsync(Watch(90), null, null)).Recommendations);
        var none = await AskAsync(null, null, null);
        Assert.Equal(AssessedBy.Rules, none.By);
        Assert.Contains("400", none.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_sample_that_leaks_is_an_injection_whatever_the_others_say()
    {
        var canary = new Canary();
        var next = 0;
        var handler = new ScriptedModel(() =>
            new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent(
                    ScriptedModel.Completion(Interlocked.Increment(ref next) == 2 ? $"I was told {canary.Marker}" : Watch(99)),
                    Encoding.UTF8,
                    "application/json"
                ),
            }
        );
        var options = GivenClassifier.Options with { Samples = 3 };
        var assessment = await new Classifier(ModelConnection.Create(options, handler: handler), options) { Canary = canary }.AssessAsync(
            GivenClassifier.SpraySignIn,
            GivenClassifier.Actions
        );
        Assert.True(assessment.Injection);
        Assert.Equal(AssessedBy.Rules, assessment.By);
    }

    [Fact]
    public void No_opinion_is_surer_than_the_surest_sample_or_recommends_what_half_do_not() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2_000),
            Prop.ForAll(
                Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
                seed =>
                {
                    var random = new Random(seed);
                    var asked = random.Next(1, 8);
                    AlertAssessment[] answers = [.. Enumerable.Range(0, random.Next(1, asked + 1)).Select(_ => Any(random))];
                    var one = SecondOpinion.Of(answers, asked);
                    Assert.InRange(one.Confidence, 0, answers.Max(a => a.Confidence));
                    if (asked == 1)
                        return;
                    foreach (var r in one.Recommendations)
                    {
                        var said = answers
                            .SelectMany(a => a.Recommendations)
                            .Where(x => (x.Action, x.EntityId) == (r.Action, r.EntityId))
                            .ToArray();
                        Assert.InRange(r.Confidence, 0, said.Max(x => x.Confidence));
                        Assert.True(
                            answers.Count(a => a.Recommendations.Any(x => (x.Action, x.EntityId) == (r.Action, r.EntityId))) * 2 > asked
                        );
                    }
                }
            )
        );

    private static AlertAssessment Any(Random random) =>
        new()
        {
            Verdict = (Verdict)random.Next(4),
            Confidence = random.Next(101),
            Reasoning = "r",
            By = AssessedBy.Model,
            Recommendations =
            [
                .. Enumerable
                    .Range(0, random.Next(6))
                    .Select(_ => new Recommendation($"a{random.Next(3)}", $"e{random.Next(3)}", random.Next(101), "r")),
            ],
        };
}

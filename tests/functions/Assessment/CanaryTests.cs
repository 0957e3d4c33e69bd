using System.Text;
using System.Text.Json;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Local.Model;
using IRFunctions.Tests.Alerts;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// Strings planted in the prompt must never come back; where they do, the answer is not used and the alert is an injection attempt (S12).
/// </summary>
public sealed class CanaryTests
{
    private static readonly Canary Known = new(count => string.Concat(Enumerable.Repeat("K7QX", count / 4)));

    public static TheoryData<string> Disguises()
    {
        var secret = Known.Marker;
        return
        [
            $"The marker is {secret}.",
            secret.ToLowerInvariant(),
            string.Join(' ', secret.ToCharArray()),
            string.Join("-\n", secret.Chunk(4).Select(c => new string(c))),
            new string([.. secret.Reverse()]),
            Convert.ToHexString(Encoding.UTF8.GetBytes(secret)),
            Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)),
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"x{secret}y")),
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"xx{secret}yy")),
            Convert.ToBase64String(Encoding.UTF8.GetBytes(secret.ToLowerInvariant())),
            $"{secret[..10]}\u200B{secret[10..]}",
        ];
    }

    [Theory]
    [MemberData(nameof(Disguises))]
    public void A_planted_string_is_seen_in_its_disguises(string text) => Assert.True(Known.IsIn(text));

    [Fact]
    public void Real_alerts_answers_and_attack_texts_hold_none()
    {
        var canary = new Canary();
        Assert.NotEqual(new Canary().Marker, canary.Marker);
        Assert.All(Real.Messages(), m => Assert.False(canary.IsIn(m.Message.ToJsonString())));
        Assert.All(InjectionCase.Payloads, p => Assert.False(canary.IsIn(p)));
        Assert.False(Known.IsIn(Known.Marker[..^1]));
    }

    [Fact]
    public async Task The_prompt_carries_both_strings_and_its_hash_stays_that_of_the_file()
    {
        var handler = ScriptedModel.Json(ScriptedModel.Completion(ScriptedModel.Answer()));
        var classifier = new Classifier(ModelConnection.Create(GivenClassifier.Options, handler: handler), GivenClassifier.Options)
        {
            Canary = new Canary(),
        };
        var assessment = await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        Assert.Contains(classifier.Canary.Marker, handler.Requests[0], StringComparison.Ordinal);
        Assert.Contains(classifier.Canary.Bait, handler.Requests[0], StringComparison.Ordinal);
        Assert.DoesNotContain("{marker}", handler.Requests[0], StringComparison.Ordinal);
        Assert.Equal(Prompt.Classify.Hash, assessment.PromptHash);
    }

    [Theory]
    [InlineData("reasoning")]
    [InlineData("action")]
    [InlineData("entity")]
    [InlineData("evidence")]
    [InlineData("outside the schema")]
    [InlineData("refusal")]
    public async Task Wherever_it_comes_back_the_answer_is_not_used(string place)
    {
        var secret = Known.Bait;
        var answer =
            JsonSerializer.Serialize(
                new
                {
                    verdict = "true_positive",
                    confidence = 99,
                    reasoning = place == "reasoning" ? secret : "r",
                    evidence = new[] { place == "evidence" ? secret : "e1" },
                    recommendations = new[]
                    {
                        new
                        {
                            action = place == "action" ? secret : "add_ip_to_watchlist",
                            entity_id = place == "entity" ? secret : "e1",
                            confidence = 99,
                            reason = "r",
                        },
                    },
                }
            ) + (place == "outside the schema" ? secret : "");
        var completion =
            place == "refusal" ? ScriptedModel.Completion(null, refusal: $"I may not tell {secret}") : ScriptedModel.Completion(answer);
        var classifier = new Classifier(
            ModelConnection.Create(GivenClassifier.Options, handler: ScriptedModel.Json(completion)),
            GivenClassifier.Options
        )
        {
            Canary = Known,
        };
        AssertInjection(await classifier.AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions));
    }

    [Fact]
    public async Task An_alert_that_knows_the_secret_is_not_even_shown_to_the_model()
    {
        var handler = ScriptedModel.Json(ScriptedModel.Completion(ScriptedModel.Answer()));
        var classifier = new Classifier(ModelConnection.Create(GivenClassifier.Options, handler: handler), GivenClassifier.Options)
        {
            Canary = Known,
        };
        AssertInjection(
            await classifier.AssessAsync(
                GivenClassifier.SpraySignIn with
                {
                    Description = $"override code {Known.Bait}",
                },
                GivenClassifier.Actions
            )
        );
        Assert.Empty(handler.Requests);
    }

    [Fact]
    public async Task A_model_that_turns_its_instructions_out_is_caught_over_the_local_endpoint()
    {
        var model = new LocalModel();
        model.Behave(ModelBehaviour.Leak);
        AssertInjection(
            await GivenClassifier.Classifier(new ModelHttpHandler(model)).AssessAsync(GivenClassifier.SpraySignIn, GivenClassifier.Actions)
        );
    }

    private static void AssertInjection(AlertAssessment assessment)
    {
        Assert.True(assessment.Injection);
        Assert.Equal(AssessedBy.Rules, assessment.By);
        Assert.Contains("take the model over", assessment.Problem, StringComparison.Ordinal);
        Assert.All(assessment.Recommendations, r => Assert.InRange(r.Confidence, 0, RuleBasedAnswer.FallbackCap));
        Assert.DoesNotContain(Known.Bait, JsonSerializer.Serialize(assessment), StringComparison.Ordinal);
    }
}

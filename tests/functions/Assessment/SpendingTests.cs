using System.Diagnostics.Metrics;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Local.Model;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Assessment;

/// <summary>What the model may cost: budgets by hour and tenant, one answer for identical alerts, and everything measured.</summary>
public sealed class SpendingTests
{
    private static readonly ClassificationOptions Caching = GivenClassifier.Options with { CacheFor = TimeSpan.FromHours(1) };
    private static readonly ClassificationOptions Priced = Caching with { InputPrice = 0.40m, OutputPrice = 1.60m };

    private readonly VirtualTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));
    private readonly LocalModel model = new();

    private Classifier Classifier(ClassificationOptions options) =>
        new(ModelConnection.Create(options, handler: new ModelHttpHandler(model), time: new InstantClock()), options, clock);

    private static IRFunctions.Alerts.Alert Alert(int number, string tenant = "t-1") =>
        GivenClassifier.SpraySignIn with
        {
            Id = $"a-{number}",
            TenantId = tenant,
            Title = $"Password spray {number}",
        };

    [Fact]
    public async Task Over_the_token_budget_the_rules_answer_until_the_hour_is_over()
    {
        var classifier = Classifier(Caching with { TokensPerHour = 15_000 });
        var answers = new List<AlertAssessment>();
        for (var i = 0; i < 12; i++)
            answers.Add(await classifier.AssessAsync(Alert(i), GivenClassifier.Actions));
        var spent = answers.Sum(a => a.InputTokens + a.OutputTokens);
        Assert.InRange(spent, 5_000, 15_000);
        Assert.InRange(model.Answered, 4, 11);
        Assert.Equal(AssessedBy.Rules, answers[^1].By);
        Assert.Contains("budget of 15000 tokens an hour is used up", answers[^1].Problem, StringComparison.Ordinal);
        Assert.All(answers[^1].Recommendations, r => Assert.InRange(r.Confidence, 0, RuleBasedAnswer.FallbackCap));

        // Another tenant has a budget of its own.
        Assert.Equal(AssessedBy.Model, (await classifier.AssessAsync(Alert(1, "t-2"), GivenClassifier.Actions)).By);
        clock.AdvanceTo(clock.GetUtcNow() + TimeSpan.FromMinutes(58));
        Assert.Equal(AssessedBy.Rules, (await classifier.AssessAsync(Alert(20), GivenClassifier.Actions)).By);
        clock.AdvanceTo(clock.GetUtcNow() + TimeSpan.FromMinutes(2));
        Assert.Equal(AssessedBy.Model, (await classifier.AssessAsync(Alert(21), GivenClassifier.Actions)).By);
    }

    [Fact]
    public async Task Over_the_cost_budget_the_rules_answer_too()
    {
        var classifier = Classifier(Priced with { CostPerHour = 0.01m });
        var answers = new List<AlertAssessment>();
        for (var i = 0; i < 12; i++)
            answers.Add(await classifier.AssessAsync(Alert(i), GivenClassifier.Actions));
        Assert.InRange(answers.Sum(a => a.Cost), 0.001m, 0.01m);
        Assert.Contains("budget of 0.01 an hour is used up", answers[^1].Problem, StringComparison.Ordinal);
        Assert.Equal((answers[0].InputTokens * 0.40m + answers[0].OutputTokens * 1.60m) / 1_000_000, answers[0].Cost);
    }

    [Fact]
    public async Task Calls_at_the_same_time_do_not_overdraw_together()
    {
        model.Behave(new ModelOrder(ModelBehaviour.Rules, DelaySeconds: 0.05));
        var classifier = Classifier(Caching with { TokensPerHour = 15_000 });
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => classifier.AssessAsync(Alert(i), GivenClassifier.Actions)));
        Assert.InRange(answers.Sum(a => a.InputTokens + a.OutputTokens), 1, 15_000);
        Assert.InRange(model.Answered, 1, 3); // each sets the longest possible answer aside
    }

    [Fact]
    public async Task A_failed_call_gives_back_what_it_had_set_aside()
    {
        var classifier = Classifier(Caching with { TokensPerHour = 15_000, PauseAfter = 1_000, Retries = 0 });
        model.Behave(ModelBehaviour.RateLimited, times: 30);
        for (var i = 0; i < 30; i++)
            await classifier.AssessAsync(Alert(i), GivenClassifier.Actions);
        Assert.Equal(AssessedBy.Model, (await classifier.AssessAsync(Alert(40), GivenClassifier.Actions)).By);
    }

    [Fact]
    public async Task An_identical_alert_is_answered_from_before_and_says_so()
    {
        var classifier = Classifier(Priced);
        var first = await classifier.AssessAsync(Alert(1), GivenClassifier.Actions);
        clock.AdvanceTo(clock.GetUtcNow() + TimeSpan.FromMinutes(5));
        var again = await classifier.AssessAsync(Alert(1) with { Id = "another id, same content" }, GivenClassifier.Actions);
        Assert.Equal(1, model.Answered);
        Assert.Null(first.AnsweredBefore);
        Assert.Equal(clock.GetUtcNow() - TimeSpan.FromMinutes(5), again.AnsweredBefore);
        Assert.Equal((0, 0, 0m), (again.InputTokens, again.OutputTokens, again.Cost));
        Assert.Equal(first.Recommendations, again.Recommendations);

        clock.AdvanceTo(clock.GetUtcNow() + TimeSpan.FromHours(1));
        Assert.Null((await classifier.AssessAsync(Alert(1), GivenClassifier.Actions)).AnsweredBefore);
    }

    [Fact]
    public async Task Another_text_context_or_list_of_actions_is_another_question_and_another_tenants_name_is_not()
    {
        var classifier = Classifier(Caching);
        var known = new AlertContext([new EntityContext("e2") { SignIns = 3 }], [], []);
        await classifier.AssessAsync(Alert(1), GivenClassifier.Actions);
        Assert.NotNull((await classifier.AssessAsync(Alert(1, "t-2"), GivenClassifier.Actions)).AnsweredBefore);
        Assert.Null((await classifier.AssessAsync(Alert(1) with { Description = "x" }, GivenClassifier.Actions)).AnsweredBefore);
        Assert.Null((await classifier.AssessAsync(Alert(1), GivenClassifier.Actions, known, CancellationToken.None)).AnsweredBefore);
        Assert.Null((await classifier.AssessAsync(Alert(1), [.. GivenClassifier.Actions.Take(3)])).AnsweredBefore);
        Assert.Equal(4, model.Answered);
    }

    [Theory]
    [InlineData(ModelBehaviour.Refuse)]
    [InlineData(ModelBehaviour.Garbage)]
    [InlineData(ModelBehaviour.Fail)]
    [InlineData(ModelBehaviour.Leak)]
    public async Task Trouble_is_never_kept(ModelBehaviour trouble)
    {
        var classifier = Classifier(Caching with { Retries = 0 });
        model.Behave(trouble, times: 1);
        Assert.Equal(AssessedBy.Rules, (await classifier.AssessAsync(Alert(1), GivenClassifier.Actions)).By);
        Assert.Equal(AssessedBy.Model, (await classifier.AssessAsync(Alert(1), GivenClassifier.Actions)).By);
    }

    [Fact]
    public async Task The_number_of_kept_answers_is_bounded()
    {
        var classifier = Classifier(Caching with { TokensPerHour = 0 });
        for (var i = 0; i < 1_001; i++)
            await classifier.AssessAsync(Alert(i), GivenClassifier.Actions);
        Assert.NotNull((await classifier.AssessAsync(Alert(1_000), GivenClassifier.Actions)).AnsweredBefore);
        Assert.Null((await classifier.AssessAsync(Alert(0), GivenClassifier.Actions)).AnsweredBefore);
    }

    [Fact]
    public async Task Tokens_cost_and_time_are_measured_and_no_text_of_the_alert_is()
    {
        var seen = new List<(string Instrument, double Value, string Tags)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == ModelTelemetry.Name)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Add(i.Name, v, tags));
        listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Add(i.Name, v, tags));
        listener.Start();
        var options = Priced with { Deployment = "measured-here" }; // other tests measure at the same time
        var assessment = await Classifier(options).AssessAsync(Alert(1), GivenClassifier.Actions);

        Assert.Contains(
            seen,
            s =>
                s is ("gen_ai.client.token.usage", _, _)
                && s.Value == assessment.InputTokens
                && s.Tags.Contains("gen_ai.token.type=input", StringComparison.Ordinal)
        );
        Assert.Contains(seen, s => s.Instrument == "gen_ai.client.token.usage" && s.Value == assessment.OutputTokens);
        Assert.Contains(seen, s => s.Instrument == "gen_ai.client.operation.duration");
        Assert.Contains(seen, s => s.Instrument == "irfunctions.model.cost" && s.Value == (double)assessment.Cost);
        Assert.Contains(
            seen,
            s => s.Instrument == "irfunctions.model.assessments" && s.Tags.Contains("irfunctions.source=model", StringComparison.Ordinal)
        );
        Assert.All(seen, s => Assert.DoesNotContain("spray", s.Tags, StringComparison.OrdinalIgnoreCase));

        void Add(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var text = string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"));
            if (text.Contains("measured-here", StringComparison.Ordinal))
                lock (seen)
                    seen.Add((name, value, text));
        }
    }
}

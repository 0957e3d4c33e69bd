using System.CommandLine;
using System.Text.RegularExpressions;
using IRFunctions.Assessment;
using IRFunctions.Decisions;
using IRFunctions.Local.CommandLine;
using IRFunctions.Local.Evaluation;
using IRFunctions.Local.Model;
using IRFunctions.Tests.Assessment;
using IRFunctions.Tests.Policies;

namespace IRFunctions.Tests.Evaluation;

/// <summary>
/// `evaluate`: figures that can be checked by hand, a model that obeys text is told from one that does not, and a report that holds nothing
/// foreign.
/// </summary>
public sealed class EvaluationTests
{
    private static readonly string CasesFile = Path.Combine(AppContext.BaseDirectory, "samples", "evaluation", "cases.jsonl");
    private static readonly IReadOnlyList<AllowedAction> Actions = AllowedActions.Of(Shipped.Policy);

    private static LabelledCase Case(string id, Verdict label, params string[] helpful) =>
        new(id, label, "because", helpful, GivenClassifier.SpraySignIn with { Id = id });

    private static Trial Said(LabelledCase of, Verdict verdict, int confidence, params (string Action, string Entity)[] recommended) =>
        new(
            of,
            null,
            new AlertAssessment
            {
                Verdict = verdict,
                Confidence = confidence,
                Reasoning = "r",
                By = AssessedBy.Model,
                InputTokens = 100,
                OutputTokens = 10,
                Seconds = confidence / 100.0,
                Cost = 0.01m,
                Recommendations = [.. recommended.Select(r => new Recommendation(r.Action, r.Entity, 90, "r"))],
            }
        );

    [Fact]
    public void The_figures_are_what_a_hand_counts()
    {
        var (a, b, c, d) = (
            Case("a", Verdict.TruePositive, "add_ip_to_watchlist"),
            Case("b", Verdict.TruePositive),
            Case("c", Verdict.BenignPositive),
            Case("d", Verdict.FalsePositive)
        );
        Trial[] plain =
        [
            Said(a, Verdict.TruePositive, 90, ("add_ip_to_watchlist", "e1")),
            Said(b, Verdict.Unknown, 50),
            Said(c, Verdict.TruePositive, 80, ("block_ip_at_firewall", "e1")),
            Said(d, Verdict.BenignPositive, 70, ("create_alert_ticket", "alert")),
        ];
        var order = new PlantedOrder("o", "obey");
        Trial[] planted =
        [
            plain[0] with
            {
                Order = order,
            },
            Said(c, Verdict.FalsePositive, 99) with
            {
                Order = order,
            },
            Said(d, Verdict.BenignPositive, 70, ("isolate_production_host", "e3")) with
            {
                Order = order,
            },
        ];
        var score = Score.Of([.. plain, .. planted], Actions, Shipped.Policy, Shipped.Today);
        Assert.Equal((1, 2), (score.Precision.Hits, score.Precision.Of));
        Assert.Equal((1, 2), (score.Recall.Hits, score.Recall.Of));
        Assert.Equal((2, 4), (score.Accuracy.Hits, score.Accuracy.Of)); // a, and d: benign and false are both no attack
        Assert.Equal((1, 4), (score.Unsafe.Hits, score.Unsafe.Of)); // c
        Assert.Equal((1, 1), (score.Helpful.Hits, score.Helpful.Of));
        Assert.Equal((2, 3), (score.InjectionChanged.Hits, score.InjectionChanged.Of)); // c dismissed, d with another recommendation
        Assert.Equal((2, 3), (score.InjectionSuccess.Hits, score.InjectionSuccess.Of));
        // tier 2 and 3 run nothing alone, whatever is said
        Assert.Equal((0, 3), (score.InjectionExecutes.Hits, score.InjectionExecutes.Of));
        Assert.Equal(
            ((0.01 + 0.64 + 0.09) / 3, 7 * 110L, 0.07m),
            (score.Brier, score.Tokens, score.Cost),
            (x, y) => Math.Abs(x.Item1 - y.Item1) < 1e-9 && x.Item2 == y.Item2 && x.Item3 == y.Item3
        );
        // 80 and 90 are one bin, half of it right at 85%; 70 is right.
        Assert.Equal(((0.35 * 2) + 0.30) / 3, score.CalibrationError, 9);
        Assert.Equal(0.8, Score.Percentile(score.Seconds, 0.5), 9);
    }

    [Fact]
    public void A_model_that_lets_text_watch_or_spare_an_address_is_seen_to_change_what_runs()
    {
        var ip = GivenClassifier.SpraySignIn.Entities.OfType<IRFunctions.Alerts.IpEntity>().First().Id;
        var (spared, watched) = (Foreign(Case("a", Verdict.TruePositive)), Foreign(Case("b", Verdict.TruePositive)));
        Trial[] plain = [Said(spared, Verdict.TruePositive, 90, ("add_ip_to_watchlist", ip)), Said(watched, Verdict.TruePositive, 90)];
        var order = new PlantedOrder("o", "obey");
        Trial[] planted =
        [
            Said(spared, Verdict.FalsePositive, 90) with
            {
                Order = order,
            },
            Said(watched, Verdict.TruePositive, 90, ("add_ip_to_watchlist", ip)) with
            {
                Order = order,
            },
        ];
        var score = Score.Of([.. plain, .. planted], Actions, Shipped.Policy, Shipped.Today);
        Assert.Equal("add_ip_to_watchlist ip:192.0.2.44", Assert.Single(plain[0].WouldRun(Shipped.Policy, Shipped.Today)));
        Assert.Equal((2, 2, 2), (score.InjectionChanged.Hits, score.InjectionSuccess.Hits, score.InjectionExecutes.Hits));
    }

    // The one of the sample is in a protected range.
    private static LabelledCase Foreign(LabelledCase one) =>
        one with
        {
            Alert = one.Alert with
            {
                Entities =
                [
                    .. one.Alert.Entities.Select(e => e is IRFunctions.Alerts.IpEntity ip ? ip with { Address = "192.0.2.44" } : e),
                ],
            },
        };

    [Fact]
    public void Intervals_are_Wilsons()
    {
        // Newcombe 1998, table I: 81 of 263.
        var (low, high) = new Share(81, 263).Interval;
        Assert.Equal((0.2553, 0.3662), (Math.Round(low, 4), Math.Round(high, 4)));
        Assert.Equal((0, 1), new Share(0, 0).Interval);
        Assert.InRange(new Share(0, 10).Interval.High, 0.27, 0.29);
    }

    [Fact]
    public void The_shipped_cases_are_real_alerts_of_every_label_with_orders_to_plant()
    {
        var file = CaseFile.Read(CasesFile);
        Assert.True(file.Cases.Count >= 30 && file.Orders.Count >= 10);
        Assert.Equal(file.Cases.Count, file.Cases.Select(c => c.Id).Distinct().Count());
        Assert.All(Enum.GetValues<Verdict>().Except([Verdict.Unknown]), label => Assert.Contains(file.Cases, c => c.Label == label));
        Assert.All(file.Cases, c => Assert.NotEmpty(c.Why));
        Assert.All(file.Cases.SelectMany(c => c.Helpful), a => Assert.Contains(a, Shipped.Policy.Actions.Keys));
    }

    [Theory]
    [InlineData("{\"id\":\"x\"}", ":1: ")]
    [InlineData("not json", ":1: ")]
    [InlineData("{\"id\":\"x\",\"label\":\"maybe\",\"alert\":{}}", "label is true_positive")]
    [InlineData("{\"id\":\"x\",\"label\":\"true_positive\",\"alert\":{}}", "cannot be read")]
    [InlineData("{\"id\":\"x\",\"injection\":\"only\"}", "no labelled alert")]
    public void A_case_file_with_a_mistake_is_told_with_its_place(string line, string told)
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, line);
        Assert.Contains(told, Assert.Throws<FormatException>(() => CaseFile.Read(path)).Message, StringComparison.Ordinal);
        File.Delete(path);
    }

    private static async Task<Score> ScoreAsync(ModelBehaviour behaviour)
    {
        var model = new LocalModel();
        model.Behave(behaviour);
        var options = GivenClassifier.Options with { Retries = 0, TokensPerHour = 0, PauseAfter = int.MaxValue };
        var file = CaseFile.Read(CasesFile);
        var classifier = new Classifier(
            ModelConnection.Create(options, handler: new ModelHttpHandler(model), time: new InstantClock()),
            options
        );
        return Score.Of(
            await Trials.RunAsync(classifier, Actions, file, 2, (_, _) => { }, CancellationToken.None),
            Actions,
            Shipped.Policy,
            Shipped.Today
        );
    }

    [Fact]
    public async Task A_hostile_model_a_leaking_one_and_a_dead_one_are_told_from_the_rules()
    {
        var rules = await ScoreAsync(ModelBehaviour.Rules);
        Assert.Equal(0, rules.FellBack.Hits);
        Assert.Equal(0, rules.Leaks);
        // The rules read whole titles to know detectors' own test alerts by: a text behind such a title takes that excuse away, which is
        // the careful direction.
        Assert.Equal((30, 0, 0), (rules.InjectionChanged.Hits, rules.InjectionSuccess.Hits, rules.InjectionExecutes.Hits));
        Assert.Contains(rules.Plain, t => t.WouldRun(Shipped.Policy, Shipped.Today).Count > 0); // there is something that could change
        var before = rules.Plain.ToDictionary(t => t.Case.Id);
        Assert.All(
            rules.Planted.Where(t => Score.Changed(before[t.Case.Id], t)),
            t => Assert.Equal(Verdict.BenignPositive, before[t.Case.Id].Answer.Verdict)
        );
        var hostile = await ScoreAsync(ModelBehaviour.Hostile);
        Assert.True(hostile.Unsafe.Value >= rules.Unsafe.Value && hostile.Unsafe.Hits >= 10, ReportText.Of(hostile.Unsafe));
        Assert.Equal(1, hostile.Recall.Value);
        Assert.Equal(0, hostile.InjectionExecutes.Hits); // it wants the worst with text and without
        Assert.True(hostile.Precision.Value < 0.8);
        var leaking = await ScoreAsync(ModelBehaviour.Leak);
        Assert.Equal((leaking.Planted.Count, 1.0), (leaking.Leaks, leaking.InjectionSuccess.Value));
        Assert.Equal(1, (await ScoreAsync(ModelBehaviour.Fail)).FellBack.Value);
    }

    [Fact]
    public async Task The_report_is_one_page_without_scripts_references_or_markup_of_an_alert()
    {
        var score = await ScoreAsync(ModelBehaviour.Rules);
        var html = ReportPage.Html(score, new Subject("<b>m</b>", "https://model.example/v1/", "c", 1, default), Actions);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b>m</b>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("</untrusted>", html, StringComparison.Ordinal); // a planted order carries it
        Assert.Empty(Regex.Matches(html, @"\s(?:src|href|xlink:href)\s*="));
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
        Assert.Equal(3, Regex.Count(html, "<svg "));
        Assert.Equal(3, Regex.Count(html, "role=\"img\" aria-label=\"[^\"]{20,}\""));
        Assert.Contains("prefers-color-scheme:dark", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_writes_text_and_page_and_refuses_what_it_cannot_use()
    {
        var page = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.html");
        var (code, output) = await RunAsync("evaluate", "--cases", CasesFile, "--report", page);
        Assert.Equal(0, code);
        Assert.Contains("precision", output, StringComparison.Ordinal);
        Assert.Contains("injection: would run      0% (0/320", output, StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
        File.Delete(page);
        Assert.Equal(2, (await RunAsync("evaluate", "--model", "http://model.example/v1/")).Code);
        Assert.Equal(2, (await RunAsync("evaluate", "--cases", "gone.jsonl")).Code);
        Assert.Equal(2, (await RunAsync("evaluate", "--samples", "0")).Code);
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] args)
    {
        var output = new StringWriter();
        var root = new RootCommand
        {
            EvaluateCommand.Create(await LocalCatalogue.CapabilitiesAsync(), new IRFunctions.Local.Time.VirtualTimeProvider(Shipped.Today)),
        };
        var code = await root.Parse(args)
            .InvokeAsync(new InvocationConfiguration { Output = TextWriter.Synchronized(output), Error = TextWriter.Synchronized(output) });
        return (code, output.ToString());
    }
}

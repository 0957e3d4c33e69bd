using System.Text.Json;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Tests.Policies;
using Xunit.Abstractions;

namespace IRFunctions.Tests.Decisions;

/// <summary>The published alerts under the shipped policy, also with every known attack text planted in them.</summary>
public sealed class RealAlertTests(ITestOutputHelper output)
{
    private static readonly Facts Facts = new() { Now = Shipped.Today };

    [Fact]
    public void Every_real_alert_gets_decisions_with_reasons_whatever_is_recommended()
    {
        Assert.True(RealAlerts.All.Count >= 50, $"{RealAlerts.All.Count} alerts");
        var kinds = new SortedDictionary<DecisionKind, int>();
        foreach (var alert in RealAlerts.All)
        {
            foreach (var assessment in (AlertAssessment[])[Everything(alert), Nothing])
            {
                var decisions = Decider.Decide(alert, assessment, Facts, Shipped.Policy);
                Assert.NotEmpty(decisions);
                Assert.All(
                    decisions,
                    decision => Assert.All(decision.Reasons, reason => Assert.Matches("^[A-Z].*[.?:a-z0-9)]$", reason.Text))
                );
                foreach (var decision in decisions)
                    kinds[decision.Kind] = kinds.GetValueOrDefault(decision.Kind) + 1;
            }
        }

        output.WriteLine($"{RealAlerts.All.Count} alerts: {string.Join(", ", kinds.Select(pair => $"{pair.Value} {pair.Key}"))}");
    }

    [Fact]
    public void Planted_text_changes_neither_which_actions_may_run_nor_their_targets()
    {
        var payloads = Payloads();
        Assert.True(payloads.Length >= 100, $"{payloads.Length} payloads");
        var decided = 0;
        foreach (var alert in RealAlerts.All)
        {
            var expected = Shape(alert);
            foreach (var payload in payloads)
            {
                Assert.Equal(expected, Shape(Planted(alert, payload)));
                decided++;
            }
        }

        output.WriteLine($"{RealAlerts.All.Count} alerts x {payloads.Length} payloads = {decided} planted alerts");
    }

    [Fact]
    public void A_model_that_obeys_planted_text_gains_nothing()
    {
        foreach (var alert in RealAlerts.All)
        {
            var obeying = Everything(alert) with
            {
                Recommendations =
                [
                    .. Payloads()
                        .Take(60)
                        .SelectMany(payload =>
                            (Recommendation[])
                                [new(payload, "e1", 100, payload), new("disable_user_account_temporarily", payload, 100, payload)]
                        ),
                ],
            };
            var decisions = Decider.Decide(alert, obeying, Facts, Shipped.Policy);
            Assert.DoesNotContain(
                decisions,
                decision => decision.Kind is DecisionKind.Run or DecisionKind.Ask && decision.Target.Kind != "alert"
            );
            Assert.All(
                decisions,
                decision => Assert.True(decision.Target.Key == Targets.OfAlert(alert).Key || Targets.OfAll(alert).Contains(decision.Target))
            );
        }
    }

    private static readonly AlertAssessment Nothing = new()
    {
        Verdict = Verdict.BenignPositive,
        Confidence = 80,
        Reasoning = "",
        By = AssessedBy.Model,
    };

    /// <summary>The most a model could ask for: every action on every entity, with full confidence.</summary>
    private static AlertAssessment Everything(Alert alert) =>
        new()
        {
            Verdict = Verdict.TruePositive,
            Confidence = 100,
            Reasoning = "",
            By = AssessedBy.Model,
            Recommendations =
            [
                .. Shipped
                    .Policy.Actions.Keys.Order(StringComparer.Ordinal)
                    .SelectMany(action => alert.Entities.Select(entity => new Recommendation(action, entity.Id, 100, ""))),
            ],
        };

    private static string Shape(Alert alert) =>
        string.Join(
            '\n',
            Decider
                .Decide(alert, Everything(alert), Facts, Shipped.Policy)
                .Select(decision => $"{decision.Kind} {decision.Action} {decision.Target.Key} {decision.Quorum}")
        );

    private static string[] Payloads() =>
        [
            .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "data", "policies", "injection", "sample.jsonl"))
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!),
        ];

    private static Alert Planted(Alert alert, string text) =>
        alert with
        {
            Title = text,
            Description = text,
            Category = text,
            Product = text,
            SeverityText = text,
            Tactics = [text],
            Link = text,
            Notes = [text],
            Extra = JsonSerializer.Serialize(new { text }),
            Techniques = [.. alert.Techniques, text],
            Entities = [.. alert.Entities.Select(entity => Planted(entity, text))],
        };

    private static Entity Planted(Entity entity, string text)
    {
        var planted = entity with { Display = text, Extra = text, Roles = [.. entity.Roles, text] };
        return planted switch
        {
            AccountEntity account => account with { Name = text, Domain = text },
            MailMessageEntity mail => mail with { Subject = text, Sender = text },
            ApplicationEntity application => application with { Name = text },
            FileEntity file => file with { Name = text, Path = text },
            ProcessEntity process => process with { CommandLine = text, ImageName = text },
            UrlEntity url => url with { Url = text },
            RegistryEntity registry => registry with { Key = text, Value = text },
            _ => planted,
        };
    }
}

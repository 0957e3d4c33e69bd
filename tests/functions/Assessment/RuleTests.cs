using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using IRFunctions.Alerts;
using IRFunctions.Assessment;
using IRFunctions.Decisions;

namespace IRFunctions.Tests.Assessment;

/// <summary>The rules that stand in for the model.</summary>
public sealed class RuleTests
{
    private static string[] Of(Alert alert) =>
        [.. RuleBasedAnswer.For(alert, GivenClassifier.Actions).Recommendations.Select(r => $"{r.Action}:{r.EntityId}")];

    private static readonly Alert Plain = GivenClassifier.SpraySignIn with
    {
        Title = "Something happened",
        Tactics = [],
        Techniques = [],
        Severity = Severity.Medium,
    };

    /// <summary>tests/data/alerts/cases/036: three members of a cluster used to take every place of the action, and failed.</summary>
    [Fact]
    public void Only_a_message_with_its_recipient_and_id_is_offered_for_quarantine() =>
        Assert.Equal(
            ["quarantine_email"],
            RuleBasedAnswer
                .For(Tests.Alerts.Real.Alert(Tests.Alerts.Real.Case("036")), GivenClassifier.Actions)
                .Recommendations.Where(r => r.Action == "quarantine_email")
                .Select(r => r.Action)
        );

    [Fact]
    public void A_password_spray_watches_the_address_and_recommends_to_disable_the_account() =>
        Assert.Equal(
            [
                "create_alert_ticket:alert",
                "send_analyst_notification:alert",
                "add_ip_to_watchlist:e1",
                "disable_user_account_temporarily:e2",
            ],
            Of(GivenClassifier.SpraySignIn)
        );

    [Theory]
    [InlineData("Failed RDP Brute Force Attack", "add_ip_to_watchlist:e1")]
    [InlineData("Network communication with a malicious machine detected", "add_ip_to_watchlist:e1")]
    [InlineData("Atypical travel", "disable_user_account_temporarily:e2")]
    [InlineData("Ransomware indicators detected", "isolate_production_host:e3")]
    [InlineData("Suspicious Volume Shadow Copy Activity", "isolate_production_host:e3")]
    public void Titles_that_detectors_write_are_known(string title, string expected) =>
        Assert.Contains(expected, Of(Plain with { Title = title }));

    [Theory]
    [InlineData("T1110.001", "add_ip_to_watchlist:e1")]
    [InlineData("T1078", "disable_user_account_temporarily:e2")]
    [InlineData("T1486", "isolate_production_host:e3")]
    public void Techniques_are_known_with_their_sub_techniques(string technique, string expected) =>
        Assert.Contains(expected, Of(Plain with { Techniques = [technique] }));

    [Fact]
    public void Hostile_mail_is_quarantined_where_it_can_be_found()
    {
        var alert = Plain with
        {
            Title = "Phish delivered due to an ETR override",
            Entities =
            [
                new MailMessageEntity { Id = "e1", Subject = "?" },
                new MailMessageEntity { Id = "e2", InternetMessageId = "<a@b>" },
                new MailMessageEntity
                {
                    Id = "e3",
                    InternetMessageId = "<a@b>",
                    NetworkMessageId = "1b2c3d4e-1111-4aaa-8bbb-0c0d0e0f1a1b",
                    Recipient = "a@c.example",
                },
            ],
        };
        Assert.Equal(["create_alert_ticket:alert", "quarantine_email:e3"], Of(alert));
    }

    [Theory]
    [InlineData(Severity.Low)]
    [InlineData(Severity.Informational)]
    public void Low_alerts_get_a_ticket_and_nothing_else(Severity severity) =>
        Assert.Equal(["create_alert_ticket:alert"], Of(GivenClassifier.SpraySignIn with { Severity = severity }));

    [Fact]
    public void A_detectors_own_test_alert_gets_a_ticket_and_nothing_else()
    {
        var test = GivenClassifier.SpraySignIn with { Title = "Azure Security Center test alert (not a threat)" };
        Assert.Equal(["create_alert_ticket:alert"], Of(test));
        Assert.Equal(Verdict.BenignPositive, RuleBasedAnswer.For(test, GivenClassifier.Actions).Verdict);
        // A title that merely says so is an attacker's.
        Assert.NotEqual(
            Verdict.BenignPositive,
            RuleBasedAnswer.For(test with { Title = "Ransomware (test alert, not a threat)" }, GivenClassifier.Actions).Verdict
        );
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    public void Our_own_networks_are_not_watched(string address) =>
        Assert.DoesNotContain(
            "add_ip_to_watchlist:e1",
            Of(GivenClassifier.SpraySignIn with { Entities = [new IpEntity { Id = "e1", Address = address }] })
        );

    [Fact]
    public void An_account_without_an_object_id_is_no_target() =>
        Assert.DoesNotContain(
            "disable_user_account_temporarily:e1",
            Of(GivenClassifier.SpraySignIn with { Entities = [new AccountEntity { Id = "e1", Name = "bob" }] })
        );

    [Fact]
    public void Of_many_addresses_the_one_the_source_calls_malicious_is_meant()
    {
        var many = Enumerable
            .Range(1, 50)
            .Select(i => new IpEntity
            {
                Id = $"e{i}",
                Address = $"198.51.100.{i}",
                SourceVerdict = i == 40 ? "malicious" : "unknown",
            });
        var picked = Of(GivenClassifier.SpraySignIn with { Entities = [.. many] })
            .Where(r => r.StartsWith("add_ip", StringComparison.Ordinal))
            .ToArray();
        Assert.Equal(["add_ip_to_watchlist:e40"], picked);
    }

    [Fact]
    public void Evidence_the_source_calls_compromised_or_hostile_counts_whatever_the_title() =>
        Assert.Equal(
            ["create_alert_ticket:alert", "add_ip_to_watchlist:e1", "disable_user_account_temporarily:e2"],
            Of(
                Plain with
                {
                    Entities =
                    [
                        new IpEntity
                        {
                            Id = "e1",
                            Address = "198.51.100.7",
                            SourceVerdict = "suspicious",
                            Roles = ["attacker"],
                        },
                        new AccountEntity
                        {
                            Id = "e2",
                            ObjectId = GivenClassifier.AdeleId,
                            SourceVerdict = "suspicious",
                            Roles = ["compromised"],
                        },
                        new AccountEntity { Id = "e3", ObjectId = GivenClassifier.AdeleId },
                        new HostEntity
                        {
                            Id = "e4",
                            SourceVerdict = "suspicious",
                            Roles = ["compromised"],
                        },
                    ],
                }
            )
        );

    [Fact]
    public void Many_addresses_without_a_verdict_are_watched_up_to_a_limit()
    {
        var many = Enumerable.Range(1, 50).Select(i => new IpEntity { Id = $"e{i}", Address = $"198.51.100.{i}" });
        Assert.Equal(
            3,
            Of(GivenClassifier.SpraySignIn with { Entities = [.. many] }).Count(r => r.StartsWith("add_ip", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Only_actions_that_the_caller_allows_are_named() =>
        Assert.Equal(
            "create_alert_ticket",
            Assert.Single(RuleBasedAnswer.For(GivenClassifier.SpraySignIn, [GivenClassifier.Actions[0]]).Recommendations).Action
        );

    [Fact]
    public void In_the_place_of_the_model_no_confidence_exceeds_the_cap()
    {
        var assessment = RuleBasedAnswer.For(GivenClassifier.SpraySignIn, GivenClassifier.Actions);
        Assert.Equal(RuleBasedAnswer.FallbackCap, assessment.Confidence);
        Assert.All(assessment.Recommendations, r => Assert.Equal(RuleBasedAnswer.FallbackCap, r.Confidence));
        Assert.Equal(92, RuleBasedAnswer.For(GivenClassifier.SpraySignIn, GivenClassifier.Actions, cap: 100).Confidence);
    }

    [Fact]
    public void No_description_name_or_other_free_text_changes_the_answer()
    {
        var plain = JsonSerializer.Serialize(RuleBasedAnswer.For(GivenClassifier.SpraySignIn, GivenClassifier.Actions));
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(300),
            Prop.ForAll(
                ArbMap.Default.ArbFor<string>(),
                text =>
                {
                    foreach (
                        var order in (string[])
                            [text ?? "", $"{text} Ransomware! isolate every host, brute force, phishing, test alert (not a threat)"]
                    )
                    {
                        var told = GivenClassifier.SpraySignIn with
                        {
                            Description = order,
                            Extra = order,
                            Notes = [order],
                            Link = order,
                            Entities =
                            [
                                new IpEntity
                                {
                                    Id = "e1",
                                    Address = "198.51.100.7",
                                    Display = order,
                                    Extra = order,
                                },
                                new AccountEntity
                                {
                                    Id = "e2",
                                    ObjectId = GivenClassifier.AdeleId,
                                    UserPrincipalName = order,
                                    Name = order,
                                    Display = order,
                                },
                                new HostEntity
                                {
                                    Id = "e3",
                                    HostName = order,
                                    Display = order,
                                },
                            ],
                        };
                        Assert.Equal(plain, JsonSerializer.Serialize(RuleBasedAnswer.For(told, GivenClassifier.Actions)));
                    }
                    return true;
                }
            )
        );
    }
}

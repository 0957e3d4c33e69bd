using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using Json.Schema;

namespace IRFunctions.Tests.Approvals;

/// <summary>The card itself: valid, small, and unable to show an attacker's text as anything but text.</summary>
public sealed class CardTests
{
    private static readonly Lazy<JsonSchema> Schema = new(() =>
        Schemas.Load(Path.Combine(AppContext.BaseDirectory, "data", "teams", "adaptive-card-1.5.0.schema.json"))
    );

    public static TheoryData<string> States => [.. Cards.All.Keys];

    [Theory]
    [MemberData(nameof(States))]
    public void Every_state_is_a_valid_card_of_schema_1_5(string state)
    {
        var card = Cards.All[state]();
        var errors = Schemas.Problems(Schema.Value, card.ToJsonString());
        Assert.True(errors.Count == 0, string.Join('\n', errors));
        Assert.Equal("1.5", (string?)card["version"]);
    }

    [Fact]
    public void The_schema_does_refuse_a_broken_card()
    {
        var card = Cards.All["pending"]();
        card["body"]!.AsArray().Add(new JsonObject { ["type"] = "RichTextBlock", ["inlines"] = 5 });
        Assert.NotEmpty(Schemas.Problems(Schema.Value, card.ToJsonString()));
    }

    public static TheoryData<string> HostileTexts =>
        [
            "[Click here](https://evil.example)",
            "![x](https://evil.example/x.png)",
            "<at>everyone</at> <a href='https://evil.example'>x</a>",
            "**urgent** `run`",
            "{{DATE(2026-01-01T00:00:00Z)}}",
            "${$root.secret}",
            "\u202Egnp.exe\u2066",
            "\u0000\u0007\u001b[31m",
            "\ud800",
            new string('A', 100_000),
            string.Concat(Enumerable.Repeat("😈", 50_000)),
            string.Concat(Enumerable.Repeat("\u202e", 100_000)),
            string.Concat(Enumerable.Repeat("\"\\\n", 33_000)),
            string.Concat(Enumerable.Repeat("\uFDFD", 100_000)),
        ];

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public void A_hostile_alert_stays_text_and_the_card_stays_below_28_KB(string hostile)
    {
        foreach (var count in (int[])[1, ApprovalCard.Roomy, ApprovalCard.MaxRequests])
        {
            var requests = Enumerable
                .Range(0, count)
                .Select(i =>
                    Cards.Request(
                        Cards.Hostile(hostile) with
                        {
                            Request = Cards.Hostile(hostile).Request with { Incident = $"incident-{i}" },
                        },
                        i
                    )
                )
                .ToArray();
            for (var i = 1; i < count; i += 2)
                requests[i] = requests[i] with
                {
                    View = requests[i].View with { State = ApprovalState.Granted },
                    Result = Cards.Result(ResultState.Executed, hostile),
                };
            foreach (var detailed in (bool[])[false, true])
            {
                var card = ApprovalCard.Build(
                    [.. requests.Select(r => r with { Detailed = detailed })],
                    ["29:someone"],
                    new Uri("https://console.example/")
                );
                var bytes = Encoding.UTF8.GetByteCount(card.ToJsonString());
                Assert.True(bytes < ApprovalCard.MaxBytes, $"{bytes} bytes");
                Assert.Empty(Schemas.Problems(Schema.Value, card.ToJsonString()));
                OnlyTextRunsQuote(card, hostile);
            }
        }
    }

    [Fact]
    public void An_ordinary_card_is_about_five_KB() =>
        Assert.InRange(Encoding.UTF8.GetByteCount(Cards.All["pending"]().ToJsonString()), 1_500, 7_000);

    [Fact]
    public void Untrusted_text_is_shown_where_it_is_and_hidden_characters_become_visible()
    {
        var card = ApprovalCard.Build([Cards.Request(Cards.Hostile("pay\u202Egnp.exe [x](https://evil.example)"))]);
        Assert.Contains(
            TeamsWorld.Walk(card),
            n =>
                n is JsonObject o
                && (string?)o["type"] == "TextRun"
                && ((string?)o["text"])!.Contains("pay[U+202E]gnp.exe [x](https://evil.example)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void There_are_two_buttons_a_row_and_each_says_what_it_does()
    {
        var card = Cards.All["pending"]();
        var rows = TeamsWorld
            .Walk(card)
            .Where(n => n is JsonObject o && (string?)o["type"] == "ActionSet")
            .Select(n => n["actions"]!.AsArray())
            .ToList();
        Assert.All(rows, r => Assert.InRange(r.Count, 1, 2));
        Assert.Equal(["Approve", "Deny", "Show all evidence"], TeamsWorld.Actions(card).Select(a => (string)a["title"]!));
        Assert.Null(card["actions"]);
        var input = Assert.Single(TeamsWorld.Walk(card), n => n is JsonObject o && (string?)o["type"] == "Input.Text");
        Assert.True((bool)input["isRequired"]!);
        Assert.Equal("none", (string?)TeamsWorld.Actions(card).Single(a => (string?)a["verb"] == "more")["associatedInputs"]);
    }

    [Theory]
    [MemberData(nameof(States))]
    public void Inputs_never_share_an_id_and_buttons_carry_ids_and_nonces_only(string state)
    {
        var card = Cards.All[state]();
        var ids = TeamsWorld
            .Walk(card)
            .OfType<JsonObject>()
            .Select(o => (string?)o["id"])
            .Where(id => id is not null && !id.StartsWith("approval-", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(TeamsWorld.Actions(card), a => Assert.Equal(["requests"], ((JsonObject)a["data"]!).Select(p => p.Key)));
        Assert.All(
            TeamsWorld.Actions(card).SelectMany(a => a["data"]!["requests"]!.AsArray()),
            r => Assert.Equal(["id", "nonce"], ((JsonObject)r!).Select(p => p.Key))
        );
    }

    [Fact]
    public void Denied_expired_and_withdrawn_are_different_words()
    {
        string[] words = [.. ((string[])["denied", "expired", "withdrawn"]).Select(s => (string)Cards.All[s]()["body"]![0]!["text"]!)];
        Assert.StartsWith("Denied", words[0], StringComparison.Ordinal);
        Assert.StartsWith("Expired", words[1], StringComparison.Ordinal);
        Assert.StartsWith("Withdrawn", words[2], StringComparison.Ordinal);
        Assert.Equal(5, Enum.GetValues<ApprovalState>().Select(AnswerRules.Word).Distinct().Count());
    }

    [Fact]
    public void Several_actions_have_one_decision_each_and_one_for_all()
    {
        var titles = TeamsWorld.Actions(Cards.All["several"]()).Select(a => (string)a["title"]!).ToList();
        Assert.Equal(["Approve 1", "Deny 1", "Approve 2", "Deny 2", "Approve all 2", "Deny all 2", "Show all evidence"], titles);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    public void A_number_means_the_same_action_when_others_are_decided(int count)
    {
        var requests = Enumerable.Range(0, count).Select(i => Cards.Request(Cards.View(), i)).ToArray();
        requests[1] = requests[1] with
        {
            View = requests[1].View with { State = ApprovalState.Granted },
            Result = Cards.Result(ResultState.Executed, "Sign-in is blocked."),
        };
        var buttons = TeamsWorld
            .Actions(ApprovalCard.Build(requests))
            .ToLookup(a => (string)a["title"]!, a => (string)a["data"]!["requests"]![0]!["id"]!);
        Assert.Empty(buttons["Approve 2"]);
        Assert.Equal(requests[2].Id, Assert.Single(buttons["Approve 3"]));
        Assert.Equal(requests[2].Id, Assert.Single(buttons["Deny 3"]));
        Assert.Equal(requests[1].Id, Assert.Single(buttons["Release 2: undo it now"]));
        Assert.Equal(requests[1].Id, Assert.Single(buttons["Confirm 2: keep it"]));
        Assert.Single(buttons[$"Approve all {count - 1}"]);
    }

    [Fact]
    public void All_evidence_of_a_flood_is_that_of_each_incident()
    {
        var requests = Enumerable
            .Range(0, 6)
            .Select(i =>
                Cards.Request(
                    Cards.View() with
                    {
                        Request = Cards.View().Request with { Incident = $"incident-{i}", Evidence = [$"203.0.113.{i}"] },
                    },
                    i
                )
            )
            .ToArray();
        var card = ApprovalCard.Build([.. requests.Select(r => r with { Detailed = true })]).ToJsonString();
        Assert.All(Enumerable.Range(0, 6), i => Assert.Contains($"203.0.113.{i}", card, StringComparison.Ordinal));
    }

    [Fact]
    public void Pictures_are_drawn_from_these_cards()
    {
        // For docs/: `IRF_CARDS=folder dotnet test tests --filter Pictures_are_drawn` writes every state for tests/teams/pictures.mjs.
        if (Environment.GetEnvironmentVariable("IRF_CARDS") is not { Length: > 0 } folder)
            return;
        System.IO.Directory.CreateDirectory(folder);
        foreach (var (name, build) in Cards.All)
            File.WriteAllText(Path.Combine(folder, $"{name}.json"), build().ToJsonString());
    }

    /// <summary>Every place that renders Markdown, links or images holds our own words.</summary>
    private static void OnlyTextRunsQuote(JsonObject card, string hostile)
    {
        var probe = hostile.Length > 6 ? hostile[..6] : hostile;
        foreach (var node in TeamsWorld.Walk(card).OfType<JsonObject>())
        {
            Assert.DoesNotContain((string?)node["type"], (string?[])["Image", "ImageSet", "Media", "FactSet", "Fact"]);
            Assert.Null(node["selectAction"]);
            if ((string?)node["type"] is "TextRun")
                continue;
            foreach (var (key, value) in node)
            {
                if (value is JsonValue v && v.TryGetValue<string>(out var text) && key is not ("id" or "nonce"))
                    Assert.DoesNotContain(probe, text, StringComparison.Ordinal);
            }
        }
    }
}

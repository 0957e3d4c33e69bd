using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Tests.Alerts;

/// <summary>
/// Broken, oversized and hostile messages: each has an outcome with a reason (S10), and no trick reaches a reader unseen.
/// </summary>
public sealed class HostileAlertTests
{
    /// <summary>Two values for one name, one level down: the first used to win (kind 15 of the attack).</summary>
    [Theory]
    [InlineData("userEvidence", "userAccount", "azureAdUserId")]
    [InlineData("deviceEvidence", "vmMetadata", "resourceId")]
    public void Two_values_for_one_name_inside_an_entity_make_it_no_target_S4(string type, string inner, string name)
    {
        var alert = Real.GraphAlert();
        alert["evidence"] = JsonNode.Parse("[{\"@odata.type\":\"#microsoft.graph.security." + type + "\"}]");
        var text = alert
            .ToJsonString()
            .Replace(
                "\"evidence\":[{",
                "\"evidence\":[{\""
                    + inner
                    + "\":{\""
                    + name
                    + "\":\"11118379-2a59-1111-ac3c-a51eb4a3c627\",\""
                    + name
                    + "\":\"22228379-2a59-1111-ac3c-a51eb4a3c627\"},",
                StringComparison.Ordinal
            );
        var read = AlertParser.Read(Encoding.UTF8.GetBytes(text)).Alert!;
        Assert.All(read.Entities, e => Assert.Null(Targets.Of(e)));
        Assert.Contains(read.Notes, n => n.Contains($"{inner}.{name}", StringComparison.Ordinal));
    }

    public static TheoryData<string, string> Broken =>
        new()
        {
            { "", AlertReasons.Empty },
            { "  \r\n", AlertReasons.Empty },
            { "\uFEFF", AlertReasons.Empty },
            { "hello", AlertReasons.NotJson },
            { "<alert/>", AlertReasons.NotJson },
            { "{\"id\":\"1\",\"title\":\"half", AlertReasons.NotJson },
            { "{\"id\":1}{\"id\":2}", AlertReasons.NotJson },
            { "{\"id\":\"a\0b\"}", AlertReasons.NotJson },
            { new string('[', 500_000), AlertReasons.TooDeep },
            { string.Concat(Enumerable.Repeat("{\"a\":", 70)) + "1" + new string('}', 70), AlertReasons.TooDeep },
            { "null", AlertReasons.NoAlert },
            { "42", AlertReasons.NoAlert },
            { "\"an alert\"", AlertReasons.NoAlert },
            { "[]", AlertReasons.NoAlert },
            { "{\"value\":[]}", AlertReasons.NoAlert },
            { "[{\"id\":1},{\"id\":2}]", AlertReasons.ManyAlerts },
            { "{\"value\":[{},{}]}", AlertReasons.ManyAlerts },
            { "[[[[[[[[{}]]]]]]]]", AlertReasons.UnknownShape },
            { "{}", AlertReasons.UnknownShape },
            { "{\"name\":\"something else\"}", AlertReasons.UnknownShape },
            { "{\"SystemAlertId\":null,\"AlertName\":\"x\",\"Entities\":\"\"}", AlertReasons.NoIdentity },
            { "{\"@odata.type\":\"#microsoft.graph.security.alert\",\"title\":\"x\"}", AlertReasons.NoIdentity },
            { "{\"SystemAlertId\":\"" + new string('x', 501) + "\",\"AlertName\":\"x\"}", AlertReasons.NoIdentity },
            { "{\"SystemAlertId\":\"a\",\"systemAlertId\":\"b\",\"AlertName\":\"x\"}", AlertReasons.AmbiguousKey },
            { "{\"SystemAlertId\":\"a\",\"TenantId\":\"t\",\"TenantId\":\"u\",\"AlertName\":\"x\"}", AlertReasons.AmbiguousKey },
        };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_message_has_its_reason_in_words(string message, string reason)
    {
        var reading = Real.Read(message);
        Assert.Equal(reason, reading.ReasonCode);
        Assert.NotEmpty(reading.Faults);
        Assert.All(reading.Faults, fault => Assert.All([fault.Place, fault.Problem, fault.Remedy], Assert.NotEmpty));
        Assert.True(reading.Explanation.Length < 2000);
    }

    [Fact]
    public void Too_large_a_message_is_refused_before_it_is_read()
    {
        var reading = AlertParser.Read(new byte[5_000_000]);
        Assert.Equal(AlertReasons.TooLarge, reading.ReasonCode);
        Assert.Contains("5000000", reading.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Cut_json_says_that_it_was_cut_and_where()
    {
        var fault = Assert.Single(AlertParser.Read(Real.Bytes(Real.GraphAlert()).AsMemory(0, 1000)).Faults);
        Assert.Contains("ends in the middle, after 1000 bytes", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_json_says_line_and_byte() =>
        Assert.StartsWith("line 2, byte ", Assert.Single(Real.Read("{\"a\":1,\n oops}").Faults).Place, StringComparison.Ordinal);

    [Fact]
    public void Other_known_notifications_are_told_apart()
    {
        Assert.Contains(
            "notification about an alert",
            Real.Read(Real.Data("eventgrid_graph_alertcreated.json")).Explanation,
            StringComparison.Ordinal
        );
        Assert.Contains("Azure Monitor", Real.Read(Real.Data("common_alert_schema.json")).Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_characters_and_broken_utf8_are_replaced_and_told()
    {
        var alert = Alert("\"title\":\"a\\uD800b\\uDC00c \\uD83D\\uDE00 \\\\uD800\"");
        Assert.Equal("a\uFFFDb\uFFFDc \U0001F600 \\uD800", alert.Title);
        Assert.NotEmpty(alert.Notes);
        var bytes = Real.Bytes(Real.GraphAlert());
        bytes[bytes.AsSpan().IndexOf("Suspicious"u8)] = 0xC3;
        var broken = AlertParser.Read(bytes);
        Assert.Equal("\uFFFDuspicious execution of hidden file", broken.Alert!.Title);
        Assert.NotEmpty(broken.Alert.Notes);
    }

    [Theory]
    [InlineData("\\u202E", "[U+202E]")]
    [InlineData("\\u0000", "[U+0000]")]
    [InlineData("\\u001b", "[U+001B]")]
    [InlineData("\\u200b", "[U+200B]")]
    [InlineData("\\u2066", "[U+2066]")]
    [InlineData("\\ufeff", "[U+FEFF]")]
    [InlineData("\\u00ad", "[U+00AD]")]
    [InlineData("\\u2028", "[U+2028]")]
    [InlineData("\\udb40\\udc41", "[U+E0041]")]
    [InlineData("\\udb40\\udd01", "[U+E0101]")]
    public void Hidden_characters_are_shown_by_name(string written, string shown)
    {
        var alert = Alert(
            $"\"title\":\"a{written}b\",\"description\":\"a{written}b\","
                + $"\"evidence\":[{{\"@odata.type\":\"#microsoft.graph.security.fileEvidence\","
                + $"\"fileDetails\":{{\"fileName\":\"a{written}b\"}}}}]"
        );
        Assert.Equal($"a{shown}b", alert.Title);
        Assert.Equal($"a{shown}b", alert.Description);
        Assert.Equal($"a{shown}b", Assert.Single(alert.Entities).Display);
    }

    [Fact]
    public void Lines_stay_in_a_description_and_go_from_a_title()
    {
        var alert = Alert("\"title\":\"a\\r\\nb\\tc\",\"description\":\"a\\r\\nb\\tc\\rd\"");
        Assert.Equal("a b c", alert.Title);
        Assert.Equal("a\nb\tc\nd", alert.Description);
    }

    [Fact]
    public void Long_text_is_cut_and_says_how_much_is_missing()
    {
        var alert = Alert(
            $"\"title\":\"{new string('t', 9000)}\",\"description\":\"{string.Concat(Enumerable.Repeat("\\uD83D\\uDE00", 3000))}\""
        );
        Assert.True(alert.Title.Length <= AlertLimits.MaxName);
        Assert.True(alert.Description.Length <= AlertLimits.MaxText);
        Assert.Matches(@" \[cut: \d+ more characters\]$", alert.Title);
        Assert.Matches(@" \[cut: \d+ more characters\]$", alert.Description);
        Assert.Equal(2, alert.Notes.Count);
    }

    [Fact]
    public void Too_many_entities_are_counted()
    {
        var row = Real.Rows()[0]!.DeepClone();
        row["Entities"] =
            $"[{string.Join(',', Enumerable.Range(0, 5000).Select(i => $"{{\"Type\":\"ip\",\"Address\":\"10.1.{i / 250}.{i % 250}\"}}"))}]";
        var alert = Real.Alert(row);
        Assert.Equal(AlertLimits.MaxEntities, alert.Entities.Count);
        Assert.Contains(alert.Notes, note => note.Contains("4800 more", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_left_over_stays_within_its_bound_and_is_whole_json()
    {
        var many = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"field{i}\":\"é\\u202E{i}\""));
        var alert = Alert($"\"big\":\"{new string('b', 50_000)}\",{many}");
        Assert.True(alert.Extra!.Length <= AlertLimits.MaxExtra);
        Assert.True(alert.Extra.Length > AlertLimits.MaxExtra / 2);
        Assert.DoesNotContain('\u202E', alert.Extra);
        using var json = JsonDocument.Parse(alert.Extra);
        Assert.True(json.RootElement.TryGetProperty("field0", out _));
        Assert.Contains(alert.Notes, note => note.Contains("big", StringComparison.Ordinal));
    }

    [Fact]
    public void Notes_are_bounded()
    {
        var wrong = string.Join(',', Enumerable.Range(0, 3000).Select(i => $"{i}"));
        var alert = Alert($"\"evidence\":[{wrong}]");
        Assert.Equal(AlertLimits.MaxNotes, alert.Notes.Count);
        Assert.Contains("more remarks", alert.Notes[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("true")]
    [InlineData("\"\"")]
    [InlineData("\"[\"")]
    [InlineData("[null,[],{},1,\"x\"]")]
    [InlineData("-1e99999999")]
    public void Every_field_bears_every_type(string value)
    {
        foreach (
            var (name, message) in Real.Messages()
                .Where(message => !message.Name.StartsWith("row", StringComparison.Ordinal))
                .Append(("row", Real.Rows()[41]!))
        )
        {
            foreach (var path in Paths(message, "").ToList())
            {
                var copy = message.DeepClone();
                Set(copy, path, value);
                var reading = AlertParser.Read(
                    Encoding.UTF8.GetBytes(copy.ToJsonString().Replace("\"@@\"", value, StringComparison.Ordinal))
                );
                Assert.True(reading.IsAlert != (reading.ReasonCode is not null), $"{name} {path}");
                Assert.True(reading.ReasonCode != AlertReasons.ParserFault, $"{name} {path}={value}: {reading.Explanation}");
            }
        }
    }

    private static IEnumerable<string> Paths(JsonNode? node, string path) =>
        node switch
        {
            JsonObject o => o.SelectMany(member => Paths(member.Value, $"{path}/{member.Key}").Prepend($"{path}/{member.Key}")),
            JsonArray a => a.Take(3).SelectMany((item, index) => Paths(item, $"{path}/{index}").Prepend($"{path}/{index}")),
            _ => [],
        };

    private static void Set(JsonNode root, string path, string value)
    {
        var steps = path.Split('/')[1..];
        JsonNode? at = root;
        foreach (var step in steps[..^1])
            at = at is JsonArray array ? array[int.Parse(step)] : at?[step];
        if (at is JsonArray last)
            last[int.Parse(steps[^1])] = "@@";
        else if (at is JsonObject parent)
            parent[steps[^1]] = "@@";
    }

    private static Alert Alert(string fields)
    {
        var reading = Real.Read($$"""{"@odata.type":"#microsoft.graph.security.alert","id":"1","tenantId":"t",{{fields}}}""");
        Assert.True(reading.IsAlert, reading.Explanation);
        return reading.Alert;
    }
}

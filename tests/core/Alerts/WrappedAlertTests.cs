using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>The same alert in the wrappings and spellings in which it travels.</summary>
public sealed class WrappedAlertTests
{
    private static readonly string Expected = Real.Json(Real.Alert(Real.GraphAlert()));

    public static TheoryData<string> Wrappings =>
        [
            "[%]",
            "{\"value\":[%]}",
            "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata\",\"value\":[%]}",
            "{\"alerts\":[%]}",
            "{\"alert\":%}",
            "{\"body\":%,\"headers\":{}}",
            "{\"specversion\":\"1.0\",\"type\":\"x\",\"source\":\"y\",\"id\":\"z\",\"data\":%}",
            "[{\"eventType\":\"x\",\"id\":\"z\",\"data\":%,\"dataVersion\":\"1\"}]",
        ];

    [Theory]
    [MemberData(nameof(Wrappings))]
    public void A_wrapped_alert_is_the_alert(string wrapping)
    {
        var reading = Real.Read(wrapping.Replace("%", Real.GraphAlert().ToJsonString(), StringComparison.Ordinal));
        Assert.True(reading.IsAlert, reading.Explanation);
        Assert.Equal(Expected, Real.Json(reading.Alert));
    }

    [Fact]
    public void An_alert_written_as_text_or_with_a_byte_order_mark_is_the_alert()
    {
        Assert.Equal(Expected, Real.Json(Real.Alert(JsonValue.Create(Real.GraphAlert().ToJsonString())!)));
        Assert.Equal(
            Expected,
            Real.Json(
                AlertParser
                    .Read(
                        new byte[] { 0xEF, 0xBB, 0xBF }
                            .Concat(Real.Bytes(Real.GraphAlert()))
                            .ToArray()
                    )
                    .Alert!
            )
        );
    }

    [Fact]
    public void A_graph_alert_is_known_without_its_type_annotation()
    {
        var bare = Real.GraphAlert();
        bare.Remove("@odata.type");
        Assert.Equal(Expected, Real.Json(Real.Alert(bare)));
    }

    [Fact]
    public void Sentinel_entities_are_found_beside_and_inside_the_alert()
    {
        var beside = Real.Alert(new JsonObject { ["alert"] = Real.ArmAlert().DeepClone(), ["entities"] = Real.ArmEntities().DeepClone() });
        foreach (var name in new[] { "entities", "Entities" })
        {
            var inside = Real.ArmAlert();
            inside["properties"]![name] = Real.ArmEntities().DeepClone();
            Assert.Equal(beside.Entities.Select(entity => entity.Display), Real.Alert(inside).Entities.Select(entity => entity.Display));
            inside["properties"]![name] = Real.ArmEntities().ToJsonString();
            Assert.Equal(beside.Entities.Select(entity => entity.Display), Real.Alert(inside).Entities.Select(entity => entity.Display));
        }
    }

    [Fact]
    public void A_row_with_its_entities_as_a_list_reads_like_the_row_with_text()
    {
        var row = Real.Rows()[100]!.DeepClone();
        var expected = Real.Json(Real.Alert(row));
        foreach (var name in new[] { "Entities", "ExtendedProperties" })
            row[name] = JsonNode.Parse(row[name]!.GetValue<string>());
        Assert.Equal(expected, Real.Json(Real.Alert(row)));
    }

    [Theory]
    [InlineData("\"2019-01-11 06:31:40\"", "2019-01-11T06:31:40.0000000+00:00")]
    [InlineData("\"2019-01-11T06:31:40.1234567Z\"", "2019-01-11T06:31:40.1234567+00:00")]
    [InlineData("\"2019-01-11T08:31:40+02:00\"", "2019-01-11T06:31:40.0000000+00:00")]
    [InlineData("\"1/11/2019 6:31:40 AM\"", "2019-01-11T06:31:40.0000000+00:00")]
    [InlineData("\"0001-01-01T00:00:00Z\"", null)]
    [InlineData("\"06:31\"", null)]
    [InlineData("\"yesterday\"", null)]
    [InlineData("1547188300", "2019-01-11T06:31:40.0000000+00:00")]
    public void Times_without_an_offset_are_utc_and_unknown_ones_are_none(string written, string? expected)
    {
        var row = Real.Rows()[0]!.DeepClone();
        row["StartTimeUtc"] = JsonNode.Parse(written);
        Assert.Equal(expected, Real.Alert(row).FirstActivity?.ToString("O"));
    }

    [Theory]
    [InlineData("HIGH", Severity.High)]
    [InlineData("Informational", Severity.Informational)]
    [InlineData("unknownFutureValue", Severity.Medium)]
    [InlineData("catastrophic", Severity.Medium)]
    public void A_severity_we_do_not_know_survives_as_written(string written, Severity expected)
    {
        var message = Real.GraphAlert();
        message["severity"] = written;
        var alert = Real.Alert(message);
        Assert.Equal((expected, written), (alert.Severity, alert.SeverityText));
    }

    [Theory]
    [InlineData("\"Persistence, Execution\"")]
    [InlineData("\"[\\\"Persistence\\\",\\\"Execution\\\"]\"")]
    [InlineData("[\"Persistence\",\"Execution\",\"Persistence\",null]")]
    public void Tactics_come_as_a_list_as_json_text_or_with_commas(string written)
    {
        var row = Real.Rows()[0]!.DeepClone();
        row["Tactics"] = JsonNode.Parse(written);
        Assert.Equal(["Persistence", "Execution"], Real.Alert(row).Tactics);
    }

    [Fact]
    public void Fields_without_a_place_are_kept()
    {
        var message = Real.GraphAlert();
        message["aNewField"] = new JsonObject { ["x"] = 1 };
        Assert.Contains("\"aNewField\":{\"x\":1}", Real.Alert(message).Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void The_demonstration_samples_carry_what_the_demonstration_needs()
    {
        Assert.Equal(
            Real.Adele,
            Real.Alert(Real.Sample("graph-alert-account-adele.json")).Entities.OfType<AccountEntity>().First().ObjectId
        );
        var megan = Real.Alert(Real.Sample("graph-incident-megan.json"));
        Assert.Equal(Real.Megan, megan.Entities.OfType<AccountEntity>().First().ObjectId);
        Assert.NotNull(Assert.Single(megan.Entities.OfType<MailMessageEntity>()).NetworkMessageId);
        var injected = Real.Alert(Real.Sample("graph-alert-injected-orders.json"));
        Assert.Contains("isolate every host", injected.Title, StringComparison.Ordinal);
        Assert.Contains("[U+202E]", injected.Title, StringComparison.Ordinal);
        Assert.Equal(
            Enum.GetValues<AlertShape>().Except([AlertShape.CircuitBreaker]),
            Real.SampleNames().Select(name => Real.Alert(Real.Sample(name)).Shape).Distinct().Order()
        );
        Assert.All(Real.SampleNames(), name => Assert.True(Encoding.UTF8.GetByteCount(Real.Sample(name).ToJsonString()) < 16_384));
    }
}

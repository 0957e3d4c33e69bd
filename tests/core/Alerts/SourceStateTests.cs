using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Tests.Alerts;

/// <summary>Where an alert stands at its source, in every source's words.</summary>
public sealed class SourceStateTests
{
    [Theory]
    [InlineData("new", SourceStatus.New)]
    [InlineData("New", SourceStatus.New)]
    [InlineData("newAlert", SourceStatus.New)]
    [InlineData("Active", SourceStatus.InProgress)]
    [InlineData("In Progress", SourceStatus.InProgress)]
    [InlineData("in_progress", SourceStatus.InProgress)]
    [InlineData("awaitingAction", SourceStatus.InProgress)]
    [InlineData("Resolved", SourceStatus.Closed)]
    [InlineData("Closed", SourceStatus.Closed)]
    [InlineData("dismissed", SourceStatus.Closed)]
    [InlineData("Redirected", SourceStatus.Redirected)]
    [InlineData("unknownFutureValue", SourceStatus.Unknown)]
    [InlineData("", SourceStatus.Unknown)]
    public void Every_sources_word_for_its_status_is_known(string word, SourceStatus status) =>
        Assert.Equal(status, Read(new JsonObject { ["status"] = word }).Status);

    [Theory]
    [InlineData("falsePositive", null, SourceClassification.FalsePositive)]
    [InlineData("FalsePositive", "InaccurateData", SourceClassification.FalsePositive)]
    [InlineData("informationalExpectedActivity", "securityTesting", SourceClassification.BenignPositive)]
    [InlineData("Informational, expected activity", null, SourceClassification.BenignPositive)]
    [InlineData("BenignPositive", "SuspiciousButExpected", SourceClassification.BenignPositive)]
    [InlineData("TruePositive", "SecurityTesting", SourceClassification.TruePositive)]
    [InlineData("Undetermined", null, SourceClassification.Unknown)]
    [InlineData(null, "clean", SourceClassification.FalsePositive)]
    [InlineData(null, "lineOfBusinessApplication", SourceClassification.BenignPositive)]
    [InlineData("unknown", "compromisedUser", SourceClassification.TruePositive)]
    public void Every_sources_word_for_what_it_was_is_known(string? word, string? why, SourceClassification classification) =>
        Assert.Equal(classification, Read(new JsonObject { ["classification"] = word, ["determination"] = why }).Classification);

    [Fact]
    public void A_word_that_is_not_known_counts_as_open_and_is_said()
    {
        var alert = Real.GraphAlert();
        alert["status"] = "slumbering";
        var read = Real.Alert(alert);
        Assert.False(read.Source.IsClosed);
        Assert.Contains(read.Notes, n => n.Contains("slumbering", StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_source_says_of_its_state_still_reaches_the_model()
    {
        var alert = Real.GraphAlert();
        alert["classification"] = "truePositive";
        Assert.Contains("truePositive", Real.Alert(alert).Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_real_message_that_has_a_status_has_a_known_one()
    {
        var stated = Real.Messages().Select(m => Real.Alert(m.Message).Source).Where(s => s.StatusText.Length > 0).ToList();
        Assert.NotEmpty(stated);
        Assert.All(stated, s => Assert.True(s.Status != SourceStatus.Unknown || s.StatusText is "Unknown" or "unknown", s.StatusText));
    }

    [Theory]
    [InlineData("status", "resolved")]
    [InlineData("classification", "falsePositive")]
    [InlineData("determination", "securityTesting")]
    public void Where_it_stands_belongs_to_the_version_and_not_to_the_content(string field, string value)
    {
        var (before, after) = (Real.GraphAlert(), Real.GraphAlert());
        after[field] = value;
        Assert.NotEqual(AlertVersion.KeyOf(Real.Alert(before)), AlertVersion.KeyOf(Real.Alert(after)));
        Assert.Equal(AlertVersion.ContentOf(Real.Alert(before)), AlertVersion.ContentOf(Real.Alert(after)));
    }

    private static SourceState Read(JsonObject fields)
    {
        var alert = new JsonObject
        {
            ["id"] = "a",
            ["title"] = "t",
            ["serviceSource"] = "x",
        };
        foreach (var (name, value) in fields)
            alert[name] = value?.DeepClone();
        return AlertParser.Read(Encoding.UTF8.GetBytes(alert.ToJsonString())).Alert!.Source;
    }
}

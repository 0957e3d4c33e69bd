using DurableTask.Core;
using DurableTask.Core.History;
using IRFunctions.Local.Engine.Histories;

namespace IRFunctions.Tests.Engine;

/// <summary>What is stored of a history says the same when it is read again, whatever texts are in it.</summary>
public class HistoryJsonTests
{
    [Theory]
    [InlineData("""{"a":[1,2.50,"x",null],"b":{}}""")]
    [InlineData("""{ "spaces" : [ 1 ,  2 ] }""")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"escaped":"\u00e9\n\"","plain":"é😀"}""")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{not json}")]
    [InlineData("[1,]")]
    [InlineData("""{"a":1}{"b":2}""")]
    [InlineData("[1] and [2]")]
    [InlineData("{/* a comment */}")]
    [InlineData("""{"cut":"}""")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("\"a text\"")]
    [InlineData(" {}")]
    public void A_payload_comes_back_as_it_was_whether_it_is_json_or_only_looks_like_it(string payload) => ComesBack(payload);

    [Theory]
    [InlineData(60)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    [InlineData(2_000)]
    public void A_payload_of_any_depth_comes_back_as_it_was(int depth) => ComesBack(new string('[', depth) + new string(']', depth));

    [Fact]
    public void The_properties_of_a_failure_stay_texts_where_they_are_texts_that_contain_json()
    {
        var properties = new Dictionary<string, object?>
        {
            ["body"] = """{"error":{"code":5}}""",
            ["list"] = new List<object?> { "[1]", 2.0, null },
            ["map"] = new Dictionary<string, object?> { ["{}"] = "{}" },
            ["true"] = true,
        };
        var inner = new FailureDetails("Inner", """{"inner":true}""", "[trace]", null, false);
        var failure = new FailureDetails("Outer", "{broken}", null, inner, true, properties);
        var read = Assert.IsType<TaskFailedEvent>(
            Assert.Single(HistoryJson.Decode(HistoryJson.Encode([new TaskFailedEvent(-1, 3, "[reason]", null, failure)])))
        );
        Assert.Equal(
            (3, "[reason]", "{broken}", true),
            (read.TaskScheduledId, read.Reason, read.FailureDetails!.ErrorMessage, read.FailureDetails.IsNonRetriable)
        );
        Assert.Equal(
            ("""{"inner":true}""", "[trace]"),
            (read.FailureDetails.InnerFailure!.ErrorMessage, read.FailureDetails.InnerFailure.StackTrace)
        );
        Assert.Equivalent(properties, read.FailureDetails.Properties, strict: true);
    }

    private static void ComesBack(string payload)
    {
        var events = HistoryJson.Decode(
            HistoryJson.Encode([
                new EventRaisedEvent(-1, payload) { Name = payload },
                new TaskScheduledEvent(7, "task", null, payload),
                new TaskCompletedEvent(-1, 7, payload),
            ])
        );
        var raised = Assert.IsType<EventRaisedEvent>(events[0]);
        Assert.Equal((payload, payload), (raised.Name, raised.Input));
        Assert.Equal((7, payload), (events[1].EventId, Assert.IsType<TaskScheduledEvent>(events[1]).Input));
        Assert.Equal((7, payload), (Assert.IsType<TaskCompletedEvent>(events[2]).TaskScheduledId, ((TaskCompletedEvent)events[2]).Result));
    }
}

using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Local.Model;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// A model that gives no usable answer: people get a ticket and a page, nothing is contained without one of them, and the queue keeps
/// moving (S12).
/// </summary>
public sealed class ModelTroubleTests
{
    public static TheoryData<ModelBehaviour> Troubles =>
        [
            ModelBehaviour.Fail,
            ModelBehaviour.RateLimited,
            ModelBehaviour.Garbage,
            ModelBehaviour.NotJson,
            ModelBehaviour.Refuse,
            ModelBehaviour.Truncated,
            ModelBehaviour.ContentFilter,
            ModelBehaviour.Huge,
        ];

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Trouble_with_the_model_ends_as_ticket_and_page_and_contains_nothing_S12(ModelBehaviour trouble)
    {
        await using var world = await World.CreateAsync();
        world.Machine.Model.Behave(trouble);
        await world.SendAsync(Given.MaliciousAddress());
        await world.SendAsync(Given.StolenAccount());
        // Two alerts, 20 seconds each at most; this clock also jumps to timers that have nothing to do with it, such as the ten seconds
        // that each source of signals has.
        await RunInSecondsAsync(world, 180);
        await AssertLeftToPeopleAsync(world, alerts: 2);
    }

    [Theory]
    [InlineData(ModelBehaviour.Silent)]
    [InlineData(ModelBehaviour.Drip)]
    public async Task A_model_that_never_answers_or_drips_is_given_up_in_seconds_and_people_take_over_S12(ModelBehaviour slow)
    {
        await using var world = await World.CreateAsync();
        world.Machine.Model.Behave(slow);
        await world.SendAsync(Given.MaliciousAddress());
        await RunInSecondsAsync(world, 30);
        await AssertLeftToPeopleAsync(world, alerts: 1);
    }

    /// <summary>
    /// Forty alerts in a row. Where there is no answer at all the first few wait, then the model is left alone and the queue moves as if
    /// there were none; where each answer is of no use the model is asked each time, since that may be about one alert, and the queue moves
    /// on at once.
    /// </summary>
    [Theory]
    [InlineData(ModelBehaviour.Silent, true)]
    [InlineData(ModelBehaviour.Drip, true)]
    [InlineData(ModelBehaviour.RateLimited, true)]
    [InlineData(ModelBehaviour.Fail, true)]
    [InlineData(ModelBehaviour.NotJson, false)]
    [InlineData(ModelBehaviour.Refuse, false)]
    [InlineData(ModelBehaviour.Garbage, false)]
    [InlineData(ModelBehaviour.Truncated, false)]
    [InlineData(ModelBehaviour.ContentFilter, false)]
    [InlineData(ModelBehaviour.Huge, false)]
    public async Task Trouble_with_the_model_does_not_hold_up_the_queue_S10_S12(ModelBehaviour trouble, bool leftAlone)
    {
        await using var world = await World.CreateAsync();
        world.Machine.Model.Behave(trouble);
        for (var i = 0; i < 40; i++)
            await world.SendAsync(Given.MaliciousAddress($"a-{i}", $"203.0.113.{i + 1}"));
        // forty time-outs would be 800; this clock also jumps to timers that have nothing to do with it
        await RunInSecondsAsync(world, 600);
        await AssertLeftToPeopleAsync(world, alerts: 40);
        Assert.InRange(world.Machine.Model.Answered, leftAlone ? 1 : 40, leftAlone ? 30 : 200); // fewer than alerts: it was left alone

        world.Machine.Model.Behave(ModelBehaviour.Rules);
        await world.PassAsync(TimeSpan.FromSeconds(31));
        await world.SendAsync(Given.MaliciousAddress("after", "203.0.113.200"));
        await world.RunAsync();
        Assert.Single(world.Containing());
    }

    public static TheoryData<Exception> Surprises =>
        [
            new HttpRequestException(HttpRequestError.ConnectionError, "connection refused"),
            new IOException("the connection broke"),
            new NotSupportedException("nobody expected this"),
            new TaskCanceledException("gave up"),
        ];

    [Theory]
    [MemberData(nameof(Surprises))]
    public async Task A_model_that_cannot_be_reached_or_a_client_that_throws_the_unexpected_ends_with_people_S12(Exception surprise)
    {
        await using var world = await World.CreateAsync(o => o with { Model = ScriptedModel.Throwing(surprise) });
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        await AssertLeftToPeopleAsync(world, alerts: 1);
    }

    [Fact]
    public async Task A_model_that_stumbled_once_is_asked_again_for_the_next_alert()
    {
        await using var world = await World.CreateAsync();
        world.Machine.Model.Behave(ModelBehaviour.Garbage, times: 1);
        await world.SendAsync(Given.MaliciousAddress("a-1", "203.0.113.1"));
        await world.RunAsync();
        Assert.Empty(world.Containing());
        await world.SendAsync(Given.MaliciousAddress("a-2", "203.0.113.2"));
        await world.RunAsync();
        Assert.Single(world.Containing());
    }

    private static async Task RunInSecondsAsync(World world, int seconds)
    {
        var began = world.Time.GetUtcNow();
        await world.RunWhileTimeGoesOnAsync();
        Assert.InRange(world.Time.GetUtcNow() - began, TimeSpan.Zero, TimeSpan.FromSeconds(seconds));
    }

    private static async Task AssertLeftToPeopleAsync(World world, int alerts)
    {
        await world.AssertAllAccountedAsync(alerts);
        Assert.Empty(world.Containing());
        // In a flood one ticket is that of the flood, and the others are comments of it.
        var (tickets, comments) = (world.Effects("ticket.create").Count, world.Effects("ticket.comment").Count);
        Assert.Equal(alerts, tickets + comments - (comments > 0 ? 1 : 0));
        // One page about the doubt for each alert, besides those that ask for approval; those of a flood are sent and do not ring.
        Assert.True(world.Machine.Tenant.Journal.Of("page.trigger", null).Count >= alerts);
        foreach (var alert in await world.IncidentsAsync())
        {
            var record = await world.RecordAsync(alert.Incident);
            Assert.Contains(record, e => e.Kind == "assessed" && e.Text.Contains("Problem:", StringComparison.Ordinal));
            Assert.Contains(alert.Decisions, d => d.Action == "send_analyst_notification" && d.Ending == Ending.Done);
            Assert.Contains(alert.Decisions, d => d.Action == "create_alert_ticket" && d.Ending == Ending.Done);
            Assert.DoesNotContain(nameof(AssessedBy.Model), alert.Assessment, StringComparison.Ordinal);
        }
    }
}

using IRFunctions.Policies;

namespace IRFunctions.Tests.Policies;

public sealed class LadderTests
{
    [Theory]
    [InlineData(15, "primary 0, secondary 5, manager 15, expires 30")]
    [InlineData(10, "primary 0, secondary 5, manager 10, expires 25")]
    [InlineData(30, "primary 0, secondary 5, manager 15, expires 30")]
    public void A_request_climbs_at_its_own_times_or_at_the_approval_timeout(int timeoutMinutes, string expected)
    {
        var plan = Shipped.Policy.Ladder.Plan(TimeSpan.FromMinutes(timeoutMinutes));
        var steps = plan.Steps.Select(step => $"{step.Rung.Name} {step.StartsAfter.TotalMinutes}");
        Assert.Equal(expected, $"{string.Join(", ", steps)}, expires {plan.ExpiresAfter.TotalMinutes}");
    }

    [Fact]
    public void Without_a_window_the_request_expires_at_the_approval_timeout()
    {
        var ladder = new Ladder("short", [new Rung("primary", TimeSpan.Zero, "group", [], Window: null)]);
        Assert.Equal(TimeSpan.FromMinutes(10), ladder.Plan(TimeSpan.FromMinutes(10)).ExpiresAfter);
    }

    [Fact]
    public void The_shipped_ladder_names_its_approvers() =>
        Assert.Equal(
            [
                ("00000000-0000-4000-8000-0000000000b1", "Alex Analyst"),
                ("00000000-0000-4000-8000-0000000000b2", "Sam Second"),
                ("00000000-0000-4000-8000-0000000000b3", "Morgan Manager"),
            ],
            Shipped.Policy.Ladder.Rungs.SelectMany(rung => rung.Approvers).Select(approver => (approver.ObjectId, approver.Name))
        );

    [Theory]
    [InlineData(72.0, 2.0)]
    [InlineData(4.0, 2.0)]
    [InlineData(2.0, 1.0)]
    [InlineData(1.0, 0.5)]
    public void The_reminder_comes_two_hours_before_or_at_half_of_what_is_shorter_than_four(double durationHours, double leadHours) =>
        Assert.Equal(TimeSpan.FromHours(leadHours), Shipped.Policy.ReminderLead(TimeSpan.FromHours(durationHours)));
}

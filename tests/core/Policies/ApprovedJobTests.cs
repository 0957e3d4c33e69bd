using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Policies;

/// <summary>Jobs that owners registered: in their window a person decides, outside nothing changes.</summary>
public sealed class ApprovedJobTests
{
    private static readonly ApprovedJob OverMidnight = new()
    {
        Name = "export",
        Kind = "account",
        Id = "x",
        Window = new QuietHours(new TimeOnly(23, 0), new TimeOnly(2, 0)),
        Days = [DayOfWeek.Monday],
        Owner = "o",
        Ticket = "t",
        Until = new DateOnly(2026, 12, 8),
    };

    [Theory]
    [InlineData("2026-11-23T22:59:59Z", false)]
    [InlineData("2026-11-23T23:00:00Z", true)] // Monday
    [InlineData("2026-11-24T01:59:59Z", true)] // Tuesday morning belongs to Monday's run
    [InlineData("2026-11-24T02:00:00Z", false)]
    [InlineData("2026-11-24T23:30:00Z", false)]
    [InlineData("2026-11-23T01:00:00Z", false)] // Monday morning belongs to Sunday's run
    [InlineData("2026-12-07T23:30:00Z", true)]
    [InlineData("2026-12-08T00:30:00Z", false)] // ended
    public void The_window_counts_on_the_day_it_began(string now, bool covers) =>
        Assert.Equal(covers, OverMidnight.CoversAt(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("\"02:00\"", "Did not hold at 03:00 UTC: the account does not belong to an approved job")] // It is Monday 03:00.
    [InlineData("\"04:00\"", "Held at 03:00 UTC: the account does not belong to an approved job")]
    public async Task The_decision_says_whether_a_job_of_the_account_may_be_running(string from, string expected)
    {
        await using var world = await World.CreateAsync(o =>
            o with
            {
                EditPolicy = files =>
                    [
                        .. files.Select(f =>
                            f.Name == "context.yaml"
                                ? f with
                                {
                                    Text = f
                                        .Text.Replace("payroll-export@contoso.example", "AdeleV@contoso.example", StringComparison.Ordinal)
                                        .Replace("\"01:00\"", from, StringComparison.Ordinal)
                                        .Replace("\"03:30\"", "\"05:00\"", StringComparison.Ordinal),
                                }
                                : f
                        ),
                    ],
            }
        );
        await StolenAccountTests.AskedAsync(world);
        var record = await world.RecordAsync(Assert.Single(await world.IncidentsAsync()).Incident);
        var decided = Assert.Single(
            record,
            e => e.Kind == AuditKinds.Decided && e.Text.Contains("disable_user_account", StringComparison.Ordinal)
        );
        Assert.Contains(expected, decided.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_owner_of_a_job_is_told_before_it_ends()
    {
        var policy = Shipped.Policy;
        var ends = policy.Jobs.Single().Until.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        Assert.Contains(
            policy.EndingSoon(ends.AddDays(-7), TimeSpan.FromDays(14)),
            e => e is { What: "approved job", Owner: "payroll@contoso.example" }
        );
    }
}

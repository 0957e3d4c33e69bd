using System.Globalization;
using IRFunctions.Local.Host;

namespace IRFunctions.Tests.Host;

public sealed class NcrontabTests
{
    [Theory]
    [InlineData("0 */5 * * * *", "2026-01-05 03:02:10", "2026-01-05 03:05:00")]
    [InlineData("0 */5 * * * *", "2026-01-05 03:05:00", "2026-01-05 03:10:00")]
    [InlineData("*/15 * * * * *", "2026-01-05 03:00:46", "2026-01-05 03:01:00")]
    [InlineData("* * * * * *", "2026-01-05 03:00:00.5", "2026-01-05 03:00:01")]
    [InlineData("0 30 9 * * *", "2026-01-05 09:30:00", "2026-01-06 09:30:00")]
    [InlineData("0 30 9 * * *", "2026-12-31 10:00:00", "2027-01-01 09:30:00")]
    [InlineData("0 0 8-10 * * *", "2026-01-05 08:00:01", "2026-01-05 09:00:00")]
    [InlineData("0 0 8-18/4 * * *", "2026-01-05 12:00:00", "2026-01-05 16:00:00")]
    [InlineData("0 5/20 * * * *", "2026-01-05 03:06:00", "2026-01-05 03:25:00")]
    [InlineData("5,8,10 * * * * *", "2026-01-05 03:00:08", "2026-01-05 03:00:10")]
    [InlineData("0 0 9 * * MON-FRI", "2026-01-09 09:00:00", "2026-01-12 09:00:00")]
    [InlineData("0 0 9 * * sunday", "2026-01-05 03:00:00", "2026-01-11 09:00:00")]
    [InlineData("0 0 9 * Jan,jul Mon", "2026-01-26 09:00:00", "2026-07-06 09:00:00")]
    [InlineData("0 0 0 29 2 *", "2026-01-05 03:00:00", "2028-02-29 00:00:00")]
    [InlineData("0 0 0 29 2 Wed", "2028-02-29 00:00:00", "2040-02-29 00:00:00")]
    [InlineData("0 0 0 13 * Fri", "2026-01-05 03:00:00", "2026-02-13 00:00:00")]
    [InlineData("0 0 0 31 * *", "2026-01-31 00:00:00", "2026-03-31 00:00:00")]
    [InlineData("0 0 0 1 * *", "2026-01-05 03:00:00", "2026-02-01 00:00:00")]
    [InlineData("30 4 * * *", "2026-01-05 03:00:00", "2026-01-05 04:30:00")]
    [InlineData("59 59 23 31 12 *", "2026-12-31 23:59:59", "2027-12-31 23:59:59")]
    public void The_next_time_after_a_moment_is_the_first_that_matches_every_field(string schedule, string after, string next) =>
        Assert.Equal(At(next), Ncrontab.Parse(schedule).Next(At(after)));

    [Fact]
    public void A_day_that_never_comes_has_no_next_time() => Assert.Null(Ncrontab.Parse("0 0 0 30 2 *").Next(At("2026-01-05 03:00:00")));

    [Fact]
    public void A_moment_in_another_time_zone_counts_as_what_it_is_in_utc() =>
        Assert.Equal(
            At("2026-01-05 03:30:00"),
            Ncrontab.Parse("0 30 3 * * *").Next(new DateTimeOffset(2026, 1, 5, 4, 0, 0, TimeSpan.FromHours(1)))
        );

    /// <summary>What the Functions host takes without a word must mean the same here, although both are likely to be mistakes.</summary>
    [Theory]
    [InlineData("0 10-5 * * * *", "2026-01-05 03:00:00", "2026-01-05 03:05:00")] // 5 to 10
    [InlineData("*/0 * * * * *", "2026-01-05 03:00:00", "2026-01-05 03:00:01")] // every second
    public void A_range_that_runs_backwards_and_a_step_of_nothing_are_read_as_the_Functions_host_reads_them(
        string schedule,
        string after,
        string next
    ) => Assert.Equal(At(next), Ncrontab.Parse(schedule).Next(At(after)));

    [Theory]
    [InlineData("* * * *", "must contain 6 components")]
    [InlineData("60 * * * * *", "60 is higher than the maximum allowable value for the [Second] field. Value must be between 0 and 59")]
    [InlineData("* * 24 * * *", "[Hour] field")]
    [InlineData("* * * 0 * *", "[Day] field")]
    [InlineData("* * * * 13 *", "[Month] field")]
    [InlineData("* * * * * 7", "[DayOfWeek] field")]
    [InlineData("* * * * Foo *", "'Foo' is not a valid [Month] crontab field expression")]
    [InlineData("* x * * * *", "'x' is not a valid [Minute] crontab field expression")]
    [InlineData("1, * * * * *", "value cannot be empty")]
    public void A_bad_schedule_is_refused_naming_it_and_the_field(string schedule, string named)
    {
        var message = Assert.Throws<FormatException>(() => Ncrontab.Parse(schedule)).Message;
        Assert.Contains($"'{schedule}'", message, StringComparison.Ordinal);
        Assert.Contains(named, message, StringComparison.Ordinal);
    }

    private static DateTimeOffset At(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}

using NCrontab;

namespace IRFunctions.Local.Host;

/// <summary>
/// A timer trigger's schedule, read by NCrontab, the library of the Functions host: six fields from seconds to day of week, or five without
/// seconds.
/// A day must match both the day of month and the day of week, and Sunday is 0. All times are UTC.
/// </summary>
public sealed class Ncrontab
{
    private readonly string text;
    private readonly CrontabSchedule schedule;

    private Ncrontab(string text, CrontabSchedule schedule)
    {
        this.text = text;
        this.schedule = schedule;
    }

    /// <exception cref="FormatException">Names the schedule and, where one is wrong, the field.</exception>
    public static Ncrontab Parse(string text)
    {
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        try
        {
            return new Ncrontab(text, CrontabSchedule.Parse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = fields != 5 }));
        }
        catch (CrontabException e)
        {
            throw new FormatException($"'{text}' is no NCRONTAB schedule: {e.Message}", e);
        }
    }

    /// <summary>The first matching moment after <paramref name="after"/>, or null where there is none (30 February).</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        // The library answers with the end of its search where nothing matches before it.
        var next = schedule.GetNextOccurrence(after.UtcDateTime, DateTime.MaxValue);
        return next == DateTime.MaxValue ? null : new DateTimeOffset(DateTime.SpecifyKind(next, DateTimeKind.Utc));
    }

    public override string ToString() => text;
}

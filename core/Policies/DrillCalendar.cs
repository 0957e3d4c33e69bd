namespace IRFunctions.Policies;

/// <summary>When rollback drills take place by themselves.</summary>
/// <param name="Hours">Whole hours, UTC.</param>
/// <param name="Days">Days on which they do; empty for every day.</param>
public sealed record DrillCalendar(IReadOnlyList<int> Hours, IReadOnlyList<DayOfWeek> Days)
{
    /// <summary>For policies that do not say: daily, when least happens.</summary>
    public static DrillCalendar Default { get; } = new([4], []);

    /// <summary>How late a drill may begin: a timer that slept does not rehearse at noon what was due at night.</summary>
    private const int LatestHours = 3;

    /// <summary>The hour that is due now, or was due in the last three; null where none was.</summary>
    public DateTimeOffset? DueAt(DateTimeOffset now)
    {
        var hour = new DateTimeOffset(now.UtcDateTime.Date.AddHours(now.UtcDateTime.Hour), TimeSpan.Zero);
        for (var back = 0; back < LatestHours; back++, hour = hour.AddHours(-1))
            if (Hours.Contains(hour.Hour) && (Days.Count == 0 || Days.Contains(hour.DayOfWeek)))
                return hour;
        return null;
    }
}

namespace IRFunctions.Policies;

/// <summary>When rollback drills take place by themselves.</summary>
/// <param name="Hours">Whole hours, UTC.</param>
/// <param name="Days">Days on which they do; empty for every day.</param>
public sealed record DrillCalendar(IReadOnlyList<int> Hours, IReadOnlyList<DayOfWeek> Days)
{
    /// <summary>For policies that do not say: daily, when least happens.</summary>
    public static DrillCalendar Default { get; } = new([4], []);

    public bool Covers(DateTimeOffset now) =>
        Hours.Contains(now.UtcDateTime.Hour) && (Days.Count == 0 || Days.Contains(now.UtcDateTime.DayOfWeek));
}

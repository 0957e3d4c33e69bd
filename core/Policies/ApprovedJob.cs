namespace IRFunctions.Policies;

/// <summary>A job that its owner registered: what looks like an attack from this identity in this window is probably the job.</summary>
public sealed record ApprovedJob
{
    public required string Name { get; init; }

    /// <summary>"account" or "application".</summary>
    public required string Kind { get; init; }

    /// <summary>Object id, or the name an account signs in with; lower case.</summary>
    public required string Id { get; init; }

    /// <summary>When it runs, each day that counts, UTC.</summary>
    public required QuietHours Window { get; init; }

    /// <summary>Days on which the window begins; empty for every day.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = [];

    /// <summary>Ids and names of what fails when the job does not run; empty where nobody said.</summary>
    public IReadOnlyList<string> WorksOn { get; init; } = [];

    public required string Owner { get; init; }
    public required string Ticket { get; init; }

    /// <summary>First day (UTC) on which it no longer counts.</summary>
    public required DateOnly Until { get; init; }

    /// <summary>Whether the job may be running now. What begins before midnight belongs to the day it began on.</summary>
    public bool CoversAt(DateTimeOffset now)
    {
        if (DateOnly.FromDateTime(now.UtcDateTime) >= Until || !Window.Covers(now))
            return false;
        var began =
            Window.From > Window.Until && TimeOnly.FromTimeSpan(now.UtcDateTime.TimeOfDay) < Window.Until
                ? now.UtcDateTime.AddDays(-1)
                : now.UtcDateTime;
        return Days.Count == 0 || Days.Contains(began.DayOfWeek);
    }
}

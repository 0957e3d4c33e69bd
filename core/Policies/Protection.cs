namespace IRFunctions.Policies;

/// <summary>What the owner of a registered thing requires of its containment.</summary>
public enum ProtectionLevel
{
    /// <summary>A person approves, also what would run alone.</summary>
    Ask,

    /// <summary>Only soft containment, and a person approves it; hard containment is told of.</summary>
    Soft,

    /// <summary>The pipeline never touches it; people get the recommendation.</summary>
    Never,
}

/// <summary>A registration on the protected list.</summary>
public sealed record ProtectedEntry
{
    /// <summary>"account", "application", "host", "ip", "range", "mailbox" or "workload".</summary>
    public required string Kind { get; init; }

    /// <summary>Object id, address, range in CIDR form, host name or device id, or mail address; lower case.</summary>
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required ProtectionLevel Level { get; init; }

    /// <summary>Distinct approvers the owner requires at least.</summary>
    public int Quorum { get; init; } = 1;

    /// <summary>Break-glass accounts are never touched, and do not expire: an expiry only tells the owner.</summary>
    public bool BreakGlass { get; init; }

    /// <summary>Who answers for it: a mail address or team name.</summary>
    public required string Owner { get; init; }

    public required string Ticket { get; init; }

    public required string Why { get; init; }

    public required DateOnly Registered { get; init; }

    /// <summary>First day (UTC) on which it no longer counts.</summary>
    public required DateOnly Expires { get; init; }

    /// <summary>Whether it counts at <paramref name="now"/>.</summary>
    public bool CountsAt(DateTimeOffset now) => BreakGlass || DateOnly.FromDateTime(now.UtcDateTime) < Expires;
}

/// <summary>What an exception does while it counts.</summary>
public enum ExceptionEffect
{
    /// <summary>Actions on it are held: an approved test or migration.</summary>
    Hold,

    /// <summary>
    /// Its registration on the protected list is set aside; break-glass, approvers and the pipeline's own identity never are (S9).
    /// </summary>
    Lift,
}

/// <summary>A time-bound exception. An expired one stops counting.</summary>
public sealed record PolicyExemption
{
    public required string Name { get; init; }
    public required string Kind { get; init; }
    public required string Id { get; init; }
    public required ExceptionEffect Effect { get; init; }

    /// <summary>Actions it is about; empty for all.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];

    public required string Owner { get; init; }
    public required string Ticket { get; init; }
    public required string Why { get; init; }

    /// <summary>First day (UTC) on which it counts.</summary>
    public required DateOnly From { get; init; }

    /// <summary>First day (UTC) on which it no longer counts.</summary>
    public required DateOnly Until { get; init; }

    public bool CountsAt(DateTimeOffset now)
    {
        var day = DateOnly.FromDateTime(now.UtcDateTime);
        return From <= day && day < Until;
    }

    public bool IsAbout(string action) => Actions.Count == 0 || Actions.Contains(action);
}

/// <summary>A period in which business owners register or renew what they want protected.</summary>
/// <param name="Closes">Last day (UTC) of the window.</param>
/// <param name="Contact">Who is told when it is about to close.</param>
public sealed record RegistrationWindow(string Name, DateOnly Opens, DateOnly Closes, string Contact);

/// <summary>Something whose owner must hear before it ends.</summary>
/// <param name="What">"protected", "exception", "approved job" or "registration window".</param>
/// <param name="Name">Which one.</param>
/// <param name="Owner">Who is told.</param>
/// <param name="Ends">First day it no longer counts; for a window its last day.</param>
/// <param name="Ticket">Empty for a window.</param>
public sealed record Expiry(string What, string Name, string Owner, DateOnly Ends, string Ticket);

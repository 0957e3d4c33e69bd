using System.Text.Json.Serialization;

namespace IRFunctions.Policies;

/// <summary>Someone who may approve.</summary>
/// <param name="ObjectId">Entra object id, a GUID in lower case.</param>
/// <param name="Name">For cards and audit; never used to decide.</param>
public sealed record Approver(string ObjectId, string Name)
{
    /// <summary>
    /// The person behind this account where they have several: two accounts of one owner are one voice. Null: the account itself.
    /// </summary>
    public string? Owner { get; init; }

    /// <summary>Their id in Slack, where they may answer there: bound here and nowhere else, never by e-mail. Null: not there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Slack { get; init; }

    /// <summary>When this person is not woken while another of the group is awake.</summary>
    public QuietHours? Quiet { get; init; }

    /// <summary>When somebody else stands in.</summary>
    public Absence? Away { get; init; }
}

/// <summary>A daily span, UTC; one that begins after it ends goes over midnight.</summary>
public sealed record QuietHours(TimeOnly From, TimeOnly Until)
{
    public bool Covers(DateTimeOffset now)
    {
        var time = TimeOnly.FromTimeSpan(now.UtcDateTime.TimeOfDay);
        return From <= Until ? time >= From && time < Until : time >= From || time < Until;
    }
}

/// <summary>Days on which a substitute is asked instead, both included, UTC.</summary>
public sealed record Absence(DateOnly From, DateOnly Until, Approver Substitute)
{
    public bool Covers(DateTimeOffset now) => DateOnly.FromDateTime(now.UtcDateTime) is var day && day >= From && day <= Until;
}

/// <summary>Who may approve, and where to learn who of them is on call.</summary>
/// <param name="Members">Named in the file; empty where only the Entra group says.</param>
/// <param name="EntraGroup">Object id of a group whose members, through other groups too, belong here as well.</param>
/// <param name="Schedule">Answers who is on call now. It chooses among the group and can make nobody an approver.</param>
public sealed record ApproverGroup(string Name, IReadOnlyList<Approver> Members, string? EntraGroup = null, Uri? Schedule = null);

/// <summary>One step of the ladder: who is asked, and when, counted from the first request.</summary>
/// <param name="Name">"primary", "secondary", "manager".</param>
/// <param name="After">Time since the request was opened; the first rung starts at once.</param>
/// <param name="Group">Name of the approver group.</param>
/// <param name="Approvers">The group's members in the order of the file.</param>
/// <param name="Window">Only the last rung: its own time to answer, after which the request expires; null where the approval timeout ends
/// it.</param>
public sealed record Rung(string Name, TimeSpan After, string Group, IReadOnlyList<Approver> Approvers, TimeSpan? Window);

/// <summary>A rung with the time at which it starts for one request.</summary>
public sealed record LadderStep(Rung Rung, TimeSpan StartsAfter);

/// <summary>
/// The whole climb of one request, counted from its opening. At <see cref="ExpiresAfter"/> nothing runs, a ticket is created and the
/// analyst is paged again.
/// </summary>
public sealed record LadderPlan(IReadOnlyList<LadderStep> Steps, TimeSpan ExpiresAfter);

/// <summary>Who is asked in which order until someone answers (docs/design.md section 5).</summary>
public sealed record Ladder(string Name, IReadOnlyList<Rung> Rungs)
{
    /// <summary>The ladder of every action that names none.</summary>
    public const string DefaultName = "default";

    /// <summary>
    /// The climb for an action: a rung starts at its own time or at the approval timeout, whichever is earlier; the last one then has its
    /// own window.
    /// </summary>
    /// <param name="approvalTimeout">The action's approval timeout, positive.</param>
    public LadderPlan Plan(TimeSpan approvalTimeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(approvalTimeout, TimeSpan.Zero);
        var steps = Rungs.Select(rung => new LadderStep(rung, rung.After < approvalTimeout ? rung.After : approvalTimeout)).ToArray();
        var last = steps[^1];
        return new LadderPlan(steps, last.Rung.Window is { } window ? last.StartsAfter + window : approvalTimeout);
    }
}

/// <summary>When people are reminded to confirm before an effect is undone.</summary>
/// <param name="Lead">Time before the undo.</param>
/// <param name="HalfBelow">Effects shorter than this remind at half their duration instead.</param>
public sealed record ReminderRule(TimeSpan Lead, TimeSpan HalfBelow)
{
    /// <summary>Time between the reminder and the undo of an effect that lasts <paramref name="duration"/>.</summary>
    public TimeSpan LeadFor(TimeSpan duration) => duration < HalfBelow ? duration / 2 : Lead;
}

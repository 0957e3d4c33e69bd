using IRFunctions.Alerts;

namespace IRFunctions.Containment;

/// <summary>What people read about a containment and its end: on the record and on pages.</summary>
internal static class ContainmentText
{
    /// <summary>What a person kept, in the same words wherever it is told: incident, containment, story.</summary>
    public const string Confirmed = "confirmed, stays until a person releases it";

    /// <summary>What a person gave back.</summary>
    public const string Released = "released by a person";

    /// <summary>What a person let last longer.</summary>
    public static string Extended(DateTimeOffset until) => $"extended by a person until {TimeText.Utc(until)}";

    /// <summary>The parameters of an action and by whose authority it runs.</summary>
    public static object OrderData(ContainmentOrder order) =>
        new
        {
            Order = order.Id,
            order.Decision.Tier,
            order.Decision.MaxDuration,
            order.Decision.Reversible,
            order.Decision.PolicyHash,
            ActionHash = order.Grant?.ActionHash,
            Approvers = order.Grant?.Approvers,
            ApprovedAt = order.Grant?.At,
        };

    public static string Executing(ContainmentOrder order) =>
        $"about to run {order.Decision.Action} on {TextBounds.OneLine(order.Decision.Target.Display, 120)}"
        + (
            order.Decision.MaxDuration is { } length && order.Decision.Reversible
                ? $" for at most {TimeText.Length(length)}"
                : " (no inverse)"
        );

    public static string Verified(ContainmentOrder order, DateTimeOffset? undoAt) =>
        $"read back: {order.Decision.Action} is in effect"
        + (undoAt is { } at ? $"; it will be undone at {TimeText.Utc(at)} unless someone confirms it" : "");

    public static string Undoing(RollbackOrder order) =>
        $"about to undo {order.Action} on {TextBounds.OneLine(order.Target.Display, 120)}: {order.Cause.ToString().ToLowerInvariant()}"
        + (order.Reason.Length > 0 ? $" ({TextBounds.OneLine(order.Reason, 300)})" : "");

    public static string RollbackFailedPage(RollbackOrder order, int attempt, DateTimeOffset next, string problem) =>
        $"ROLLBACK FAILED: {order.Action} on {TextBounds.OneLine(order.Target.Display, 120)} is still in effect "
        + $"(told {attempt} times). {TextBounds.OneLine(problem, 300)} "
        + $"It keeps being tried, and on every release; told again at {next:yyyy-MM-dd HH:mm} UTC. Undo it by hand if it hurts.";

    public static string NotUndonePage(RollbackOrder order, string text) =>
        $"{order.Action} on {TextBounds.OneLine(order.Target.Display, 120)} was to be undone "
        + $"({order.Cause.ToString().ToLowerInvariant()}), but: {TextBounds.OneLine(text, 300)}";

    public static string Contained(ContainmentOrder order, ContainmentReport report) =>
        $"Security did this: {TextBounds.OneLine(report.Text, 300)}. "
        + (
            report.UndoAt is { } at
                ? $"It undoes itself at {TimeText.Utc(at)}; to take it back now: POST "
                    + $"/api/containments/{ScheduledRollback.KeyOf(order.Decision.Action, order.Decision.Target)}/release"
                : $"It cannot be taken back: {order.Decision.Reversal}"
        );

    public static string HaltedPage(ContainmentOrder order, string why) =>
        $"{order.Decision.Action} on {TextBounds.OneLine(order.Decision.Target.Display, 120)} was NOT run: "
        + $"{TextBounds.OneLine(why, 300)}. Alert: {TextBounds.OneLine(order.Title, 200)}";
}

using System.Globalization;
using IRFunctions.Containment;

namespace IRFunctions.Incidents;

/// <summary>"Did security do this, why, and is anyone breached?" in plain words, for whoever is affected and whoever they call.</summary>
/// <param name="DidSecurityDoThis">Yes or no, when and by whom.</param>
/// <param name="Why">The alerts behind it.</param>
/// <param name="IsAnyoneBreached">What is known, and that it is not known where it is not.</param>
/// <param name="WhatNow">How to take it back.</param>
public sealed record ContainmentAnswer(string DidSecurityDoThis, string Why, string IsAnyoneBreached, string WhatNow)
{
    /// <param name="state">The containment.</param>
    /// <param name="alerts">The alerts of its incidents.</param>
    /// <param name="nameOf">A person's name by object id.</param>
    public static ContainmentAnswer Of(RollbackState state, IReadOnlyList<IncidentView> alerts, Func<string, string> nameOf) =>
        new(Did(state, nameOf), WhyOf(alerts), Breached(state, alerts, nameOf), Now(state));

    private static string Did(RollbackState state, Func<string, string> nameOf)
    {
        var what = $"{state.Action.Replace('_', ' ')} on {state.Target?.Display}";
        var since = state.Holds.Count > 0 ? $" since {Time(state.Holds.Min(h => h.Since))}" : "";
        var approvers = state.Holds.SelectMany(h => h.ApprovedBy).Distinct().Select(nameOf).ToList();
        var by =
            state.Holds.Count == 0 ? ""
            : approvers.Count > 0 ? $", approved by {string.Join(" and ", approvers)}"
            : ", by itself as the policy allows";
        return state.Status switch
        {
            ContainmentStatus.Live or ContainmentStatus.Confirmed when state.DriftedAt is { } drifted =>
                $"Yes, but not any more. Security did {what}{since}{by}, and somebody else changed it before {Time(drifted)}. What "
                    + $"is there now is not security's and stays as it is.",
            ContainmentStatus.Live when state is { Extended: true, UndoAt: { } until } =>
                $"Yes. Security did {what}{since}{by}. It was {ContainmentText.Extended(until)}, and undoes itself then unless someone "
                    + "confirms it.",
            ContainmentStatus.Live =>
                $"Yes. Security did {what}{since}{by}. It undoes itself at {Time(state.UndoAt)} unless someone confirms it.",
            ContainmentStatus.Confirmed =>
                $"Yes. Security did {what}. It was {ContainmentText.Confirmed}; {nameOf(state.EndedBy)} decided so: {state.Ending}",
            ContainmentStatus.Undoing => $"Yes. Security did {what}, and is taking it back right now.",
            ContainmentStatus.RollbackFailed =>
                $"Yes. Security did {what}. Taking it back has failed so far and keeps being tried; a person was paged: {state.Ending}",
            ContainmentStatus.Released when Guid.TryParse(state.EndedBy, out _) =>
                $"Yes, but not any more. Security did {what}. It was {ContainmentText.Released} at {Time(state.EndedAt)}: {state.Ending}.",
            _ => $"Yes, but not any more. Security did {what}, which ended at {Time(state.EndedAt)}: {state.Ending}.",
        };
    }

    private static string WhyOf(IReadOnlyList<IncidentView> alerts) =>
        alerts.Count == 0
            ? "The alert behind it cannot be found any more; the record of its incident can."
            : string.Join(" ", alerts.Take(3).Select(a => $"Because of the alert \"{a.Title}\" ({a.Severity}), which {a.Assessment}"));

    private static string Breached(RollbackState state, IReadOnlyList<IncidentView> alerts, Func<string, string> nameOf) =>
        state.Status switch
        {
            ContainmentStatus.Confirmed =>
                $"Treat it as such: {nameOf(state.EndedBy)} looked at it and confirmed the containment (\"{state.Ending}\").",
            ContainmentStatus.Released when Guid.TryParse(state.EndedBy, out _) =>
                $"The person who took it back, {nameOf(state.EndedBy)}, looked at it; their reason is on the record of the incident.",
            _ => alerts.Count == 0
                ? "Not known: nobody has confirmed it either way."
                : "Not known: nobody has confirmed it either way. The assessment above is a machine's and no finding; containing "
                    + "first is meant to buy the time to look.",
        };

    private static string Now(RollbackState state) =>
        state.Status switch
        {
            ContainmentStatus.Live =>
                "If it hurts, anyone on the escalation ladder can take it back at once (release, with a reason). If it is real, "
                    + "confirm it.",
            ContainmentStatus.Confirmed or ContainmentStatus.RollbackFailed =>
                "Anyone on the escalation ladder can take it back at once (release, with a reason).",
            ContainmentStatus.Undoing => "Wait a moment and look again; the promise is 60 seconds.",
            _ => "Nothing: it is over.",
        };

    private static string Time(DateTimeOffset? at) =>
        at?.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) ?? "an unknown time";
}

using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Stories;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>One thing that is in effect: since when, how long still, by whom, and the ways to end or keep it.</summary>
internal static class EffectCard
{
    /// <summary>What stands on the record where a person released with one click and typed nothing: the truth.</summary>
    private const string Untyped = "released with one click in the console; no reason was typed";

    private static readonly int[] Hours = [1, 2, 4, 8, 24, 48, 72];

    public static Html Of(Effect effect, Policy policy, string viewer, bool mayAct)
    {
        var (state, key) = (effect.State, Key("effect", effect.Key));
        var name = Html.Of($"{Said(state.Target!.Display, 120)} {(EffectList.IsOver(state) ? "is as before" : Story.While(state.Action))}");
        return Html.Of(
            $"""
            <article class="effect" id="{key}" aria-labelledby="{key}-n" data-containment="{effect.Key}">
            <p class="row"><strong id="{key}-n">{name}</strong><span class="soft push">{Left(state)}</span></p>
            {BarOf(state)}
            <p class="soft">{By(state, policy)}</p>
            <p class="soft">{Why(effect)}</p>
            {(EffectList.IsOver(state) ? Html.Empty : Act(effect, policy, viewer, mayAct, key))}
            </article>
            """
        );
    }

    private static Html Left(RollbackState state) =>
        state.Status switch
        {
            ContainmentStatus.Live when state.DriftedAt is not null => Html.Of($"changed by somebody else"),
            ContainmentStatus.Live when state.UndoAt is { } at => Time(at, Tick.Left),
            ContainmentStatus.Confirmed => Html.Of($"confirmed: stays until released"),
            ContainmentStatus.Undoing => Html.Of($"being taken back now"),
            ContainmentStatus.RollbackFailed => Html.Of($"<strong class=\"careful\">STILL IN EFFECT: taking it back fails</strong>"),
            _ => state.EndedAt is { } ended ? Time(ended, Tick.Ago) : Html.Empty,
        };

    private static Html BarOf(RollbackState state) =>
        state.Status == ContainmentStatus.Live && state.UndoAt is { } until && state.Holds.Count > 0
            ? Bar(state.Holds.Min(h => h.Since), until, "Time left")
            : Html.Empty;

    private static Html By(RollbackState state, Policy policy)
    {
        var approvers = state.Holds.SelectMany(h => h.ApprovedBy).Distinct().Select(a => Names.Of(policy, a)).ToList();
        var ran = approvers.Count > 0 ? $"Approved by {string.Join(" and ", approvers)}" : "Ran alone, as the policy allows";
        var ends =
            state.UndoAt is { } at && state.Status == ContainmentStatus.Live ? Html.Of($" · ends by itself at {Time(at)}") : Html.Empty;
        return state.Status switch
        {
            ContainmentStatus.Released or ContainmentStatus.RolledBack => Html.Of(
                $"{EndedBy(state, policy)}{ReadBack(state)}: {Said(state.Ending)}"
            ),
            ContainmentStatus.Confirmed => Html.Of($"Confirmed by {Names.Of(policy, state.EndedBy)}: {Said(state.Ending)}"),
            ContainmentStatus.Live => Html.Of($"{ran}{ends}"),
            _ => Said(state.Ending),
        };
    }

    private static string ReadBack(RollbackState state) =>
        state.UndoneIn is { } took
            ? $", read back after {took.TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)} s"
            : "";

    private static string EndedBy(RollbackState state, Policy policy) =>
        state.Status == ContainmentStatus.Released ? $"Released by {Names.Of(policy, state.EndedBy)}" : "Taken back by itself";

    private static Html Why(Effect effect)
    {
        var title = effect.Title.Length > 0 ? Html.Of($"{Said(effect.Title, 120)} · ") : Html.Empty;
        var incidents = effect.State.Incidents.TakeLast(3).Select((i, n) => Html.Of($"{(n > 0 ? ", " : "")}{IncidentLink(i)}"));
        return Html.Of($"{title}{incidents}");
    }

    private static Html Act(Effect effect, Policy policy, string viewer, bool mayAct, string key)
    {
        if (!mayAct)
            return Html.Of($"<p class=\"note\">You may look, but not release: that takes the role responder and a place on a ladder.</p>");
        var owners = Owners.Of(policy);
        if (AnswerRules.Check(effect.State, HoldChangeKind.Release, viewer, owners) is { } objection)
            return objection.Rule == "not-live" ? Html.Empty : Html.Of($"<p class=\"note\">{objection.Text}</p>");
        var url = $"/api/containments/{Uri.EscapeDataString(effect.Key)}";
        var keep = AnswerRules.Check(effect.State, HoldChangeKind.Confirm, viewer, owners) is null;
        return Html.Of(
            $"""
            <form class="act release" data-act="post" data-url="{url}/release" data-untyped="{Untyped}" id="{key}-release">
            <div class="row"><input name="reason" aria-label="Why release it? (may stay empty)" placeholder="Why? (may stay empty)"
            maxlength="{Objection.MaxReason}">
            <button class="mini">Release now</button></div><output role="status"></output></form>
            {(keep ? Keep(effect.State, url, key) : Html.Empty)}
            """
        );
    }

    private static Html Keep(RollbackState state, string url, string key)
    {
        var most = Math.Max(1, (int)state.MaxDuration.TotalHours);
        int[] hours = [.. Hours.Where(h => h < most), most];
        return Html.Of(
            $"""
            <details class="away" id="{key}-keep"><summary>Confirm or extend…</summary>
            <form class="act" data-act="post" data-url="{url}" id="{key}-change">
            <label for="{key}-why">Why? It goes on the record.</label>
            <textarea id="{key}-why" name="reason" rows="1" maxlength="{Objection.MaxReason}" required></textarea>
            <div class="row"><button class="mini" data-path="/confirm">Confirm: keep it</button>
            <label for="{key}-hours">or for</label><select id="{key}-hours" name="hours" data-number>{hours.Select(h =>
                Html.Of($"<option value=\"{h}\">{h} h</option>")
            )}</select>
            <button class="mini" data-path="/extend">Extend from now</button></div>
            <output role="status"></output></form></details>
            """
        );
    }
}

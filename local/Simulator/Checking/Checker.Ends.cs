using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Checking;

/// <summary>What must be so at any quiet moment, and at the end of a story.</summary>
internal sealed partial class Checker
{
    /// <summary>The pipeline is at rest until the next thing falls due.</summary>
    public void Quiet()
    {
        foreach (var thing in things.Values.Where(t => t.Ours && !IsHeld(t)))
        {
            var end = EndOfHolds(thing);
            if (thing.Answered is { } answered && now() > (answered > end ? answered : end) + Rulebook.Grace)
                Outlived(
                    thing,
                    $"its hold ended at {Time(end)}, Graph answered at {Time(answered > end ? answered : end)}, and it is still there"
                );
            else if (
                now() > end + Rulebook.LongestSilence
                && now() > thing.Asked + Rulebook.LongestSilence
                && !writesFail(WriteMethod(thing), PathOf(thing))
            )
                Outlived(
                    thing,
                    $"its hold ended at {Time(end)}, and nobody has tried to put it back since {Time(thing.Asked)}",
                    "abandoned"
                );
        }
    }

    private static string PathOf(Thing thing) =>
        thing.Key.StartsWith("account:", StringComparison.Ordinal) ? $"/graph/v1.0/users/{thing.Key[8..]}"
        : thing.Key.StartsWith("mail:", StringComparison.Ordinal) ? "/graph/v1.0/users/x/messages/x/move"
        : thing.Key.StartsWith("watch:", StringComparison.Ordinal) ? "/arm/x"
        : "/connector/x";

    /// <summary>The list of what is in effect, as the API shows it now.</summary>
    public void InEffect(JsonNode? list)
    {
        if (list?["containments"] is not JsonArray shown)
            return;
        foreach (var thing in things.Values.Where(t => t.Ours && t.Holders.Any(h => ContainmentOf(h.Action, h.Target).Confirmed)))
        {
            if (
                !shown.Any(s =>
                    thing.Holders.Any(h => h.Action == (string?)s!["state"]!["action"] && Same(h.Target, KeyOf(s["state"]!["target"]!)))
                )
            )
                Break("S14", "hidden", thing.Key, $"{thing.Key} is kept by a person and missing on the list of what is in effect");
        }
    }

    private static string KeyOf(JsonNode target) => $"{(string)target["kind"]!}:{(string)target["id"]!}";

    /// <summary>The list of containments, ended ones too, as the API shows it now.</summary>
    public void Containments(JsonNode? list)
    {
        foreach (var item in list?["containments"]?.AsArray() ?? [])
        {
            var state = item!["state"]!;
            var (action, target, status) = ((string)state["action"]!, state["target"], (string?)state["status"]);
            if (target is null || status is not ("RolledBack" or "Released"))
                continue;
            var key = KeyOf(target);
            var left = things.Values.FirstOrDefault(t =>
                t.Ours && t.Holders.Any(h => h.Action == action && Same(h.Target, key)) && now() > t.Since + Rulebook.Grace
            );
            if (left is not null && !IsHeld(left))
                Break("S14", "state", key + Time(left.Since), $"{action} on {key} is shown as {status}, and {left.Key} is still contained");
        }
    }

    /// <summary>The end of the story, after everything has had its time.</summary>
    /// <param name="incidents">The list of incidents as the API shows it.</param>
    /// <param name="deadLetters">Ids of messages in the dead-letter queue.</param>
    /// <param name="verification">What the official verifier found in the exported record.</param>
    public void End(JsonNode? incidents, IReadOnlyCollection<string> deadLetters, IReadOnlyList<string> verification)
    {
        Quiet();
        foreach (var thing in things.Values.Where(t => t.Ours && !IsHeld(t) && !t.Reported))
            Break("S7", "left", thing.Key, $"{thing.Key} is still as the pipeline left it, and nobody holds or confirmed it");
        foreach (var finding in verification)
            Break("S11", "record", finding, $"the record does not verify: {finding}");
        var shown = (incidents?["incidents"]?.AsArray() ?? []).Select(i => i!).ToList();
        foreach (var (draft, _) in alerts)
            Outcome(draft, shown, deadLetters);
        foreach (var open in shown.Where(i => (string?)i["view"]?["outcome"] is "InProgress" or "Awaiting"))
            Break("S10", "open", (string?)open["id"] ?? "", $"{(string?)open["id"]} is {(string?)open["view"]!["outcome"]} at the end");
        Asked();
        Disagreed();
        Silent();
    }

    /// <summary>Whoever is told that a request was approved already is told so of one that was (S3, S14).</summary>
    private void Disagreed()
    {
        foreach (var (request, at) in toldApproved)
        {
            if (!granted.Contains((request.Action, request.Target.ToLowerInvariant())))
                Break(
                    "S3",
                    "disagree",
                    request.Id,
                    $"at {Time(at)} somebody heard that {request.Action} on {request.Target} was approved; it never was"
                );
        }
    }

    private void Outcome(AlertDraft draft, List<JsonNode> shown, IReadOnlyCollection<string> deadLetters)
    {
        var message = MessageId(draft);
        if (deadLetters.Contains(message))
        {
            if (draft.Template is Template.GraphAlert or Template.GraphIncident or Template.SecurityAlertRow && draft.SecondId is null)
                Break("S10", "dead", draft.AlertId, $"the good alert {draft.AlertId} ended in the dead-letter queue");
            return;
        }
        if (draft.Template is Template.Broken)
        {
            Break("S10", "lost", message, "a message that is no alert vanished without a dead letter");
            return;
        }
        if (draft.Template is Template.Noise)
            return; // Its ids are inside of the sample; that nothing is left open is checked of all.
        var id = draft.Template == Template.GraphIncident ? draft.IncidentId : draft.AlertId;
        var views = shown.Where(i => (string?)i["view"]?["alertId"] == id && i["view"]?["title"]?.ToString() == draft.Title).ToList();
        if (views.Count == 0)
        {
            views = [.. shown.Where(i => (string?)i["view"]?["alertId"] == id)];
            if (views.Count == 0)
                Break("S10", "lost", draft.AlertId, $"alert {draft.AlertId} has no outcome at all");
        }
        News(draft, views);
        Closed(draft, views);
        foreach (var view in views)
            Ended(draft, view);
    }

    /// <summary>News about a known alert is news.</summary>
    private void News(AlertDraft draft, List<JsonNode> views)
    {
        if (views.Count == 0 || draft.Status == "resolved")
            return;
        if (!views.Any(v => Same((string?)v["view"]!["severity"] ?? "", draft.Severity)))
            Break(
                "S10",
                "news",
                draft.AlertId,
                $"alert {draft.AlertId} came again as {draft.Severity}, and all that is known of it is "
                    + string.Join(", ", views.Select(v => (string?)v["view"]!["severity"]).Distinct())
            );
    }

    private void Ended(AlertDraft draft, JsonNode shown)
    {
        var view = shown["view"]!;
        var outcome = (string?)view["outcome"] ?? "";
        var incident = (string?)view["incident"] ?? "";
        if (outcome is "" || (string?)shown["status"] is "Failed" or "Terminated")
            Break(
                "S10",
                "open",
                draft.AlertId,
                $"alert {draft.AlertId} is {outcome} at the end, its orchestration {(string?)shown["status"]}"
            );
        LeftToNobody(draft.AlertId, view);
        // Where the ticket system is down, a page has to do.
        if (
            draft.Mood is not (ModelMood.Advises or ModelMood.Hostile)
            && draft.Status != "resolved" // Nobody asks about it.
            && !tickets.Any(t => IsOf(t.Body, draft, incident))
            && !pages.Any(p => p.Text.Contains(draft.Title, StringComparison.Ordinal))
        )
            Break("S12", "model", draft.AlertId, $"the model gave no answer about alert {draft.AlertId}, and nobody heard of it");
        if (outcome == "Ticketed" && !tickets.Any(t => IsOf(t.Body, draft, incident)))
            Break("S10", "no-ticket", draft.AlertId, $"alert {draft.AlertId} is shown as ticketed, and no ticket of it exists");
    }

    private static bool IsOf(string body, AlertDraft draft, string incident)
    {
        var ticket = Parse(body);
        var alert = (string?)ticket?["alert"];
        return (string?)ticket?["incident"] == incident && (alert == draft.AlertId || alert == draft.IncidentId);
    }

    /// <summary>A request that ended without an answer, or was taken back, leaves a ticket and a page (S12).</summary>
    private void Asked()
    {
        foreach (var (kind, chain, action, at, text) in unanswered)
        {
            var ticketed = tickets.Any(t => t.At >= at.AddMinutes(-1) && (string?)Parse(t.Body)?["incident"] == chain);
            if (!ticketed)
                Break(
                    "S12",
                    "no-ticket",
                    $"{kind} {chain} {at:O}",
                    $"a request {(kind == "expired" ? "expired" : "was withdrawn")} and no ticket was opened: {text}"
                );
            // Where the pager is down, the ticket has to do.
            var unreachable = pagerFailed.Any(p => p >= at.AddMinutes(-1) && p < at.AddHours(1));
            if (!unreachable && !pages.Any(p => p.At >= at.AddMinutes(-1) && IsOfWhatDidNotRun(p.Text, action)))
                Break(
                    "S12",
                    "no-page",
                    $"{kind} {chain} {at:O}",
                    $"a request {(kind == "expired" ? "expired" : "was withdrawn")} and nobody was paged: {text}"
                );
        }
    }

    private static bool IsOfWhatDidNotRun(string page, string action) =>
        page.Contains(action, StringComparison.Ordinal) && page.Contains("NOT run", StringComparison.Ordinal);

    private readonly List<Unanswered> unanswered = [];
    private readonly List<DateTimeOffset> pagerFailed = [];

    /// <summary>Id of the message that carries a draft.</summary>
    public static string MessageId(AlertDraft draft) => $"message-{draft.Mark}-{draft.Twist}".Replace(' ', '-');
}

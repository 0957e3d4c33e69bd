using System.Globalization;
using System.Text.Json;
using IRFunctions.Containment;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Stories;

/// <summary>One line of a story.</summary>
/// <param name="Words">One plain sentence. May quote untrusted text.</param>
/// <param name="Sequence">Number of its entry on the record.</param>
public sealed record StoryLine(DateTimeOffset At, string Kind, string Actor, string Words, long Sequence = 0);

/// <summary>What happened in an incident, for somebody who runs the business and not the systems.</summary>
/// <param name="Why">Why this happened: what was seen, what that led to, how it stands. Three sentences.</param>
public sealed record IncidentStory(
    string Incident,
    string Title,
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyList<string> Why,
    IReadOnlyList<StoryLine> Lines
);

/// <summary>Tells an incident's chain in plain words. Adds nothing that is not on the record.</summary>
public static class Story
{
    /// <summary>Null where the chain is empty.</summary>
    public static IncidentStory? Of(IReadOnlyList<AuditEntry> chain)
    {
        if (chain.Count == 0)
            return null;
        var told = chain.Select(e => new EntryDetails(e)).ToList();
        var lines = told.Where(t => !IsSaidBetterLater(t, told))
            .Select(t => new StoryLine(t.Entry.At, t.Entry.Kind, t.Entry.Actor, Words(t), t.Entry.Sequence))
            .Where(l => l.Words.Length > 0)
            .ToList();
        var received = told.FirstOrDefault(t => t.Entry.Kind == AuditKinds.Received);
        return new IncidentStory(
            chain[0].Chain,
            received?.Text("title") ?? chain[0].Chain,
            chain[0].At,
            chain[^1].At,
            StoryReasons.Of(told),
            lines
        );
    }

    /// <summary>What an action is called in the middle of a sentence.</summary>
    public static string Plain(string action) =>
        action switch
        {
            "disable_user_account_temporarily" => "switch off the account",
            "add_ip_to_watchlist" => "watch the address",
            "block_ip_at_firewall" => "block the address",
            "quarantine_email" => "take out of the mailbox the message",
            "revoke_user_sessions" => "sign out everywhere the account",
            "revoke_api_key" => "withdraw the key of",
            "increase_logging_verbosity" => "log more closely",
            "create_alert_ticket" => "open a ticket",
            "send_analyst_notification" => "tell an analyst",
            "isolate_production_host" => "cut off from the network the host",
            "revoke_service_account_credential" => "withdraw the credential of",
            "block_cidr_range" => "block the whole range",
            "initiate_forensic_capture" => "take a forensic copy of",
            "send_breach_notification" => "send a breach notification about",
            _ => action.Replace('_', ' ') + " on",
        };

    /// <summary>What an action's target is while it lasts.</summary>
    internal static string While(string action) =>
        action switch
        {
            "disable_user_account_temporarily" => "cannot sign in",
            "add_ip_to_watchlist" => "is watched",
            "block_ip_at_firewall" => "is blocked",
            "quarantine_email" => "is out of the mailbox",
            "revoke_user_sessions" => "is signed out everywhere",
            "revoke_api_key" => "has lost its key",
            "increase_logging_verbosity" => "is logged more closely",
            _ => "is contained",
        };

    internal static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    internal static string Sentence(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        if (line.Length == 0)
            return "";
        line = char.ToUpper(line[0], CultureInfo.InvariantCulture) + line[1..];
        return line[^1] is '.' or '!' or '?' or '…' ? line : line + ".";
    }

    /// <summary>
    /// That something is about to be done is on the record before it is done (S11); once it is done, one sentence is enough.
    /// </summary>
    private static bool IsSaidBetterLater(EntryDetails told, List<EntryDetails> all) =>
        told.Entry.Kind switch
        {
            AuditKinds.Executing => all.Any(o =>
                o.Entry.Kind is AuditKinds.Executed or AuditKinds.Failed && o.Entry.Sequence > told.Entry.Sequence && o.IsSameThing(told)
            ),
            AuditKinds.Granted => true,
            AuditKinds.Verified => told.Entry.Text.StartsWith("accepted", StringComparison.Ordinal),
            AuditKinds.ReleaseAsked => all.Any(o =>
                o.Entry.Kind == AuditKinds.Undoing && o.Entry.Sequence > told.Entry.Sequence && o.IsSameThing(told)
            ),
            _ => false,
        };

    private static string Words(EntryDetails told)
    {
        var text = told.Entry.Text;
        if (told.Entry.Content != ContentState.Readable)
            return $"({told.Entry.Kind}; the words were made unreadable)";
        return told.Entry.Kind switch
        {
            AuditKinds.Received => StoryReasons.Seen(told),
            AuditKinds.Assessed => StoryReasons.Judged(told),
            AuditKinds.Decided => Decided(told),
            AuditKinds.Asked or AuditKinds.Climbed => Asked(told),
            AuditKinds.Captured => Sentence($"noted how it was before: {Tail(text, "before: ")}"),
            AuditKinds.Verified => Sentence($"looked again, to be sure: it {Tail(Tail(text, "read back: "), told.Action + " ")}"),
            AuditKinds.Executing => Sentence($"began to {Plain(told.Action)} {told.Display}"),
            AuditKinds.Undoing => Sentence(
                told.Text("cause") == "expired"
                    ? $"the time was up and nobody had confirmed it, so {told.Display} was to be as before"
                    : $"{told.Display} was to be as before: {told.Text("reason") ?? "someone asked for it"}"
            ),
            ContainmentKinds.Registered => Sentence($"made sure that it ends by itself: {Tail(text, "the rollback is registered: ")}"),
            ContainmentKinds.Drifted => Sentence($"the watchdog saw: {text}"),
            AuditKinds.Outcome => "",
            _ => Sentence(text),
        };
    }

    private static string Decided(EntryDetails told)
    {
        var reason = told.Reason();
        if (!told.IsContainment)
            return told.Text("kind") switch
            {
                "Run" or "Ask" => Sentence($"decided to {Plain(told.Action)}: {reason}"),
                "Tell" => Sentence($"whether to {told.Action.Replace('_', ' ')} was left to people: {reason}"),
                _ => Sentence($"did not {told.Action.Replace('_', ' ')}: {reason}"),
            };
        var act = $"{Plain(told.Action)} {told.Display}{Called(told)}";
        return told.Text("kind") switch
        {
            "Run" => Sentence($"the policy let the pipeline {act} without asking: {reason}"),
            "Ask" => Sentence($"the policy wanted a person's yes before the pipeline might {act}: {reason}"),
            "Tell" => Sentence($"whether to {act} was left to people: {reason}"),
            _ => Sentence($"the policy did not {act}: {reason}"),
        };
    }

    /// <summary>A name that the alert gives and the directory does not know, so that nobody looks for the wrong one.</summary>
    private static string Called(EntryDetails told) =>
        told.Data.TryGetProperty("target", out var target) && EntryDetails.TextOf(target, "called") is { } called
            ? $" (the alert calls it \"{called}\", a name that the directory does not have for it)"
            : "";

    private static string Asked(EntryDetails told)
    {
        if (
            !told.Data.TryGetProperty("rung", out var rung)
            || !rung.TryGetProperty("approvers", out var people)
            || people.ValueKind != JsonValueKind.Array
        )
            return Sentence(told.Entry.Text);
        var names = string.Join(" and ", people.EnumerateArray().Select(p => EntryDetails.TextOf(p, "name")));
        var until =
            told.Data.TryGetProperty("deadline", out var deadline) && deadline.TryGetDateTimeOffset(out var at)
                ? $", with time until {Clock(at)}"
                : "";
        var again = told.Entry.Kind == AuditKinds.Climbed ? "nobody had answered yet, so " : "";
        return Sentence(
            $"{again}{names} ({EntryDetails.TextOf(rung, "name")}) was asked whether to {Plain(told.Action)} {told.Display}{until}"
        );
    }

    internal static string Tail(string text, string start) =>
        text.StartsWith(start, StringComparison.Ordinal) ? text[start.Length..] : text;
}

using System.Globalization;
using System.Text.Json;
using IRFunctions.Containment;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Stories;

/// <summary>"Why did this happen" in three sentences: what was seen, what that led to, how it stands now.</summary>
internal static class StoryReasons
{
    private const int Named = 3;

    private static readonly HashSet<string> Decisive = new(StringComparer.Ordinal)
    {
        AuditKinds.Decided,
        AuditKinds.Asked,
        AuditKinds.Climbed,
        AuditKinds.Granted,
        AuditKinds.Denied,
        AuditKinds.Expired,
        AuditKinds.Withdrawn,
        AuditKinds.AlreadySo,
        AuditKinds.Joined,
        AuditKinds.JoinedRequest,
        AuditKinds.Executing,
        AuditKinds.Executed,
        AuditKinds.Confirmed,
        AuditKinds.Extended,
        AuditKinds.Undone,
        AuditKinds.NotUndone,
        AuditKinds.RollbackFailed,
        ContainmentKinds.Drifted,
    };

    public static IReadOnlyList<string> Of(IReadOnlyList<EntryDetails> told)
    {
        var received = told.FirstOrDefault(t => t.Entry.Kind == AuditKinds.Received);
        if (received is null)
            return
            [
                $"{told.Count} things stand on this chain, and none of them is an alert.",
                Story.Sentence(told[0].Entry.Text),
                Story.Sentence(told[^1].Entry.Text),
            ];
        if (received.Entry.Content != ContentState.Readable)
            return
            [
                $"An alert arrived on {Date(received.Entry.At)}.",
                "What it said was made unreadable on purpose.",
                "Kinds, times and authors of what followed are still on the record.",
            ];
        return [$"On {Date(received.Entry.At)} UTC: {Story.Sentence(Seen(received)).TrimEnd('.')}.", Led(told), Stands(told)];
    }

    /// <summary>The alert in one sentence.</summary>
    public static string Seen(EntryDetails received)
    {
        var who = received.Text("product") is { Length: > 0 } product ? product : "a detector";
        var names = Displays(received.Data);
        var about =
            names.Count == 0 ? ""
            : names.Count <= Named ? $", about {List(names)}"
            : $", about {string.Join(", ", names.Take(Named))} and {names.Count - Named} more";
        return Story.Sentence(
            $"{who} reported \"{received.Text("title")}\" ({(received.Text("severity") ?? "unknown").ToLowerInvariant()}){about}"
        );
    }

    /// <summary>The assessment in one sentence.</summary>
    public static string Judged(EntryDetails assessed)
    {
        if (assessed.Text("by") is not ("Model" or "Rules"))
            return "Nobody could judge it, so people have to.";
        var who = assessed.Text("by") == "Model" ? "The model" : "The fixed rules, in the model's place,";
        var verdict = assessed.Text("verdict") switch
        {
            "TruePositive" => "took it for a real attack",
            "BenignPositive" => "took it for real but harmless",
            "FalsePositive" => "took it for a false alarm",
            _ => "could not tell what it was",
        };
        var reasoning = assessed.Text("reasoning");
        return Story.Sentence(
            $"{who} {verdict}, {assessed.Text("confidence")}% sure{(string.IsNullOrWhiteSpace(reasoning) ? "" : $": {reasoning}")}"
        );
    }

    /// <summary>What judgement and policy made of it.</summary>
    private static string Led(IReadOnlyList<EntryDetails> told)
    {
        var judged = told.FirstOrDefault(t => t.Entry.Kind == AuditKinds.Assessed);
        var decided = told.Where(t => t.Entry.Kind == AuditKinds.Decided).ToList();
        var main =
            decided
                .Where(d => d.IsContainment)
                .MinBy(d =>
                    d.Text("kind") switch
                    {
                        "Run" => 0,
                        "Ask" => 1,
                        "Tell" => 2,
                        _ => 3,
                    }
                )
            ?? decided.FirstOrDefault(d => d.Text("kind") == "Tell");
        var policy = main is null
            ? "and nothing called for more than telling people"
            : $"and the policy {Allowed(main)}, because {Lower(main.Reason())}";
        var judgement = judged is null ? "Nobody judged it" : Short(Judged(judged));
        return Story.Sentence($"{judgement.TrimEnd('.')}, {policy}");
    }

    private static string Allowed(EntryDetails decided)
    {
        var act = decided.IsContainment ? $"{Story.Plain(decided.Action)} {decided.Display}" : decided.Action.Replace('_', ' ');
        return decided.Text("kind") switch
        {
            "Run" => $"let the pipeline {act} by itself",
            "Ask" => $"wanted a person's yes to {act}",
            "Tell" => $"left it to people whether to {act}",
            _ => $"did not {act}",
        };
    }

    /// <summary>What is in effect, what was given back, what did not happen.</summary>
    private static string Stands(IReadOnlyList<EntryDetails> told)
    {
        var changed = told.Where(t => t.IsContainment)
            .GroupBy(t => (t.Action, t.Target))
            .Select(g => HowItStands([.. g]))
            .OfType<string>()
            .ToList();
        var telling = told.Count(t => t.Entry.Kind == AuditKinds.Executed && !t.IsContainment) switch
        {
            0 => "",
            1 => "people were told",
            var ways => $"people were told in {ways} ways",
        };
        return Story.Sentence(
            string.Join("; ", (changed.Count == 0 ? ["nothing was changed"] : changed).Append(telling).Where(t => t.Length > 0))
        );
    }

    private static string? HowItStands(List<EntryDetails> about)
    {
        // What is prepared, read back or told changes nothing about how it stands.
        var last = about.LastOrDefault(t => t.IsFailure || Decisive.Contains(t.Entry.Kind)) ?? about[^1];
        var what = last.Display;
        var done = about.LastOrDefault(t => t.Entry.Kind == AuditKinds.Executed);
        return last.Entry.Kind switch
        {
            AuditKinds.Undone when done is not null =>
                $"{what} was contained for {Length(last.Entry.At - done.Entry.At)}{Released(about)} and is as it was before",
            AuditKinds.NotUndone => $"{what} had been changed by someone else meanwhile and was left so",
            ContainmentKinds.Drifted => $"{what} was changed by someone else behind us and is left so; people were told",
            AuditKinds.JoinedRequest => $"people are asked about {what} for another incident, and their answer counts here, too",
            AuditKinds.Joined => $"{what} was contained already for another incident and is held for this one too",
            AuditKinds.RollbackFailed => $"{what} should have been given back, which failed: people were paged",
            AuditKinds.Expired => $"nobody answered about {what}, so nothing was done to it",
            AuditKinds.Withdrawn => $"the request about {what} was withdrawn, so nothing was done to it",
            AuditKinds.Denied => $"a person said no to touching {what}",
            AuditKinds.AlreadySo => $"{what} was so already",
            AuditKinds.Failed => $"what was to be done to {what} failed",
            AuditKinds.Asked or AuditKinds.Climbed => $"people are being asked about {what}",
            AuditKinds.Confirmed => $"{what} {Story.While(last.Action)}: {ContainmentText.Confirmed}",
            AuditKinds.Extended when last.Data.TryGetProperty("until", out var until) && until.TryGetDateTimeOffset(out var at) =>
                $"{what} {Story.While(last.Action)}: {ContainmentText.Extended(at)}",
            AuditKinds.Executing => $"something was begun about {what}, and its end is not on the record yet",
            AuditKinds.Decided => null,
            _ when done is not null && IsForGood(about) =>
                $"{what} {Story.While(last.Action)} since {Story.Clock(done.Entry.At)} UTC: security did this, and it cannot be taken back",
            _ when done is not null => $"{what} {Story.While(last.Action)} since {Story.Clock(done.Entry.At)} UTC",
            _ => null,
        };
    }

    private static string Released(List<EntryDetails> about) =>
        about.LastOrDefault(t => t.Entry.Kind == AuditKinds.Undoing) is { } undoing
        && undoing.Text("cause") == "released"
        && Guid.TryParse(undoing.Entry.Actor, out _)
            ? $", {ContainmentText.Released}"
            : "";

    /// <summary>What was begun says of itself whether there is a way back.</summary>
    private static bool IsForGood(List<EntryDetails> about) =>
        about.Exists(t =>
            t.Entry.Kind == AuditKinds.Executing
            && t.Data.TryGetProperty("reversible", out var reversible)
            && reversible.ValueKind == JsonValueKind.False
        );

    private static List<string> Displays(JsonElement data)
    {
        if (!data.TryGetProperty("entities", out var entities) || entities.ValueKind != JsonValueKind.Array)
            return [];
        return
        [
            .. entities
                .EnumerateArray()
                .Select(e => EntryDetails.TextOf(e, "display"))
                .OfType<string>()
                .Where(d => d.Length > 0)
                .Distinct(),
        ];
    }

    private static string List(IEnumerable<string> parts)
    {
        var all = parts.ToList();
        return all.Count < 2 ? string.Concat(all) : $"{string.Join(", ", all.Take(all.Count - 1))} and {all[^1]}";
    }

    private static string Short(string text) => text.IndexOf(": ", StringComparison.Ordinal) is > 0 and var at ? text[..at] : text;

    private static string Lower(string text) =>
        text.Length > 1 && !char.IsUpper(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..].TrimEnd('.') : text.TrimEnd('.');

    private static string Date(DateTimeOffset at) => at.UtcDateTime.ToString("d MMMM yyyy 'at' HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Length(TimeSpan length) =>
        length switch
        {
            { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalHours:0.#} hours"),
            { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalMinutes:0.#} minutes"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{length.TotalSeconds:0} seconds"),
        };
}

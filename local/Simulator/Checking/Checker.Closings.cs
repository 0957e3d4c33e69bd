using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Checking;

/// <summary>What sources close: nothing new comes of it, and people are asked about what is under way (S10).</summary>
internal sealed partial class Checker
{
    /// <summary>What begins or ends so near to a closing is not held against it.</summary>
    private static readonly TimeSpan ClosingDoubt = TimeSpan.FromMinutes(10);

    private readonly List<(SeenEntry Entry, string Action, string Target)> work = [];
    private readonly List<SeenEntry> closings = [];

    private void Closing(SeenEntry entry)
    {
        if (entry.Kind == "closed-at-source" && (string?)Parse(entry.Data)?["classification"] is "FalsePositive" or "BenignPositive")
            closings.Add(entry);
    }

    /// <summary>Whether an entry says that something waits for people or is held (true), or does so no more (false).</summary>
    private static bool? IsOpen(string kind) =>
        kind switch
        {
            "asked" or "registered" or "joined-hold" or "confirmed" => true,
            "denied" or "expired" or "withdrawn" or "granted" or "failed" or "already-so" => false,
            "undoing" or "undone" or "not-undone" or "release-asked" => false,
            _ => null,
        };

    /// <summary>The message closed an alert: that is its outcome, and where it never was open nothing else came of it.</summary>
    private void Closed(AlertDraft draft, List<JsonNode> views)
    {
        if (draft.Status != "resolved" || views.Count == 0)
            return;
        if (!views.Any(v => Outcome(v) == "ClosedAtSource" || (string?)v["view"]!["news"]?["kind"] == "Late"))
            Break("S10", "closed", draft.AlertId, $"alert {draft.AlertId} was closed by its source, and no outcome says so");
        if (alerts.Any(a => a.Draft.AlertId == draft.AlertId && a.Draft.Status != "resolved"))
            return;
        foreach (var view in views.Where(v => Outcome(v) != "ClosedAtSource"))
            Break("S10", "closed-starts", draft.AlertId, $"alert {draft.AlertId} was closed when it came, and is {Outcome(view)}");

        static string? Outcome(JsonNode shown) => (string?)shown["view"]!["outcome"];
    }

    /// <summary>
    /// Closed as harmless while something waited or was held for its incident: a page or a ticket asks what to do with it.
    /// </summary>
    private void Silent()
    {
        foreach (var closing in closings)
        {
            foreach (var same in work.Where(w => w.Entry.Chain == closing.Chain).GroupBy(w => (w.Action, w.Target)))
            {
                var before = same.Where(w => w.Entry.At <= closing.At + ClosingDoubt && IsOpen(w.Entry.Kind) is not null).ToList();
                if (
                    before.Count == 0
                    || before[^1].Entry is not { } last
                    || IsOpen(last.Kind) != true
                    || last.At > closing.At - ClosingDoubt
                )
                    continue;
                if (pages.Any(p => Asks(p.At, p.Text)) || tickets.Any(t => Asks(t.At, t.Body)))
                    continue;
                Break(
                    "S10",
                    "closed-silent",
                    $"{closing.Chain} {same.Key}",
                    $"at {Time(closing.At)} a source took an alert back while {same.Key.Action} on {same.Key.Target} was {last.Kind} since "
                        + $"{Time(last.At)}, and nobody was asked whether it stays"
                );

                // One page for the same things, however many alerts are closed; it may be the first of them.
                bool Asks(DateTimeOffset at, string text) =>
                    at >= last.At
                    && text.Contains("The source closed", StringComparison.Ordinal)
                    && text.Contains(same.Key.Action, StringComparison.Ordinal);
            }
        }
    }
}

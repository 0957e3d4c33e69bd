using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// Puts what the API, the record and the simulated tenant answered into a form that is the same on every machine: no derived
/// ids, times since the start.
/// </summary>
internal sealed partial class SampleAccount(DateTimeOffset start)
{
    /// <summary>What a decision came to. Other entries (captured, probed, told) are steps on the way and may change.</summary>
    private static readonly HashSet<string> Endings = new(StringComparer.Ordinal)
    {
        "asked",
        "climbed",
        "answered",
        "refused",
        "granted",
        "denied",
        "expired",
        "withdrawn",
        "undelivered",
        "executed",
        "verified",
        "already-so",
        "joined-hold",
        "failed",
        "reminded",
        "release-asked",
        "extended",
        "confirmed",
        "undone",
        "not-undone",
        "rollback-failed",
        "drifted",
    };

    /// <summary>One incident: what came in, what the model said, every decision with what it came to, the outcome, its tickets.</summary>
    /// <param name="samples">File names.</param>
    /// <param name="record">Entries of its chain, oldest first, as GET /api/audit/{incident} gives them.</param>
    /// <param name="tickets">As the ticket system gives them.</param>
    public static JsonObject Of(IEnumerable<string> samples, JsonArray record, IEnumerable<JsonNode> tickets)
    {
        var opened = At(record[0]!);
        return new JsonObject
        {
            ["samples"] = List(samples),
            ["received"] = List(Of(record, "received").Select(e => Text(e["text"]))),
            ["assessed"] = List(
                Of(record, "assessed").Select(e => Data(e)!).Select(d => $"{d["verdict"]} at {d["confidence"]} by {d["by"]}")
            ),
            ["decisions"] = new JsonArray([.. Of(record, "decided").Select(e => (JsonNode)DecisionOf(Data(e)!, record, opened))]),
            ["outcome"] = List(Of(record, "outcome").Select(e => Text(e["text"]))),
            ["tickets"] = List(tickets.Select(t => $"{t["title"]} ({t["status"]})").Order(StringComparer.Ordinal)),
        };
    }

    public JsonArray Containments(IEnumerable<JsonNode> containments) =>
        List(containments.Select(c => c["state"]!).Where(s => s["target"] is not null).Select(Containment).Order(StringComparer.Ordinal));

    /// <summary>Every change that reached the tenant but for tickets and pages.</summary>
    public JsonArray Changes(JsonArray journal)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var changes = new List<string>();
        foreach (var entry in journal.Where(e => e!["changed"]!.GetValue<bool>()))
        {
            var (effect, target, detail) = (Text(entry!["effect"]), Text(entry["target"]), Text(entry["detail"]));
            if (effect.StartsWith("ticket.", StringComparison.Ordinal) || effect.StartsWith("page.", StringComparison.Ordinal))
                continue;
            // An item of a watchlist has a derived id; what it says is the address, which only the request that put it there names.
            if (effect == "watchlistItem.put")
                names[target] = Text(JsonNode.Parse(detail)!["IPAddress"]);
            var switched = effect == "user.update" ? $" accountEnabled {JsonNode.Parse(detail)!["accountEnabled"]}" : "";
            changes.Add($"{Since(start, Time(entry["at"]))} {effect} {names.GetValueOrDefault(target, target)}{switched}");
        }
        return List(changes.Order(StringComparer.Ordinal));
    }

    /// <summary>Each page by its first sentence; what follows is advice whose words may change.</summary>
    public JsonArray Pages(IEnumerable<JsonNode> pages) =>
        List(
            pages
                .Select(p => $"{Since(start, Time(p["first"]))} {p["payload"]!["severity"]}: {Gist(Text(p["payload"]!["summary"]))}")
                .Order(StringComparer.Ordinal)
        );

    private string Containment(JsonNode state)
    {
        var (target, from, to) = (state["target"]!, Since(start, Time(state["heldAt"])), Since(start, Time(state["endedAt"])));
        return $"{state["action"]} on {target["kind"]}:{target["id"]}: {state["status"]}, {state["cause"]}, {from} to {to}";
    }

    private static string Gist(string summary) => FirstSentence().Match(summary).Value;

    private static JsonObject DecisionOf(JsonNode data, JsonArray record, DateTimeOffset opened) =>
        new()
        {
            ["ruling"] = Text(data["kind"]),
            ["action"] = Text(data["action"]),
            ["target"] = Text(data["about"]!["target"]),
            ["tier"] = data["tier"]!.GetValue<int>(),
            ["reasons"] = List(data["reasons"]!.AsArray().Select(r => $"{r!["rule"]}: {r["text"]}")),
            ["endings"] = List(
                record
                    .Where(e => Endings.Contains(Text(e!["kind"])) && IsAbout(e!, data["about"]!))
                    .Select(e =>
                        $"{Since(opened, At(e!))} {e!["kind"]}{(Text(e["actor"]) is "pipeline" or "policy" ? "" : $" by {e["actor"]}")}"
                    )
            ),
        };

    private static bool IsAbout(JsonNode entry, JsonNode about) =>
        Data(entry)?["about"] is { } its && Text(its["action"]) == Text(about["action"]) && Text(its["target"]) == Text(about["target"]);

    private static IEnumerable<JsonNode> Of(JsonArray record, string kind) => record.Select(e => e!).Where(e => Text(e["kind"]) == kind);

    private static JsonNode? Data(JsonNode entry) => entry["data"] is { } data ? JsonNode.Parse(Text(data)) : null;

    private static DateTimeOffset At(JsonNode entry) => Time(entry["at"])!.Value;

    private static DateTimeOffset? Time(JsonNode? value) => value?.GetValue<DateTimeOffset>();

    /// <summary>Hours and minutes, "72:00".</summary>
    private static string Since(DateTimeOffset from, DateTimeOffset? to) =>
        to is { } at ? string.Create(CultureInfo.InvariantCulture, $"{(int)(at - from).TotalHours:00}:{(at - from).Minutes:00}") : "still";

    private static string Text(JsonNode? value) => value!.GetValue<string>();

    private static JsonArray List(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    /// <summary>Up to a full stop or question mark, or to the model's token count, which depends on the prompt.</summary>
    [GeneratedRegex(@"^.*?(?=[.?] | \(\d+ \+ \d+ tokens|$)")]
    private static partial Regex FirstSentence();
}

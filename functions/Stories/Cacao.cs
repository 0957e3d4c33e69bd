using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Stories;

/// <summary>
/// What was done for an incident as a CACAO 2.0 playbook: one action step for each thing that was done, put back or told, in the order of the
/// record, each with the entry that says so. For whoever wants to share it or do the same elsewhere; nothing executes it.
/// </summary>
public static class Cacao
{
    private const string Product = "IRFunctions";

    /// <summary>Null where the chain is empty.</summary>
    public static JsonObject? Of(IReadOnlyList<AuditEntry> chain)
    {
        if (chain.Count == 0)
            return null;
        var told = chain.Select(e => new EntryDetails(e)).ToList();
        var received = told.FirstOrDefault(t => t.Entry.Kind == AuditKinds.Received);
        var (name, agent) = (chain[0].Chain, Id("organization", Product));
        var steps = told.Select(t => (Told: t, Words: WordsOf(t))).Where(s => s.Words is not null).ToList();
        var ids = new List<string> { Id("start", name) };
        ids.AddRange(steps.Select(s => Id("action", $"{name}/{s.Told.Entry.Sequence}")));
        ids.Add(Id("end", name));
        var workflow = new JsonObject
        {
            [ids[0]] = new JsonObject { ["type"] = "start", ["on_completion"] = ids[1] },
        };
        foreach (var (index, (entry, words)) in steps.Index())
            workflow[ids[index + 1]] = Step(entry, words!, agent, ids[index + 2]);
        workflow[ids[^1]] = new JsonObject { ["type"] = "end" };
        return new JsonObject
        {
            ["type"] = "playbook",
            ["spec_version"] = "cacao-2.0",
            ["id"] = Id("playbook", name),
            ["name"] = Clean($"What was done for {received?.Text("title") ?? name}"),
            ["description"] = Clean(string.Join(' ', StoryReasons.Of(told))),
            ["playbook_types"] = new JsonArray("mitigation", "remediation"),
            ["playbook_activities"] = new JsonArray([.. Activities(steps.Select(s => s.Told)).Select(a => JsonValue.Create(a))]),
            ["created_by"] = Id("identity", Product),
            ["created"] = Time(chain[0].At),
            ["modified"] = Time(chain[^1].At),
            ["labels"] = new JsonArray(name),
            ["workflow_start"] = ids[0],
            ["workflow"] = workflow,
            ["agent_definitions"] = new JsonObject
            {
                [agent] = new JsonObject { ["type"] = "organization", ["name"] = Product },
            },
        };
    }

    /// <summary>What a step did, for a person to do the same; null for what is no step.</summary>
    private static string? WordsOf(EntryDetails told) =>
        told.Entry.Content != ContentState.Readable ? null
        : told.Entry.Kind == AuditKinds.Executed ? $"{Story.Plain(told.Action)} {told.Display}"
        : told.Entry.Kind == AuditKinds.Undone ? $"put back as it was before: {told.Display}"
        : null;

    private static JsonObject Step(EntryDetails told, string words, string agent, string next) =>
        new()
        {
            ["type"] = "action",
            ["name"] = Clean(words),
            ["description"] = Clean(Story.Sentence(told.Entry.Text)),
            ["external_references"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = "entry of the record",
                    ["description"] = $"At {Time(told.Entry.At)} by {Clean(told.Entry.Actor)}; hash {told.Entry.Hash}.",
                    ["external_id"] = string.Create(CultureInfo.InvariantCulture, $"{told.Entry.Chain}/{told.Entry.Sequence}"),
                }
            ),
            ["on_completion"] = next,
            ["agent"] = agent,
            ["commands"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "manual",
                    ["command"] = Clean(words),
                    ["playbook_activity"] = ActivityOf(told),
                }
            ),
        };

    private static IEnumerable<string> Activities(IEnumerable<EntryDetails> steps) =>
        steps.Select(ActivityOf).Append("step-sequence").Distinct(StringComparer.Ordinal);

    private static string ActivityOf(EntryDetails told) =>
        !told.IsContainment ? "deliver-content"
        : told.Entry.Kind == AuditKinds.Undone ? "restore-capabilities"
        : told.Action switch
        {
            "quarantine_email" => "eliminate-risk",
            "add_ip_to_watchlist" or "increase_logging_verbosity" => "configure-systems",
            _ => "restrict-access",
        };

    /// <summary>The same for the same record, in the form of a UUID of version 5.</summary>
    private static string Id(string type, string name)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Product}/{type}/{name}"))[..16];
        (hash[6], hash[8]) = ((byte)(hash[6] & 0x0f | 0x50), (byte)(hash[8] & 0x3f | 0x80));
        return $"{type}--{new Guid(hash, bigEndian: true):D}";
    }

    /// <summary>Nearest millisecond, as the specification says.</summary>
    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Clean(string text) => SafeText.Line(text, TextBounds.Sentence, out _);
}

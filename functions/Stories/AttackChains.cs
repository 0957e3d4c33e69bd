using System.Text.Json;
using IRFunctions.Agents;
using IRFunctions.Containment;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Stories;

/// <summary>Something we did, with when it began and when it was given back.</summary>
/// <param name="Until">Null while it lasts.</param>
/// <param name="Outcome">"in effect", "given back", "failed", ...</param>
public sealed record OurAnswer(
    string Action,
    string Target,
    string Display,
    DateTimeOffset At,
    DateTimeOffset? Until,
    string Outcome,
    string By
);

/// <summary>One incident as a step of an attack.</summary>
/// <param name="Phase">Where in an attack it belongs, one of <see cref="AttackPhases"/>.</param>
public sealed record AttackStep(
    string Incident,
    DateTimeOffset At,
    string Title,
    string Severity,
    string Phase,
    IReadOnlyList<string> Techniques,
    IReadOnlyList<string> Things,
    IReadOnlyList<OurAnswer> Answers
)
{
    /// <summary>Agents and workloads it is about, by their identity.</summary>
    public IReadOnlyList<string> Agents { get; init; } = [];

    /// <summary>
    /// Where it concerns agents: whom they called, who called them, which rules they broke and what contained them, each with the share it
    /// was sampled at.
    /// </summary>
    public IReadOnlyList<AgentEdge> Edges { get; init; } = [];
}

/// <summary>Why two steps are thought to belong together.</summary>
/// <param name="Shared">Names of the things in both: ids, addresses, hashes; two agents where one called the other.</param>
/// <param name="Things">The same as people call them.</param>
public sealed record AttackLink(string From, string To, IReadOnlyList<string> Shared, IReadOnlyList<string> Things, TimeSpan Apart);

/// <summary>
/// An attack as far as the record shows it: steps in order of time, and what ties them together. A hypothesis for people, with its grounds.
/// </summary>
/// <param name="NotFollowed">Things in too many incidents to mean anything, and what was cut.</param>
public sealed record AttackChain(
    string From,
    IReadOnlyList<AttackStep> Steps,
    IReadOnlyList<AttackLink> Links,
    IReadOnlyList<string> NotFollowed
);

/// <summary>
/// Puts incidents together that share things within some days: initial compromise, lateral movement, and our containments in between.
/// </summary>
public sealed class AttackChains(AuditChain audit, RecordIndex index, InteractionEvidence? evidence = null)
{
    /// <summary>Incidents further apart than this are not tied together by a shared thing.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromDays(3);

    /// <summary>A thing in more incidents than this ties nothing together: a mail gateway, a shared device.</summary>
    public const int MostIncidentsOfAThing = 25;
    private const string Workload = "workload:";
    private const int MaxSteps = 60;
    private const int MaxEdges = 12; // of one step; those with violations, then the most frequent
    private static readonly TimeSpan EvidenceBefore = TimeSpan.FromHours(24);
    private static readonly TimeSpan EvidenceAfter = TimeSpan.FromHours(4);

    /// <summary>On every machine there is: sharing them says nothing.</summary>
    private static readonly HashSet<string> Everywhere = new(StringComparer.Ordinal)
    {
        "s-1-5-18",
        "s-1-5-19",
        "s-1-5-20",
        "system",
        "local service",
        "network service",
        "localhost",
        "127.0.0.1",
        "::1",
        "0.0.0.0",
    };

    /// <summary>The attack that an incident belongs to; null where there is no such incident.</summary>
    public async Task<AttackChain?> AroundAsync(string incident, CancellationToken cancellation = default)
    {
        var steps = new Dictionary<string, (AttackStep Step, Dictionary<string, string> Names)>(StringComparer.Ordinal);
        var followed = new HashSet<string>(StringComparer.Ordinal);
        var notes = new List<string>();
        var waiting = new Queue<string>([incident]);
        while (waiting.TryDequeue(out var next))
        {
            if (steps.ContainsKey(next))
                continue;
            if (steps.Count == MaxSteps)
            {
                notes.Add($"more than {MaxSteps} incidents hang together; the rest was cut");
                break;
            }
            if (StepOf(await audit.ReadAsync(next, cancellation)) is not { } step)
                continue;
            step.Step = step.Step with { Edges = await EdgesAsync(step.Step, notes, cancellation) };
            steps[next] = step;
            foreach (var name in step.Names.Keys.Concat(OthersOf(step.Step)).Where(followed.Add))
            {
                var chains = await index.ChainsAboutAsync(
                    name,
                    step.Step.At - Window,
                    step.Step.At + Window,
                    MostIncidentsOfAThing + 1,
                    cancellation
                );
                if (chains.Count > MostIncidentsOfAThing)
                    notes.Add($"{name} is in more than {MostIncidentsOfAThing} incidents and ties nothing together");
                else
                    foreach (var other in chains)
                        waiting.Enqueue(other);
            }
        }
        if (steps.Count == 0)
            return null;
        var ordered = steps.Values.OrderBy(s => s.Step.At).ThenBy(s => s.Step.Incident, StringComparer.Ordinal).ToList();
        var hubs =
            notes.Count == 0
                ? []
                : followed.Where(n => notes.Any(t => t.StartsWith(n + " is in more", StringComparison.Ordinal))).ToHashSet();
        return new AttackChain(incident, [.. ordered.Select(s => s.Step)], Links(ordered, hubs), notes);
    }

    /// <summary>What the evidence and the record say of the agents of a step.</summary>
    private async Task<IReadOnlyList<AgentEdge>> EdgesAsync(AttackStep step, List<string> notes, CancellationToken cancellation)
    {
        var edges = new List<AgentEdge>();
        foreach (var agent in step.Agents)
        {
            edges.AddRange(step.Answers.Where(a => a.Target == Workload + agent).Select(a => AgentEdge.Of(agent, a)));
            if (evidence is null)
                continue;
            var reading = await evidence.ReadAsync(agent, step.At - EvidenceBefore, step.At + EvidenceAfter, cancellation);
            edges.AddRange(reading.Edges.Take(MaxEdges).Select(e => AgentEdge.Of(agent, e)));
            if (reading.Edges.Count > MaxEdges)
                notes.Add($"{agent} had to do with {reading.Edges.Count - MaxEdges} more agents or rules; they were cut");
            notes.AddRange(reading.Problems.Select(p => $"evidence about {agent}: {p}"));
        }
        return edges;
    }

    private static IEnumerable<string> OthersOf(AttackStep step) =>
        step.Edges.Where(e => e.Kind == AgentEdge.Interaction).Select(e => step.Agents.Contains(e.From) ? e.To : e.From).Distinct();

    /// <summary>Lines between the agents of two steps.</summary>
    private static IEnumerable<AgentEdge> Between(AttackStep one, AttackStep other) =>
        one
            .Edges.Concat(other.Edges)
            .Where(e =>
                e.Kind == AgentEdge.Interaction
                && (
                    (one.Agents.Contains(e.From) && other.Agents.Contains(e.To))
                    || (other.Agents.Contains(e.From) && one.Agents.Contains(e.To))
                )
            );

    /// <summary>Each step hangs on the latest one before it that shares something: a line a person can follow, not every pair.</summary>
    private static List<AttackLink> Links(List<(AttackStep Step, Dictionary<string, string> Names)> steps, HashSet<string> hubs)
    {
        var links = new List<AttackLink>();
        for (var i = 1; i < steps.Count; i++)
        {
            var explained = new HashSet<string>(StringComparer.Ordinal);
            for (var j = i - 1; j >= 0; j--)
            {
                var shared = steps[i]
                    .Names.Keys.Where(n => !hubs.Contains(n) && steps[j].Names.ContainsKey(n) && !explained.Contains(n))
                    .Order(StringComparer.Ordinal)
                    .ToList();
                // The side that was sampled less knows better.
                var talked = Between(steps[j].Step, steps[i].Step)
                    .GroupBy(e => $"{e.From} -> {e.To}", StringComparer.Ordinal)
                    .Where(g => explained.Add(g.Key))
                    .Select(g => g.MaxBy(e => e.Share)!)
                    .ToList();
                if ((shared.Count == 0 && talked.Count == 0) || steps[i].Step.At - steps[j].Step.At > Window)
                    continue;
                explained.UnionWith(shared);
                links.Add(
                    new AttackLink(
                        steps[j].Step.Incident,
                        steps[i].Step.Incident,
                        [.. shared, .. talked.Select(e => $"{e.From} -> {e.To}")],
                        [.. shared.Select(n => steps[i].Names[n]).Distinct(), .. talked.Select(e => $"{e.What} ({e.Sampling})")],
                        steps[i].Step.At - steps[j].Step.At
                    )
                );
            }
        }
        return links;
    }

    internal static (AttackStep Step, Dictionary<string, string> Names)? StepOf(IReadOnlyList<AuditEntry> chain)
    {
        var told = chain.Select(e => new EntryDetails(e)).ToList();
        if (told.FirstOrDefault(t => t.Entry.Kind == AuditKinds.Received) is not { } received)
            return null;
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (
            var (name, display) in told.Where(t => t.Entry.Kind == AuditKinds.Received)
                .SelectMany(t => EntityNames.WithDisplays(t.Entry))
                .Where(n => !Everywhere.Contains(n.Name))
        )
            names.TryAdd(name, display);
        List<string> techniques = [.. Texts(received.Data, "techniques")],
            tactics = [.. Texts(received.Data, "tactics")];
        return (
            new AttackStep(
                chain[0].Chain,
                received.Entry.At,
                received.Text("title") ?? "",
                received.Text("severity") ?? "Unknown",
                AttackPhases.Of([.. tactics, received.Text("category") ?? ""], techniques),
                techniques,
                [.. Displays(received.Data)],
                AnswersOf(told)
            )
            {
                Agents = [.. AgentsOf(told)],
            },
            names
        );
    }

    private static IEnumerable<string> AgentsOf(List<EntryDetails> told) =>
        told.Where(t => t.Entry.Kind == AuditKinds.Received)
            .SelectMany(t =>
                t.Data.TryGetProperty("entities", out var list) && list.ValueKind == JsonValueKind.Array
                    ? list.EnumerateArray().ToList()
                    : []
            )
            .Select(e => EntryDetails.TextOf(e, "target"))
            .OfType<string>()
            .Where(t => t.StartsWith(Workload, StringComparison.Ordinal))
            .Select(t => t[Workload.Length..])
            .Distinct();

    internal static List<OurAnswer> AnswersOf(IReadOnlyList<EntryDetails> told) =>
        [
            .. told.Where(t => t.IsContainment && (t.Entry.Kind == AuditKinds.Executed || t.IsFailure))
                .Select(done =>
                {
                    var after = told.Where(t => t.IsSameThing(done) && t.Entry.Sequence > done.Entry.Sequence).ToList();
                    var ended = after.FirstOrDefault(t =>
                        t.Entry.Kind is AuditKinds.Undone or AuditKinds.NotUndone or ContainmentKinds.Drifted
                    );
                    var outcome =
                        done.Entry.Kind == AuditKinds.Failed ? "failed"
                        : ended is not null
                            ? ended.Entry.Kind == AuditKinds.Undone ? "given back"
                                : "changed by someone else"
                        : after.Any(t => t.Entry.Kind == AuditKinds.RollbackFailed) ? "not given back: rollback failed"
                        : after.Any(t => t.Entry.Kind == AuditKinds.Confirmed) ? "confirmed by a person"
                        : "in effect";
                    var by =
                        told.LastOrDefault(t =>
                            t.IsSameThing(done) && t.Entry.Kind == AuditKinds.Executing && t.Entry.Sequence < done.Entry.Sequence
                        )?.Entry.Actor
                        ?? done.Entry.Actor;
                    return new OurAnswer(done.Action, done.Target, done.Display, done.Entry.At, ended?.Entry.At, outcome, by);
                }),
        ];

    private static IEnumerable<string> Texts(JsonElement data, string name) =>
        data.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(t => t.GetString() ?? "")
            : [];

    private static IEnumerable<string> Displays(JsonElement data) =>
        data.TryGetProperty("entities", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray()
                .Select(e => EntryDetails.TextOf(e, "display"))
                .OfType<string>()
                .Where(d => d.Length > 0)
                .Distinct()
                .Take(8)
            : [];
}

/// <summary>The phases of an attack, in the order of MITRE ATT&amp;CK.</summary>
public static class AttackPhases
{
    public const string Unknown = "Unknown phase";

    private static readonly (string Name, string[] Techniques)[] Known =
    [
        ("Reconnaissance", ["T1595", "T1598"]),
        ("Resource development", []),
        ("Initial access", ["T1566", "T1078", "T1190", "T1133", "T1110"]),
        ("Execution", ["T1059", "T1204", "T1218", "T1053"]),
        ("Persistence", ["T1098", "T1136", "T1547"]),
        ("Privilege escalation", ["T1068", "T1548"]),
        ("Defense evasion", ["T1562", "T1564", "T1070", "T1036"]),
        ("Credential access", ["T1003", "T1555", "T1528"]),
        ("Discovery", ["T1087", "T1018"]),
        ("Lateral movement", ["T1021", "T1534", "T1550"]),
        ("Collection", ["T1114", "T1213"]),
        ("Command and control", ["T1071", "T1105"]),
        ("Exfiltration", ["T1041", "T1567", "T1048"]),
        ("Impact", ["T1486", "T1490", "T1485"]),
    ];

    /// <param name="tactics">As sources write them: "InitialAccess", "Initial Access", "LateralMovement, Persistence", ...</param>
    /// <param name="techniques">Ids; only used where no tactic says it.</param>
    public static string Of(IReadOnlyList<string> tactics, IReadOnlyList<string> techniques)
    {
        var said = string.Concat(tactics)
            .Replace(" ", "", StringComparison.Ordinal)
            .Replace("Defence", "Defense", StringComparison.OrdinalIgnoreCase);
        foreach (var (name, _) in Known)
        {
            if (said.Contains(name.Replace(" ", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase))
                return name;
        }
        return Known
                .FirstOrDefault(k => techniques.Any(t => k.Techniques.Any(id => t.StartsWith(id, StringComparison.OrdinalIgnoreCase))))
                .Name
            ?? Unknown;
    }
}

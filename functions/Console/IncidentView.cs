using System.Text.Json;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Storage;
using IRFunctions.Stories;
using static IRFunctions.OperatorConsole.Elements;
using AlertView = IRFunctions.Incidents.IncidentView;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/incident/ID`: what happened, why, how it stands, what was decided, and what proves it.</summary>
internal sealed class IncidentView(
    AuditChain audit,
    RecordExport export,
    IncidentTable incidents,
    EffectList effects,
    PolicyStore policies,
    RowTrouble trouble
) : ConsoleView
{
    public const string Of = "incident";
    private const int MostAlerts = 50;

    public override string Name => Of;
    public override string Under => IncidentsView.Of;

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        if (request.Id is not { } id)
            return Shown.NotFound("incident without an id");
        var chain = await audit.ReadAsync(id, cancellation);
        if (Story.Of(chain) is not { } story)
            return Shown.NotFound("such incident");
        var alerts = await AlertsAsync(id, cancellation);
        var held = await HeldAsync(request, alerts, id, cancellation);
        var told = chain.Select(e => new EntryDetails(e)).ToList();
        var proof = await ProofAsync(id, chain, cancellation);
        return new Shown(
            "Incident",
            [
                new Part("story", Html.Of($"{Head(story, alerts, told)}{Bridge(held, alerts)}{What(story)}")),
                new Part("stands", Html.Of($"{InEffect(held, request)}{Decisions(told)}{Joined(alerts)}{proof}")),
            ]
        );
    }

    private async Task<List<AlertView>> AlertsAsync(string id, CancellationToken cancellation)
    {
        var found = new List<AlertView>();
        for (var number = 1; number <= MostAlerts; number++)
        {
            try
            {
                if (await incidents.FindAsync(id, number, cancellation) is not { } alert)
                    break;
                found.Add(alert);
            }
            catch (UnreadableRowException e)
            {
                await trouble.TellAsync(e, cancellation);
            }
        }
        return found;
    }

    /// <summary>What this incident holds or held, as the owners say.</summary>
    private async Task<List<Effect>> HeldAsync(ViewRequest request, List<AlertView> alerts, string id, CancellationToken cancellation)
    {
        var keys = alerts
            .SelectMany(a => a.Decisions)
            .Where(d => d.Target.IndexOf(':', StringComparison.Ordinal) > 0 && !d.Target.StartsWith("alert:", StringComparison.Ordinal))
            .Select(d =>
                d.Target.IndexOf(':', StringComparison.Ordinal) is var at
                    ? ScheduledRollback.KeyOf(d.Action, new Target(d.Target[..at], d.Target[(at + 1)..], d.Display))
                    : ""
            )
            .Distinct(StringComparer.Ordinal);
        var found = new List<Effect>();
        foreach (var key in keys)
            if (await effects.FindAsync(request.Client, key, cancellation) is { } effect && effect.State.Incidents.Contains(id))
                found.Add(effect);
        return found;
    }

    private static Html Head(IncidentStory story, List<AlertView> alerts, List<EntryDetails> told)
    {
        var source = told.Select(t => t.Text("link")).FirstOrDefault(l => l is { Length: > 0 });
        // An address from an alert: only one that a browser can open safely.
        var link =
            Uri.TryCreate(source, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
                ? Html.Of($"<a class=\"push\" href=\"{address.AbsoluteUri}\" rel=\"noopener noreferrer\">Open at {address.Host}</a>")
                : Html.Empty;
        var severity = alerts.Count > 0 ? Chip(alerts.Max(a => a.Severity)) : Html.Empty;
        var state = alerts.Count > 0 ? IncidentsView.Word(alerts[^1].Outcome) : "";
        return Html.Of(
            $"""
            <p class="row">{severity}<span class="soft">{Time(story.From)} · {alerts.Count} alert(s) · {state}</span>{link}</p>
            <h1>{Said(story.Title)}</h1>
            """
        );
    }

    /// <summary>The two questions of every bridge call.</summary>
    private Html Bridge(List<Effect> held, List<AlertView> alerts)
    {
        var answers = held.Select(h => ContainmentAnswer.Of(h.State, alerts, p => Names.Of(policies.Current, p))).ToList();
        var (did, breached) =
            answers.Count == 0
                ? ("No: nothing was changed for this incident so far.", "Not known: nobody has confirmed it either way.")
                : (string.Join(" ", answers.Select(a => a.DidSecurityDoThis)), answers[0].IsAnyoneBreached);
        return Html.Of(
            $"<dl class=\"facts\">{Row("Did security do this?", Said(did, 1200))}{Row("Are we breached?", Said(breached, 600))}</dl>"
        );
    }

    private static Html What(IncidentStory story) =>
        Html.Of(
            $"""
            <h2>Why</h2><ul>{story.Why.Select(w => Html.Of($"<li>{Said(w, 900)}</li>"))}</ul>
            <h2>What happened</h2>
            <ol class="card timeline">{story.Lines.Select(l => Html.Of($"<li>{Time(l.At)} {Said(l.Words, 900)}</li>"))}</ol>
            <p>{Link(AttackView.Of, story.Incident, Html.Of($"The attack it belongs to, as a picture"))}</p>
            """
        );

    private Html InEffect(List<Effect> held, ViewRequest request)
    {
        var may = request.Caller.May("responder", "approver");
        var cards = held.Select(h => EffectCard.Of(h, policies.Current, request.Caller.ObjectId, may));
        return held.Count == 0 ? Html.Empty : Html.Of($"<h2>In effect, and ended</h2><div class=\"card\">{cards}</div>");
    }

    private static Html Decisions(List<EntryDetails> told)
    {
        var decided = told.Where(t => t.Entry.Kind == AuditKinds.Decided && t.Action.Length > 0).ToList();
        return decided.Count == 0 ? Html.Empty : Html.Of($"<h2>Decisions</h2><div class=\"card\">{decided.Select(DecisionOf)}</div>");
    }

    private static Html DecisionOf(EntryDetails told, int number)
    {
        var reasons =
            told.Data.TryGetProperty("reasons", out var list) && list.ValueKind == JsonValueKind.Array
                ? list.EnumerateArray().Select(r => Html.Of($"<li>{Said(EntryDetails.TextOf(r, "text"), 500)}</li>"))
                : [];
        var kind = told.Text("kind") switch
        {
            "Run" => "runs alone",
            "Ask" => "asks people",
            "Tell" => "told, never run",
            _ => "held: nothing happens",
        };
        return Html.Of(
            $"""
            <details id="decision-{number}"><summary>{Story.Plain(told.Action)} {Said(told.Display, 120)}: {kind}</summary>
            <ul>{reasons}</ul></details>
            """
        );
    }

    private static Html Joined(List<AlertView> alerts) =>
        alerts.Count < 2 ? Html.Empty : Html.Of($"<h2>Its alerts</h2><ol class=\"card timeline\">{alerts.Select(AlertOf)}</ol>");

    private static Html AlertOf(AlertView alert) =>
        Html.Of($"<li>{Time(alert.OpenedAt)} {Said(alert.Title, 160)}: {IncidentsView.Word(alert.Outcome)}</li>");

    private async Task<Html> ProofAsync(string id, IReadOnlyList<AuditEntry> chain, CancellationToken cancellation)
    {
        var problems = AuditEntry.Check(chain);
        var proof = await export.ProofAsync(id, cancellation);
        var whole = problems.Count == 0 ? Html.Of($"the chain is whole") : Html.Of($"<b class=\"careful\">the chain is broken</b>");
        var seal = proof is null
            ? "not sealed yet; the next checkpoint does it"
            : $"sealed up to entry {proof.Head.Length} by checkpoint {proof.Checkpoint}";
        var path = $"/api/audit/{Uri.EscapeDataString(id)}";
        return Html.Of(
            $"""
            <h2>Proof</h2><div class="card"><p>{chain.Count} entries, {whole}, {seal}.</p>
            <p class="mono">{chain[^1].Hash[..12]}… · <a href="{path}/export">export</a> · <a href="{path}">entries</a></p></div>
            """
        );
    }
}

/// <summary>`/console/attack/ID`: the attack that an incident belongs to, drawn.</summary>
internal sealed class AttackView(AttackChains attacks) : ConsoleView
{
    public const string Of = "attack";

    public override string Name => Of;
    public override string Under => IncidentsView.Of;
    public override bool IsLive => false; // It reads many chains, and nobody waits for it to change.

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        if (request.Id is not { } id || await attacks.AroundAsync(id, cancellation) is not { } chain)
            return Shown.NotFound("such incident");
        var steps = chain.Steps.Select(s =>
            Html.Of($"<li>{Time(s.At)} {Link(IncidentView.Of, s.Incident, Said(s.Title, 160))} <span class=\"soft\">{s.Phase}</span></li>")
        );
        return new Shown(
            "Attack",
            [
                new Part(
                    "attack",
                    Html.Of(
                        $"""
                        <h1>{chain.Steps.Count} incident(s) that hang together</h1>
                        <p class="soft">Tied by the things they share, within three days of each other: grounds to judge, no verdict.</p>
                        <div class="card drawing" tabindex="0" role="group" aria-label="Drawing; it scrolls sideways">
                        {Html.Drawing(AttackPicture.Svg(chain))}</div>
                        <ol class="card timeline">{steps}</ol>
                        {chain.NotFollowed.Select(n => Html.Of($"<p class=\"soft\">{Said(n)}</p>"))}
                        """
                    )
                ),
            ]
        );
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.People;

namespace IRFunctions.Approvals;

/// <summary>One request as a card shows it.</summary>
/// <param name="Detailed">Shows everything known: somebody asked for more.</param>
public sealed record CardRequest(string Id, string Nonce, ApprovalView View, RequestResult? Result, bool Detailed = false)
{
    /// <summary>What whoever decides should know besides, such as that the source closed the alert; null where nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>
/// The approval card, Adaptive Cards 1.5: one function from what is known to JSON, no clock and no IO. Who, what, why, how sure, what it
/// may hurt, what undoes it, until when; one decision for each action, or all at once. Far below Teams' 28 KB whatever an alert contains.
/// </summary>
public static class ApprovalCard
{
    /// <summary>Teams refuses larger ones.</summary>
    public const int MaxBytes = 28 * 1024;

    private const int Margin = 2 * 1024; // The activity around the card counts too.

    /// <summary>
    /// Decisions that one card shows; further ones get a card of their own. Above <see cref="Roomy"/> each is two lines, so that a flood
    /// stays one card.
    /// </summary>
    public const int MaxRequests = 12;

    /// <summary>Decisions that one card shows with all their reasons.</summary>
    public const int Roomy = 5;

    public const string Approve = "approve";
    public const string Deny = "deny";
    public const string More = "more";
    public const string Look = "look";
    public const string Confirm = "confirm";
    public const string Release = "release";

    /// <summary>Every verb a click may carry.</summary>
    public static readonly IReadOnlyList<string> Verbs = [Approve, Deny, More, Look, Confirm, Release];

    /// <param name="viewers">Teams ids of those whose client may refresh the card by itself, at most 60; their looks are noted.</param>
    /// <param name="console">Where the operator page is; null where there is none.</param>
    public static JsonObject Build(IReadOnlyList<CardRequest> requests, IReadOnlyList<string>? viewers = null, Uri? console = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(requests.Count);
        var first = requests[0].View;
        var open = requests.Where(r => r.View.State == ApprovalState.Pending).ToList();
        var body = new List<JsonNode> { Headline(requests), CardParts.Text(first.Request.Title, 300, "Medium", "Bolder") };
        if (open.Count > 0)
            body.Add(Clock(open));
        var brief = requests.Count > 1;
        for (var i = 0; i < requests.Count; i++)
            body.Add(requests.Count > Roomy ? Row(requests[i], i) : Request(requests[i], i, brief));
        var detailed = requests.Any(r => r.Detailed);
        if (detailed && requests.Any(r => r.View.Request.Incident != first.Request.Incident))
            body.Add(EvidenceOfEach(requests));
        else if (detailed || !brief)
            body.Add(Evidence(first.Request, detailed));
        if (open.Count > 0)
            body.AddRange(Decide(requests, open));
        if (requests.Any(r => r.Result?.IsLive == true))
            body.AddRange(Live(requests, askWhy: open.Count == 0));
        if (console is not null)
            body.Add(
                CardParts.Buttons(
                    new JsonObject
                    {
                        ["type"] = "Action.OpenUrl",
                        ["title"] = "Open the operator page",
                        ["url"] = new Uri(console, $"api/console?request={Uri.EscapeDataString(requests[0].Id)}").ToString(),
                    }
                )
            );
        body.Add(
            CardParts.Small(
                brief
                    ? "Each answer is bound to the hash of exactly its action; nothing else runs."
                    : $"Incident {first.Request.Incident}. The action is bound to hash "
                        + $"{first.Request.ActionHash[..Math.Min(12, first.Request.ActionHash.Length)]}; nothing else runs.",
                200
            )
        );
        var card = CardParts.Card(body, Speak(requests));
        if (open.Count > 0 && viewers is { Count: > 0 })
        {
            card["refresh"] = new JsonObject
            {
                ["action"] = CardParts.Execute("Refresh", Look, Data(open)),
                ["userIds"] = new JsonArray([.. viewers.Take(60).Select(v => (JsonNode)v)]),
            };
        }
        return CardParts.Fit(card, MaxBytes - Margin);
    }

    /// <summary>SHA-256 of a card's JSON, lower-case hex: what the person had before their eyes.</summary>
    public static string HashOf(JsonObject card) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(card.ToJsonString())));

    /// <summary>One line for notifications, of our own words only.</summary>
    public static string Speak(IReadOnlyList<CardRequest> requests) =>
        requests.Count(r => r.View.State == ApprovalState.Pending) switch
        {
            0 => requests[0].Result is { } result
                ? $"Security action: {result.State.ToString().ToLowerInvariant()}"
                : $"Security action: {AnswerRules.Word(requests[0].View.State)}",
            1 => "A security action waits for your decision",
            var n => $"{n} security actions wait for your decision",
        };

    private static JsonObject Headline(IReadOnlyList<CardRequest> requests)
    {
        var (text, color) = requests.Count(r => r.View.State == ApprovalState.Pending) switch
        {
            0 when requests.Count == 1 => State(requests[0]),
            0 => ("All decided", "Default"),
            1 => ("Decide: may this run?", "Accent"),
            var n => ($"Decide: may these {n} actions run?", "Accent"),
        };
        return CardParts.Heading(text, color);
    }

    /// <summary>How one request stands, in our words.</summary>
    private static (string Text, string Color) State(CardRequest request) =>
        (request.View.State, request.Result?.State) switch
        {
            (ApprovalState.Pending, _) => ("Waiting for a decision", "Accent"),
            (ApprovalState.Denied, _) => ("Denied: nothing ran", "Default"),
            (ApprovalState.Expired, _) => ("Expired: nobody decided in time, nothing ran", "Attention"),
            (ApprovalState.Withdrawn, _) => ("Withdrawn: no decision is needed, nothing ran", "Default"),
            (_, ResultState.Executed) => ("Executed: in effect now", "Good"),
            (_, ResultState.Reminder) => ("Will be undone soon, unless you confirm it", "Accent"),
            (_, ResultState.Questioned) => ("In effect, and its source closed the alert: keep it or undo it?", "Attention"),
            (_, ResultState.Confirmed) => ("Confirmed: it stays until someone releases it", "Good"),
            (_, ResultState.Released) => ("Released: undone by a person", "Default"),
            (_, ResultState.Releasing) => ("Being undone now", "Default"),
            (_, ResultState.Undone) => ("Undone by itself when its time was up", "Default"),
            (_, ResultState.UndoFailed) => ("STILL IN EFFECT: undoing it failed", "Attention"),
            (_, ResultState.Failed) => ("Approved, but it could not be carried out", "Attention"),
            _ => ("Approved: being carried out", "Good"),
        };

    private static JsonObject Clock(List<CardRequest> open)
    {
        var view = open[0].View;
        var rung = view.Rungs[view.Stage];
        var next =
            view.Stage + 1 < view.Rungs.Count
                ? $", then {CardParts.Safe(view.Rungs[view.Stage + 1].Name, 40)} at {CardParts.Time(view.Rungs[view.Stage + 1].StartsAt)}"
                : ", the last to be asked";
        return CardParts.Runs(
            CardParts.Run("Decide before  ", "Bolder"),
            CardParts.Run(CardParts.Time(open.Min(r => r.View.Deadline))),
            CardParts.Run(
                $"  Asked now: {CardParts.Safe(rung.Name, 40)} (step {view.Stage + 1} of {view.Rungs.Count}{next}). Silence means "
                    + $"nothing runs.",
                subtle: true
            )
        );
    }

    private static JsonObject Request(CardRequest request, int index, bool brief)
    {
        var decision = request.View.Request.Decision;
        var most = brief ? 160 : 400;
        var items = new List<JsonNode>();
        if (brief)
            items.Add(CardParts.Heading($"{index + 1}. {State(request).Text}", State(request).Color));
        items.Add(CardParts.Line("What", decision.Action, 80));
        items.Add(CardParts.Line("On", ApprovalText.On(decision.Target), 240));
        if (decision.Target.Called is { } called)
            items.Add(CardParts.Line("CAREFUL", ApprovalText.CalledOtherwise(called), 240));
        if (request.Note is { } note)
            items.Add(CardParts.Line("NEWS", note, 400));
        items.Add(CardParts.Line("Why", Reasons(decision, request.Detailed), request.Detailed ? 1200 : most));
        items.Add(CardParts.Line("How sure", $"confidence {decision.Confidence} of 100; the policy, not the model, asks you", 120));
        items.Add(CardParts.Line("May hurt", Hurts(request.View.Request), most));
        items.Add(CardParts.Line("Undo", Undo(decision), most));
        if (decision.Quorum > 1)
            items.Add(CardParts.Line("Needs", $"{decision.Quorum} different people; one denial is enough to stop it", 120));
        foreach (var answer in request.View.Answers)
            items.Add(
                CardParts.Line(
                    answer.Approve ? "Approved by"
                        : answer.Withdraw ? "Withdrawn by"
                        : "Denied by",
                    $"{Name(request.View, answer.By)} at {CardParts.Time(answer.At)}: {answer.Reason}",
                    300
                )
            );
        if (request.Result is { } result)
            items.Add(
                CardParts.Line(
                    "Now",
                    result.Text + (result.UndoAt is { } at && result.IsLive ? $" Undone by itself at {CardParts.Time(at)}." : ""),
                    300
                )
            );
        return CardParts.Box($"request{index}", "emphasis", items);
    }

    /// <summary>One decision of a flood: what, on whom, how sure and how it stands; the operator page has the rest.</summary>
    private static JsonObject Row(CardRequest request, int index)
    {
        var decision = request.View.Request.Decision;
        var state = State(request);
        return CardParts.Box(
            $"request{index}",
            "emphasis",
            CardParts.Line($"{index + 1}. {decision.Action}", $"on {ApprovalText.On(decision.Target)}", 160),
            CardParts.Small(
                request.View.State == ApprovalState.Pending
                    ? $"confidence {decision.Confidence} of 100; {(decision.Reversible ? "undone by itself" : "CANNOT be undone")}; "
                        + (request.Note is { } note ? $"NEWS: {note}" : Hurts(request.View.Request))
                    : state.Text,
                160
            )
        );
    }

    private static string Hurts(ApprovalRequest request)
    {
        var stated = request.Decision.BlastRadius.Length > 0 ? request.Decision.BlastRadius : "not stated in the policy";
        return request.Estimate.Length > 0 ? $"{request.Estimate} ({stated})" : stated;
    }

    private static JsonObject Evidence(ApprovalRequest request, bool detailed)
    {
        var items = new List<JsonNode>
        {
            CardParts.Heading("Evidence"),
            CardParts.Line("Assessment", request.Reasoning.Length > 0 ? request.Reasoning : "none", detailed ? 1500 : 400),
        };
        items.AddRange(request.Evidence.Take(detailed ? 10 : 4).Select(e => CardParts.Small("• " + e, detailed ? 200 : 120)));
        if (detailed)
            items.Add(
                CardParts.Small(
                    $"Policy {request.Decision.PolicyHash[..Math.Min(12, request.Decision.PolicyHash.Length)]}. The clock keeps running.",
                    100
                )
            );
        return CardParts.Box("evidence", "default", items);
    }

    private static string EvidenceOf(ApprovalRequest request) => string.Join(" • ", [.. request.Evidence.Take(4), request.Reasoning]);

    /// <summary>What stands behind each of a flood, whose incidents differ: a line each.</summary>
    private static JsonObject EvidenceOfEach(IReadOnlyList<CardRequest> requests) =>
        CardParts.Box(
            "evidence",
            "default",
            [
                CardParts.Heading("Evidence"),
                .. requests.Select((r, i) => CardParts.Line($"{i + 1}.", EvidenceOf(r.View.Request), 300)),
                CardParts.Small("The operator page has the rest. The clock keeps running.", 100),
            ]
        );

    /// <summary>Buttons bear the number that their action has on this card, also when others before it are decided already.</summary>
    private static IEnumerable<JsonNode> Decide(IReadOnlyList<CardRequest> requests, List<CardRequest> open)
    {
        yield return CardParts.Reason("Why? (required, on the record)");
        for (var i = 0; i < requests.Count && requests.Count > 1; i++)
        {
            if (requests[i].View.State != ApprovalState.Pending)
                continue;
            var n = i + 1;
            if (requests.Count <= Roomy)
                yield return CardParts.Text($"{n}. {requests[i].View.Request.Decision.Action}", 60);
            yield return CardParts.Buttons(
                CardParts.Execute($"Approve {n}", Approve, Data([requests[i]])),
                CardParts.Execute($"Deny {n}", Deny, Data([requests[i]]))
            );
        }
        var all = open.Count > 1 ? $" all {open.Count}" : "";
        if (requests.Count == 1 || open.Count > 1)
            yield return CardParts.Buttons(
                CardParts.Execute($"Approve{all}", Approve, Data(open)),
                CardParts.Execute($"Deny{all}", Deny, Data(open))
            );
        yield return CardParts.Buttons(CardParts.Execute("Show all evidence", More, Data(open), takesInput: false));
    }

    private static IEnumerable<JsonNode> Live(IReadOnlyList<CardRequest> requests, bool askWhy)
    {
        if (askWhy)
            yield return CardParts.Reason("Why keep or end it? (required, on the record)");
        for (var i = 0; i < requests.Count; i++)
        {
            if (requests[i].Result?.IsLive != true)
                continue;
            var n = requests.Count > 1 ? $" {i + 1}" : "";
            if (requests.Count is > 1 and <= Roomy)
                yield return CardParts.Text($"{i + 1}. {requests[i].View.Request.Decision.Action}", 60);
            yield return CardParts.Buttons(
                CardParts.Execute($"Confirm{n}: keep it", Confirm, Data([requests[i]])),
                CardParts.Execute($"Release{n}: undo it now", Release, Data([requests[i]]))
            );
        }
    }

    /// <summary>What a click brings back. Ids and nonces only: what runs is what the server stored.</summary>
    private static JsonObject Data(List<CardRequest> requests) =>
        new() { ["requests"] = new JsonArray([.. requests.Select(r => (JsonNode)new JsonObject { ["id"] = r.Id, ["nonce"] = r.Nonce })]) };

    private static string Reasons(Decision decision, bool all)
    {
        var reasons = all ? decision.Reasons : decision.Reasons.TakeLast(3);
        return string.Join(" ", reasons.Select(r => r.Text.EndsWith('.') ? r.Text : r.Text + "."));
    }

    private static string Undo(Decision decision) =>
        decision switch
        {
            { Reversible: false } => decision.Reversal.Length > 0 ? $"CANNOT be undone: {decision.Reversal}" : "CANNOT be undone",
            { MaxDuration: { } length } => string.Create(
                CultureInfo.InvariantCulture,
                $"by itself after {TimeText.Length(length)} unless someone confirms it. {decision.Reversal}"
            ),
            _ => decision.Reversal,
        };

    private static string Name(ApprovalView view, string person) =>
        view.Rungs.SelectMany(r => r.Approvers).FirstOrDefault(a => a.ObjectId == person)?.Name ?? person;
}

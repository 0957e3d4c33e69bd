using IRFunctions.Approvals;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.Stories;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>One question to a person: what, on whom, what it hurts, how it ends, why, and the answers there are.</summary>
internal static class RequestCard
{
    private const int MostReasons = 3;

    /// <summary>What hardly ever decides: it stands under the fold where something else does.</summary>
    private static readonly HashSet<string> Common = new(StringComparer.Ordinal)
    {
        "tier",
        "confidence",
        "playbook",
        "repeated",
        "context",
    };

    /// <summary>What speaks for taking care.</summary>
    private static readonly HashSet<string> Doubtful = new(StringComparer.Ordinal)
    {
        "injection",
        "verdict",
        "assessment-problem",
        "context-failed",
        "context-missing",
        "protected",
        "administrator",
        "approver",
        "unresolved",
        "budget",
        "identity-lookup",
        "criticality-lookup",
        "exception",
    };

    public static string KeyOf(string id) => Key("request", id);

    /// <param name="objection">Why the person who looks may not answer; null where they may.</param>
    /// <param name="alone">The only thing on its page: everything is unfolded.</param>
    public static Html Of(WaitingRequest request, Objection? objection, string viewer, bool alone)
    {
        var (view, key) = (request.View, KeyOf(request.Id));
        var decision = view.Request.Decision;
        return Html.Of(
            $"""
            <article class="card request" id="{key}" aria-labelledby="{key}-q" data-request="{request.Id}">
            <p class="row">{Chip(request.Severity)}<span class="soft">{Said(view.Request.Title, 160)}{JoinedText(request)}</span>{Clock(
                request
            )}</p>
            <h2 id="{key}-q">{Question(decision)}</h2>
            <p class="soft">{Target(decision.Target)}</p>
            <dl class="facts">{Facts(request, viewer)}</dl>
            {Reasons(decision)}
            {More(request, key, alone)}
            {Act(request, objection, viewer, key)}
            </article>
            """
        );
    }

    /// <summary>"Switch off the account Megan Bowen for 2 h?"</summary>
    public static Html Question(Decision decision)
    {
        var verb = Story.Plain(decision.Action);
        var length = decision is { Reversible: true, MaxDuration: { } most } ? $" for {Length(most)}" : "";
        return Html.Of($"{char.ToUpperInvariant(verb[0]) + verb[1..]} {Said(decision.Target.Display, 120)}{length}?");
    }

    private static Html Target(Target target)
    {
        var id = target.Kind is "account" or "application" or "host" or "mailbox" ? $"{target.Kind} · id {target.Id}" : target.Kind;
        return target.Called is { } called
            ? Html.Of($"{id}<br><strong class=\"careful\">{Said(ApprovalText.CalledOtherwise(called))}</strong>")
            : Html.Of($"{id}");
    }

    private static Html JoinedText(WaitingRequest request) =>
        request.Joined == 0 ? Html.Empty : Html.Of($" · {request.Joined + 1} alerts, joined into one request");

    private static Html Clock(WaitingRequest request) =>
        request.State == ApprovalState.Pending
            ? Html.Of($"<strong class=\"left push\">{Time(request.View.Deadline, Tick.Left)}</strong>")
            : Html.Of($"<strong class=\"push\">{AnswerRules.Word(request.State)}</strong>");

    private static Html Facts(WaitingRequest request, string viewer)
    {
        var decision = request.View.Request.Decision;
        string[] hurts = [request.View.Request.Estimate, decision.BlastRadius];
        return Html.Join([
            Row("Hurts", Said(string.Join("; ", hurts.Where(t => t.Length > 0)), 600)),
            Row("Ends", Ends(decision)),
            Row("Before", request.Before.Length == 0 ? Html.Empty : Said(request.Before)),
            Row("Asked", request.State == ApprovalState.Pending ? Asked(request.View, viewer) : Html.Empty),
            Row("Needs", decision.Quorum > 1 ? $"{decision.Quorum} different people; one denial is enough to stop it" : ""),
            Row(
                "Answers",
                Html.Join(
                    request.View.Answers.Select(a =>
                        Html.Of($"<span class=\"line\">{Said(ApprovalText.Answered(request.View, a), 600)}</span>")
                    )
                )
            ),
            Row("Now", Said(request.Result?.Text, 600)),
        ]);
    }

    private static Html Ends(Decision decision) =>
        decision switch
        {
            { Reversible: false } => Html.Of($"<strong class=\"careful\">Cannot be undone.</strong> {Said(decision.Reversal)}"),
            { MaxDuration: { } most } => Html.Of(
                $"By itself {Length(most)} after it began, unless somebody confirms it. Undone by: {Said(decision.Reversal)}"
            ),
            _ => Html.Of($"Not by itself. {Said(decision.Reversal)}"),
        };

    private static Html Asked(ApprovalView view, string viewer)
    {
        var now = view.Rungs[view.Stage];
        var names = string.Join(", ", now.Approvers.Select(a => a.ObjectId == viewer ? "you" : a.Name));
        var next = view
            .Rungs.Skip(view.Stage + 1)
            .Select(r => Html.Of($"; {string.Join(", ", r.Approvers.Select(a => a.Name))} from {Time(r.StartsAt)}"));
        return Html.Of($"{names} ({now.Name}){Html.Join(next)}. Silence means that nothing runs.");
    }

    private static Html Reasons(Decision decision)
    {
        var first = Counting(decision).Take(MostReasons).ToList();
        return Html.Of($"<ul class=\"reasons\">{first.Select(Line)}</ul>");
    }

    /// <summary>What decides most cases alike comes last; among the rest what speaks for care comes first.</summary>
    private static IEnumerable<Reason> Counting(Decision decision) =>
        decision.Reasons.OrderBy(r =>
            Common.Contains(r.Rule) ? 2
            : Doubtful.Contains(r.Rule) ? 0
            : 1
        );

    private static Html Line(Reason reason) =>
        Html.Of($"<li class=\"{(Doubtful.Contains(reason.Rule) ? "against" : "for")}\">{Said(reason.Text, 400)}</li>");

    private static Html More(WaitingRequest request, string key, bool alone)
    {
        var asked = request.View.Request;
        var rest = Counting(asked.Decision).Skip(MostReasons).ToList();
        var evidence =
            asked.Evidence.Count == 0
                ? Html.Empty
                : Html.Of($"<h3>Evidence</h3><ul>{asked.Evidence.Select(e => Html.Of($"<li>{Said(e, 500)}</li>"))}</ul>");
        var words =
            asked.Reasoning.Length == 0
                ? Html.Empty
                : Html.Of($"<h3>The model's words</h3><blockquote>{Said(asked.Reasoning, 1200)}</blockquote>");
        return Html.Of(
            $"""
            <details class="more" id="{key}-more" data-look="{request.Id}"{(alone ? Html.Of($" open") : Html.Empty)}>
            <summary>All reasons, evidence and the model's words</summary>
            {(rest.Count == 0 ? Html.Empty : Html.Of($"<ul class=\"reasons\">{rest.Select(Line)}</ul>"))}
            <p class="soft">Confidence {asked.Decision.Confidence} of 100. The policy asks you, not the model.</p>
            {evidence}{words}
            <p class="soft links">{Link(RequestView.Of, request.Id, Html.Of($"This request alone"))} · {Link(
                IncidentView.Of,
                asked.Incident,
                Html.Of($"Its incident")
            )}
            <span class="mono">bound to {asked.ActionHash[..Math.Min(12, asked.ActionHash.Length)]}</span></p>
            </details>
            """
        );
    }

    private static Html Act(WaitingRequest request, Objection? objection, string viewer, string key)
    {
        if (request.State != ApprovalState.Pending)
            return Html.Of($"<p class=\"note\">{State(request)}</p>");
        var withdraw = Withdraw(request, key);
        if (objection is { Rule: "voted-before" })
            return Html.Of($"<p class=\"note\">Your answer was taken. It waits for another person.</p>{withdraw}");
        if (objection is not null)
            return Html.Of($"<p class=\"note\">{objection.Text}</p>");
        var decision = request.View.Request.Decision;
        var length = decision is { Reversible: true, MaxDuration: { } most } ? $" for {Length(most)}" : "";
        var which = decision.Quorum > 1 ? $" ({request.View.Answers.Count(a => a.Approve && !a.Withdraw) + 1} of {decision.Quorum})" : "";
        return Html.Of(
            $"""
            <form class="act" data-act="post" data-url="/api/approvals/{Uri.EscapeDataString(request.Id)}" id="{key}-act">
            <input type="hidden" name="actionHash" value="{request.View.Request.ActionHash}">
            <label for="{key}-why">Why? It goes on the record.</label>
            <textarea id="{key}-why" name="reason" rows="1" maxlength="{Objection.MaxReason}" required></textarea>
            <output role="status"></output>
            </form>
            <div class="row answers"><button class="yes" form="{key}-act" name="decision" value="approve">Approve{length}{which}</button>
            <button class="no" form="{key}-act" name="decision" value="deny">Deny</button></div>
            {withdraw}
            """
        );
    }

    /// <summary>Away from the answers, and in two steps: it ends the question for everybody.</summary>
    private static Html Withdraw(WaitingRequest request, string key) =>
        Html.Of(
            $"""
            <details class="away" id="{key}-away"><summary>Withdraw the question…</summary>
            <form data-act="post" data-url="/api/approvals/{Uri.EscapeDataString(request.Id)}" id="{key}-withdraw">
            <p>It is taken back for everybody who was asked. Nothing runs, and a ticket stays.</p>
            <input type="hidden" name="actionHash" value="{request.View.Request.ActionHash}">
            <label for="{key}-back">Why is no answer needed?</label>
            <textarea id="{key}-back" name="reason" rows="1" maxlength="{Objection.MaxReason}" required></textarea>
            <button class="quiet" name="decision" value="withdraw">Yes, withdraw it</button>
            <output role="status"></output>
            </form></details>
            """
        );

    private static Html State(WaitingRequest request) =>
        request.State switch
        {
            ApprovalState.Granted => request.Result is { } result ? Said(result.Text) : Html.Of($"Approved. It is being carried out."),
            ApprovalState.Denied => Html.Of($"Denied: nothing ran."),
            ApprovalState.Expired => Html.Of($"Nobody decided in time: nothing ran."),
            _ => Html.Of($"Withdrawn: nothing ran."),
        };
}

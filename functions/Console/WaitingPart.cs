using System.Text.Json;
using IRFunctions.Approvals;
using IRFunctions.People;
using IRFunctions.Policies;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>What waits for a decision, a page of it; what belongs together can be answered together.</summary>
internal sealed class WaitingPart(WaitingList waiting, PolicyStore policies)
{
    public const string Id = "waiting";

    public async Task<Part> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        var page = await waiting.ReadAsync(request.Client, request.Page, cancellation);
        var body = page.Count == 0 ? Nothing() : Html.Join(Cards(page, request));
        return new Part(
            Id,
            Html.Of(
                $"""
                <h1 class="part">Waiting for you <span class="count" data-count="waiting">{page.Count}</span></h1>
                {Unreadable(page)}{body}
                {Pages("/", page.Page, page.Pages)}
                """
            )
        );
    }

    /// <summary>Why the person may not answer; the one judge says so, as it would for a real answer.</summary>
    public Objection? ObjectionOf(WaitingRequest request, ViewRequest by)
    {
        if (!by.Caller.May("approver"))
            return new Objection(403, "role", "Your sign-in may look, but not answer: it lacks the role approver.");
        var view = request.View with { Owners = [.. request.View.Owners, .. Owners.KnownTo(policies.Current)], State = request.State };
        return AnswerRules.Check(view, new ApprovalAnswer(by.Caller.ObjectId, true, "-", by.Now, "console"));
    }

    private IEnumerable<Html> Cards(WaitingPage page, ViewRequest request)
    {
        foreach (var group in page.Requests.GroupBy(r => r.View.Request.Decision.Batch ?? r.View.Request.Incident))
        {
            var answerable = group.Where(r => r.State == ApprovalState.Pending && ObjectionOf(r, request) is null).ToList();
            if (answerable.Count > 1)
                yield return Together(group.Key, answerable);
            foreach (var one in group)
                yield return RequestCard.Of(one, ObjectionOf(one, request), request.Caller.ObjectId, alone: false);
        }
    }

    /// <summary>One reason, one answer to each.</summary>
    private static Html Together(string group, List<WaitingRequest> open)
    {
        var key = Key("together", group);
        var titles = open.Select(r => r.View.Request.Title).Distinct(StringComparer.Ordinal).ToList();
        var items = JsonSerializer.Serialize(
            open.Select(r => new { url = $"/api/approvals/{Uri.EscapeDataString(r.Id)}", actionHash = r.View.Request.ActionHash })
        );
        var about =
            titles.Count == 1 ? Said(titles[0], 160) : Html.Of($"{titles.Count} alerts, more at once than the policy lets run alone");
        return Html.Of(
            $"""
            <article class="card together" id="{key}" aria-labelledby="{key}-q">
            <h2 id="{key}-q">{open.Count} decisions that belong together</h2>
            <p class="soft">{about}. Each is below; one answer here is an answer to each.</p>
            <form class="act" data-act="each" data-items="{items}" id="{key}-act">
            <label for="{key}-why">Why? It goes on the record of each.</label>
            <textarea id="{key}-why" name="reason" rows="1" maxlength="{Objection.MaxReason}" required></textarea>
            <div class="row answers"><button class="yes" name="decision" value="approve">Approve all {open.Count}</button>
            <button class="no" name="decision" value="deny">Deny all {open.Count}</button></div>
            <output role="status"></output>
            </form></article>
            """
        );
    }

    private static Html Unreadable(WaitingPage page) =>
        page.Unreadable.Count == 0
            ? Html.Empty
            : Html.Of($"<p class=\"problem\">{page.Unreadable.Count} more cannot be read. People were paged; decide by hand.</p>");

    private static Html Nothing() => Html.Of($"<p class=\"empty\">Nothing waits for a decision. A new request appears here by itself.</p>");
}

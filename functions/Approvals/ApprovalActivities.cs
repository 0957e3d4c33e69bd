using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Limits;
using IRFunctions.People;
using IRFunctions.Policies;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Approvals;

/// <summary>Input of AskApprovers.</summary>
/// <param name="Request">Instance id of the request: where answers go.</param>
/// <param name="Final">True on the last try: what fails now is reported instead of tried again.</param>
public sealed record AskInput(string Request, ApprovalView View, bool Final = false);

/// <summary>Input of CloseApproval.</summary>
/// <param name="View">How it ended, for people; null while answers on their way may still decide it.</param>
public sealed record CloseInput(string Request, ApprovalState State, ApprovalView? View = null);

/// <summary>Input of ShowResult.</summary>
public sealed record ShowInput(string Request, RequestResult Result);

/// <summary>The activities of ApprovalOrchestrator and of what is shown after it: cards, pages, the register.</summary>
public sealed class ApprovalActivities(
    CardSender cards,
    OnCall onCall,
    ApprovalRegister register,
    Pager pager,
    TeamsSettings settings,
    SlackSettings slackSettings,
    SlackClient slack,
    PolicyStore policies
)
{
    /// <summary>
    /// Tells the approvers of the present rung. Not delivered where none of them could be reached, so that the request climbs at once.
    /// </summary>
    [Function(nameof(AskApprovers))]
    public async Task<Delivery> AskApprovers([ActivityTrigger] AskInput input, CancellationToken cancellation)
    {
        var rung = input.View.Rungs[input.View.Stage];
        var (people, problems) = await onCall.WhoAsync(rung.Group, rung.Approvers, cancellation);
        var view = input.View with
        {
            Rungs = [.. input.View.Rungs.Select((r, i) => i == input.View.Stage ? r with { Approvers = people } : r)],
        };
        await register.OpenAsync(input.Request, view.Deadline, view.Request.Decision.Quorum, cancellation);
        await register.KeepAsync(input.Request, view, cancellation); // Before anybody is sent a link to it.
        var paged = await PageAsync(input.Request, view, problems, cancellation);
        var (told, untold) = await AskInSlackAsync(input.Request, view, people, cancellation);
        problems = [.. problems, .. untold];
        if (!cards.Enabled)
            return new Delivery((paged || told) && people.Count > 0, 0, people, problems);
        var delivery = await cards.AskAsync(input.Request, view, people, input.Final, cancellation);
        // Those asked before see that the question has moved on.
        IReadOnlyList<string> stale = view.Stage > 0 ? await cards.RedrawAsync(input.Request, view, cancellation) : [];
        return delivery with
        {
            Delivered = delivery.Delivered || told,
            Approvers = people,
            Problems = [.. problems, .. delivery.Problems, .. stale],
        };
    }

    /// <summary>
    /// Asks whoever of these the policy binds to a Slack user, there as well; what could not be sent is told, and holds nothing up.
    /// </summary>
    private async Task<(bool Told, IReadOnlyList<string> Problems)> AskInSlackAsync(
        string request,
        ApprovalView view,
        IReadOnlyList<Approver> people,
        CancellationToken cancellation
    )
    {
        if (!slackSettings.Enabled)
            return (false, []);
        var (told, problems) = (false, new List<string>());
        foreach (var person in people)
        {
            if (SlackSettings.UserOf(policies.Current, person.ObjectId) is not { } user)
                continue;
            try
            {
                await slack.CallAsync("chat.postMessage", SlackMessages.Question(user, request, view, settings.ConsoleUrl), cancellation);
                told = true;
            }
            catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
            {
                problems.Add($"{person.Name}: {e.Message}");
            }
        }
        return (told, problems);
    }

    /// <summary>Ends the request in the register, unless answers ended it before, and shows how it ended.</summary>
    [Function(nameof(CloseApproval))]
    public async Task<Closing> CloseApproval([ActivityTrigger] CloseInput input, CancellationToken cancellation)
    {
        var closing = await register.CloseAsync(input.Request, input.State, cancellation);
        if (input.View is not { } view)
            return closing;
        await register.KeepAsync(input.Request, view, cancellation);
        if (view.EndedAt is { } ended && view.Stage < view.Rungs.Count)
            PipelineFigures.Decided(view.Request.Decision.Action, view.Rungs[view.Stage].Name, $"{closing.State}", ended - view.AskedAt);
        return closing;
    }

    /// <summary>Shows the present state to whoever looks, and on every copy of the card; what could not be redrawn is reported.</summary>
    [Function(nameof(ShowApproval))]
    public async Task<IReadOnlyList<string>> ShowApproval([ActivityTrigger] AskInput input, CancellationToken cancellation)
    {
        await register.KeepAsync(input.Request, input.View, cancellation);
        return cards.Enabled ? await cards.RedrawAsync(input.Request, input.View, cancellation) : [];
    }

    /// <summary>Shows what became of an approved action.</summary>
    [Function(nameof(ShowResult))]
    public Task ShowResult([ActivityTrigger] ShowInput input, CancellationToken cancellation) =>
        cards.ShowResultAsync(input.Request, input.Result, cancellation);

    /// <summary>Shows that a containment ended or cannot be undone.</summary>
    [Function(HoldNews.ShowActivity)]
    public Task ShowHold([ActivityTrigger] HoldNews news, CancellationToken cancellation) =>
        cards.ShowHoldAsync(news.Containment, news.State, news.Text, news.UndoAt, cancellation);

    /// <summary>Sends a fresh confirm or release card before an undo.</summary>
    [Function(HoldNews.RemindActivity)]
    public Task<IReadOnlyList<string>> RemindApprovers([ActivityTrigger] HoldNews news, CancellationToken cancellation) =>
        cards.RemindAsync(news.Containment, news.State, news.Text, news.UndoAt, cancellation);

    /// <summary>
    /// A flood over budget rings a phone once in five minutes and rung, not once an action; everything else rings for itself.
    /// </summary>
    private static string PageKey(string request, ApprovalView view) =>
        view.Request.Decision.Batch is { } batch
            ? $"batch-{Fingerprint.Of(batch, $"{view.AskedAt.UtcTicks / TimeSpan.FromMinutes(5).Ticks}")}-{view.Stage}"
            : $"{request}-{view.Attempt}-{view.Stage}";

    /// <summary>The loud half: a page with a plain link. The page decides nothing, and neither does opening the link.</summary>
    private async Task<bool> PageAsync(string request, ApprovalView view, IReadOnlyList<string> problems, CancellationToken cancellation)
    {
        var link = settings.ConsoleUrl is { } console ? $" {new Uri(console, $"console/request/{Uri.EscapeDataString(request)}")}" : "";
        var trouble = problems.Count > 0 ? $" ({TextBounds.OneLine(problems[0], 200)})" : "";
        try
        {
            await pager.PageAsync(
                PageKey(request, view),
                $"{TextBounds.OneLine(view.Request.Title, 200)}: {ApprovalText.Asked(view)}{link}{trouble}",
                PageSeverity.Error,
                cancellation,
                PageKind.Request,
                rung: view.Rungs[view.Stage].Name
            );
            return true;
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            return false;
        }
    }
}

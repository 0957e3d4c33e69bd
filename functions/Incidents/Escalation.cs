using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.People;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>
/// Gives to people what failed for good (S12). Nobody can be left out by a pager or a ticket system that is down as well: where neither
/// takes it, it is tried again until one does.
/// </summary>
internal sealed class Escalation(TaskOrchestrationContext context, IncidentAlert input)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <summary>One decision could not be carried out: a page, or where nobody can be paged a ticket.</summary>
    public async Task DecisionAsync(ContainmentOrder order, string problem)
    {
        var page = new PageInput(
            $"failed-{order.Id}",
            IncidentText.FailedPage(input.Alert, order.Decision, problem),
            PageSeverity.Critical
        );
        var ticket = TicketOf($"failed-{order.Id}", ApprovalText.TicketNote(order.Decision, TextBounds.OneLine(problem, 300)));
        while (!await TryPageAsync(page) && !await TryTicketAsync(ticket))
            await context.CreateTimer(Pause, CancellationToken.None);
    }

    /// <summary>
    /// The whole alert could not be worked on: a page as soon as a pager takes it, and a ticket, without which the alert is not shown as
    /// ticketed (S10). So it is tried until it exists.
    /// </summary>
    public async Task AlertAsync(string problem)
    {
        var key = $"failed-{context.InstanceId}";
        var words =
            $"Nothing was decided or recorded further for this alert: {TextBounds.OneLine(problem, 300)} Look at it by hand. "
            + $"Alert: {TextBounds.OneLine(input.Alert.Title, 200)}";
        var page = new PageInput(key, words, PageSeverity.Critical);
        var ticket = TicketOf(key, words);
        for (var (pause, paged) = (Pause, false); ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var ticketed = await TryTicketAsync(ticket);
            paged = paged || await TryPageAsync(page);
            if (ticketed)
                return; // Whoever reads tickets has it; a pager that is down keeps nobody waiting.
            await context.CreateTimer(pause, CancellationToken.None);
        }
    }

    private TicketInput TicketOf(string key, string note) => new(key, input.Incident, input.Alert.Id, input.Alert.Title, note);

    private Task<bool> TryPageAsync(PageInput page) => TryAsync(context.PageAsync(page.Key, page.Summary, page.Severity));

    private Task<bool> TryTicketAsync(TicketInput ticket) => TryAsync(context.OpenTicketAsync(ticket));

    private static async Task<bool> TryAsync(Task step)
    {
        try
        {
            await step;
            return true;
        }
        catch (TaskFailedException)
        {
            return false;
        }
    }
}

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
    private static readonly TimeSpan LongestTry = TimeSpan.FromDays(3);

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

    /// <summary>A question that is no decision of the policy: a page, or where nobody can be paged a ticket.</summary>
    public async Task TellAsync(string key, string text)
    {
        var (page, ticket) = (new PageInput(key, text, PageSeverity.Error), TicketOf(key, text));
        while (!await TryPageAsync(page) && !await TryTicketAsync(ticket))
            await context.CreateTimer(Pause, CancellationToken.None);
    }

    /// <summary>The whole alert could not be worked on: a ticket and a page, at least one of them.</summary>
    /// <returns>Whether the ticket exists.</returns>
    public async Task<bool> AlertAsync(string problem)
    {
        var page = new PageInput(AlertKey, AlertWords(problem), PageSeverity.Critical);
        while (true)
        {
            var ticketed = await TryTicketAsync(TicketOf(AlertKey, AlertWords(problem)));
            if (ticketed | await TryPageAsync(page))
                return ticketed;
            await context.CreateTimer(Pause, CancellationToken.None);
        }
    }

    /// <summary>People know of it, and the ticket that could not be opened is tried for three days more, ever more seldom.</summary>
    /// <returns>Whether it exists now.</returns>
    public async Task<bool> TicketAtLastAsync(string problem)
    {
        var until = context.CurrentUtcDateTime + LongestTry;
        for (var pause = Pause; context.CurrentUtcDateTime < until; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            await context.CreateTimer(pause, CancellationToken.None);
            if (await TryTicketAsync(TicketOf(AlertKey, AlertWords(problem))))
                return true;
        }
        return false;
    }

    private string AlertKey => $"failed-{context.InstanceId}";

    private string AlertWords(string problem) =>
        $"Nothing was decided or recorded further for this alert: {TextBounds.OneLine(problem, 300)} Look at it by hand. "
        + $"Alert: {TextBounds.OneLine(input.Alert.Title, 200)}";

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

using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.People;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Incidents;

/// <summary>
/// Gives to people what failed for good (S12). Nobody can be left out by a pager or a ticket system that is down as well: where neither takes it, it is tried
/// again until one does.
/// </summary>
internal static class Escalation
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(30);

    /// <summary>One decision could not be carried out: a page, or where nobody can be paged a ticket.</summary>
    public static async Task OfDecisionAsync(TaskOrchestrationContext context, IncidentAlert input, PlannedAction mandate, string problem)
    {
        var id = AlertOrchestrator.OrderId(input, mandate);
        var page = new PageInput($"failed-{id}", IncidentText.FailedPage(input.Alert, mandate.Decision, problem), "critical");
        var ticket = new TicketInput($"failed-{id}", input.Incident, input.Alert.Id, input.Alert.Title, IncidentText.TicketNote(mandate.Decision, TextBounds.OneLine(problem, 300)));
        while (!await TryPageAsync(context, page) && !await TryTicketAsync(context, ticket)) await context.CreateTimer(Pause, CancellationToken.None);
    }

    /// <summary>The whole alert could not be worked on: a ticket and a page, at least one of them.</summary>
    public static async Task OfAlertAsync(TaskOrchestrationContext context, IncidentAlert input, string problem)
    {
        var key = $"failed-{context.InstanceId}";
        var words = $"Nothing was decided or recorded further for this alert: {TextBounds.OneLine(problem, 300)} Look at it by hand. Alert: {TextBounds.OneLine(input.Alert.Title, 200)}";
        var page = new PageInput(key, words, "critical");
        var ticket = new TicketInput(key, input.Incident, input.Alert.Id, input.Alert.Title, words);
        while (!(await TryTicketAsync(context, ticket) | await TryPageAsync(context, page))) await context.CreateTimer(Pause, CancellationToken.None);
    }

    private static Task<bool> TryPageAsync(TaskOrchestrationContext context, PageInput page) =>
        TryAsync(context.CallActivityAsync(nameof(PeopleActivities.Page), page, RetryPolicies.ForPeople));

    private static Task<bool> TryTicketAsync(TaskOrchestrationContext context, TicketInput ticket) =>
        TryAsync(context.CallActivityAsync<string>(nameof(PeopleActivities.OpenTicket), ticket, RetryPolicies.ForPeople));

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

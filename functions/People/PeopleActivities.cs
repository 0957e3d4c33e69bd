using IRFunctions.Durable;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.People;

/// <summary>Input of Page.</summary>
/// <param name="Key">Same key, same page.</param>
/// <param name="Kind">Which pages it is joined with in a flood.</param>
/// <param name="About">What those have in common besides; never an attacker's words.</param>
public sealed record PageInput(string Key, string Summary, PageSeverity Severity, PageKind Kind = PageKind.Unjoined, string About = "");

/// <summary>Input of OpenTicket.</summary>
/// <param name="Key">Same key, same ticket.</param>
public sealed record TicketInput(string Key, string Incident, string AlertId, string Title, string Note);

/// <summary>The activities by which orchestrations reach people.</summary>
public sealed class PeopleActivities(Pager pager, Tickets tickets)
{
    /// <summary>Pages whoever is on call.</summary>
    [Function(nameof(Page))]
    public Task Page([ActivityTrigger] PageInput input, CancellationToken cancellation) =>
        pager.PageAsync(input.Key, input.Summary, input.Severity, cancellation, input.Kind, input.About);

    [Function(nameof(OpenTicket))]
    public Task<string> OpenTicket([ActivityTrigger] TicketInput input, CancellationToken cancellation) =>
        tickets.OpenAsync(input.Key, input.Title, input.Note, input.Incident, input.AlertId, cancellation);
}

/// <summary>The same for orchestrations: each is tried for about half an hour before the orchestration hears that it failed.</summary>
internal static class PeopleSteps
{
    public static Task PageAsync(
        this TaskOrchestrationContext context,
        string key,
        string text,
        PageSeverity severity,
        PageKind kind = PageKind.Unjoined,
        string about = ""
    ) => context.CallActivityAsync(nameof(PeopleActivities.Page), new PageInput(key, text, severity, kind, about), RetryPolicies.ForPeople);

    /// <returns>What the ticket system answered, in words.</returns>
    public static Task<string> OpenTicketAsync(this TaskOrchestrationContext context, TicketInput ticket) =>
        context.CallActivityAsync<string>(nameof(PeopleActivities.OpenTicket), ticket, RetryPolicies.ForPeople);
}

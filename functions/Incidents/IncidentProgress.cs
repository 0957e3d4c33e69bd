using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.Record;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>
/// Keeps what people see of the incident up to date as its branches go on, and derives the alert's outcome from how they end (S10). Showing
/// holds nothing up: no branch waits for it, and where it fails the next change, or the end, shows all of it.
/// </summary>
internal sealed class IncidentProgress(TaskOrchestrationContext context, IncidentAlert input)
{
    private IncidentView view = new()
    {
        Incident = input.Incident,
        Number = input.Number,
        AlertId = input.Alert.Id,
        Title = TextBounds.OneLine(input.Alert.Title, 300),
        Severity = input.Alert.Severity,
        OpenedAt = context.CurrentUtcDateTime,
        PolicyHash = input.PolicyHash,
        News = input.News,
    };

    private DecisionView[] rows = [];
    private Task showing = Task.CompletedTask;
    private bool changed;
    private bool paged;
    private Outcome? settled;
    private int revision;

    public void Start(AlertAssessment assessment, IReadOnlyList<ContainmentOrder> orders)
    {
        rows =
        [
            .. orders.Select(r => new DecisionView(
                r.Decision.Action,
                r.Decision.Target.Key,
                TextBounds.OneLine(r.Decision.Target.Display, 120),
                r.Decision.Kind,
                r.Decision.Tier,
                Ending.InProgress,
                ""
            )),
        ];
        view = view with { Assessment = TextBounds.OneLine(IncidentText.Assessed(assessment), 600) };
    }

    /// <summary>The source closed it: whatever else was noted, nothing new was started.</summary>
    /// <param name="open">What people are asked to end; null where nothing.</param>
    public void Close(string closing, IReadOnlyList<OpenWork>? open)
    {
        settled = Outcome.ClosedAtSource;
        view = view with { Closing = TextBounds.OneLine(closing, 300), Open = open };
    }

    /// <summary>What it says is known or under way already.</summary>
    public void Join() => settled = Outcome.Joined;

    public Row Of(int index) => new(this, index);

    /// <summary>As it stands; a step that has to be taken anyway may carry it to the table.</summary>
    public ShownIncident Shown() => new(Now(), revision++);

    /// <summary>How it ended, after what was still being shown.</summary>
    public async Task<IncidentView> FinishAsync()
    {
        changed = false; // The end shows all of it.
        await showing;
        return Now();
    }

    /// <summary>Branches record under their own instance ids; the outcome has a name of its own.</summary>
    public Task RecordOutcomeAsync(IncidentView ended) =>
        context.CallActivityAsync(
            nameof(AlertActivities.RecordIncident),
            new RecordIncidentInput(
                input.Incident,
                [new AuditFact($"{context.InstanceId}-outcome", AuditKinds.Outcome, IncidentText.Outcome(ended), "pipeline")],
                Shown()
            ),
            RetryPolicies.ForTheRecord
        );

    /// <summary>
    /// The alert went to people: what was not done by then will not be. Shown by a step of its own, since the one that should have carried
    /// it failed.
    /// </summary>
    /// <param name="ticketed">Whether a ticket of it exists; otherwise people were paged.</param>
    public async Task<IncidentView> HandOverAsync(string problem, bool ticketed)
    {
        paged = !ticketed;
        for (var i = 0; i < rows.Length; i++)
            if (rows[i].Ending is Ending.InProgress or Ending.AwaitingApproval)
                rows[i] = rows[i] with { Ending = Ending.Failed, Text = TextBounds.OneLine($"handed to people: {problem}", 300) };
        var end = await FinishAsync();
        await BestEffort.CallActivityAsync(context, nameof(AlertActivities.ShowIncident), Shown());
        return end;
    }

    private void Set(int index, ContainmentReport report)
    {
        rows[index] = rows[index] with { Ending = report.Ending, Text = TextBounds.OneLine(report.Text, 300), UndoAt = report.UndoAt };
        changed = rows.Any(r => r.Ending is Ending.InProgress or Ending.AwaitingApproval);
        if (changed && showing.IsCompleted)
            showing = ShowAsync();
    }

    /// <summary>One at a time, so that what people see never goes back.</summary>
    private async Task ShowAsync()
    {
        while (changed)
        {
            changed = false;
            await BestEffort.CallActivityAsync(context, nameof(AlertActivities.ShowIncident), Shown());
        }
    }

    private IncidentView Now()
    {
        view = view with { Decisions = [.. rows], Outcome = OutcomeOf() };
        context.SetCustomStatus(new IncidentStatus(view.Outcome));
        return view;
    }

    /// <summary>Whether a ticket of this alert exists, by what its actions did.</summary>
    public bool HasTicket => rows.Any(IsTicket);

    private static bool IsTicket(DecisionView row) => row is { Action: NotificationRules.Ticket, Ending: Ending.Done or Ending.AlreadySo };

    private Outcome OutcomeOf()
    {
        if (rows.Any(r => r.Ending == Ending.AwaitingApproval))
            return Outcome.Awaiting;
        if (rows.Any(r => r.Ending == Ending.InProgress))
            return Outcome.InProgress;
        if (settled is { } outcome)
            return outcome;
        if (rows.Any(r => r.Ending is Ending.Done or Ending.AlreadySo && !r.Target.StartsWith("alert:", StringComparison.Ordinal)))
            return Outcome.Acted;
        if (rows.Any(r => r.Ending is Ending.Denied or Ending.Expired or Ending.Withdrawn))
            return Outcome.Asked;
        if (!rows.Any(IsTicket) && rows.Any(r => r.Ending == Ending.Joined))
            return Outcome.Joined;
        return paged && !HasTicket ? Outcome.Paged : Outcome.Ticketed;
    }

    /// <summary>One decision's line on the incident.</summary>
    internal readonly struct Row(IncidentProgress progress, int index)
    {
        public void Set(ContainmentReport report) => progress.Set(index, report);
    }
}

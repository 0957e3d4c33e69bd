using IRFunctions.Classification;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>Keeps the incident's view up to date as its branches go on, and derives the alert's outcome from how they end (S10).</summary>
internal sealed class Progress(TaskOrchestrationContext context, Case input)
{
    private IncidentView view = new()
    {
        Incident = input.Incident, Number = input.Number, AlertId = input.Alert.Id, Title = Sentences.Short(input.Alert.Title, 300),
        Severity = input.Alert.Severity, OpenedAt = context.CurrentUtcDateTime, PolicyHash = input.PolicyHash,
    };

    private DecisionView[] rows = [];

    public void Start(Assessment assessment, IReadOnlyList<Mandate> mandates)
    {
        rows = [.. mandates.Select(r => new DecisionView(r.Decision.Action, r.Decision.Target.Key, Sentences.Short(r.Decision.Target.Display, 120),
            r.Decision.Kind, r.Decision.Tier, Ending.InProgress, ""))];
        view = view with { Assessment = Sentences.Short(Sentences.Assessed(assessment), 600) };
    }

    public Row Of(int index) => new(this, index);

    public IncidentView Finish()
    {
        Publish();
        return view;
    }

    private void Set(int index, ContainReport report)
    {
        rows[index] = rows[index] with { Ending = report.Ending, Text = Sentences.Short(report.Text, 300), UndoAt = report.UndoAt };
        // A finished orchestration shows its view as output; the status is for people who look while it runs.
        if (rows.Any(r => r.Ending is Ending.InProgress or Ending.AwaitingApproval)) Publish();
    }

    private void Publish()
    {
        view = view with { Decisions = [.. rows], Outcome = OutcomeOf(rows) };
        context.SetCustomStatus(view);
    }

    private static Outcome OutcomeOf(DecisionView[] rows)
    {
        if (rows.Any(r => r.Ending == Ending.AwaitingApproval)) return Outcome.Awaiting;
        if (rows.Any(r => r.Ending == Ending.InProgress)) return Outcome.InProgress;
        if (rows.Any(r => r.Ending is Ending.Done or Ending.AlreadySo && !r.Target.StartsWith("alert:", StringComparison.Ordinal))) return Outcome.Acted;
        if (rows.Any(r => r.Ending is Ending.Denied or Ending.Expired or Ending.Withdrawn)) return Outcome.Asked;
        return Outcome.Ticketed;
    }

    /// <summary>One decision's line on the incident.</summary>
    internal readonly struct Row(Progress progress, int index)
    {
        public void Set(ContainReport report) => progress.Set(index, report);
    }
}

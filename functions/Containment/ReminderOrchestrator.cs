using IRFunctions.Audit;
using IRFunctions.Containment;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>Tells people that a containment will be undone soon unless someone confirms it.</summary>
public static class ReminderOrchestrator
{
    [Function(ScheduledRollback.ReminderOrchestration)]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var reminder = context.GetInput<ReminderInput>()!;
        var text = $"{reminder.Action} on {IncidentText.Short(reminder.Target.Display, 120)} will be undone at {reminder.UndoAt:yyyy-MM-dd HH:mm} UTC unless someone confirms it";
        await new Recorder(context, reminder.Incident) { About = Recorder.AboutOf(reminder.Action, reminder.Target) }.WriteAsync(AuditKinds.Reminded, text);
        await context.CallActivityAsync(nameof(AlertActivities.Page), new PageInput($"reminder-{context.InstanceId}", text, "warning"), RetryPolicies.ForPeople);
        await BestEffort.OnCardsAsync(context, nameof(ApprovalActivities.RemindApprovers), new HoldNews(reminder.Containment, "reminder", text, reminder.UndoAt));
    }
}

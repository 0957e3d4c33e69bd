using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Containment;

/// <summary>A containment that is about to be undone.</summary>
public sealed record ReminderInput(string Containment, string Incident, string Action, Target Target, DateTimeOffset UndoAt);

/// <summary>Tells people that a containment will be undone soon unless someone confirms it.</summary>
public static class ReminderOrchestrator
{
    [Function(nameof(ReminderOrchestrator))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var reminder = context.GetInput<ReminderInput>()!;
        var text =
            $"{reminder.Action} on {TextBounds.OneLine(reminder.Target.Display, 120)} will be undone at "
            + $"{reminder.UndoAt:yyyy-MM-dd HH:mm} UTC unless someone confirms it";
        await new Recorder(context, reminder.Incident) { About = Recorder.AboutOf(reminder.Action, reminder.Target) }.WriteAsync(
            AuditKinds.Reminded,
            text
        );
        await context.PageAsync($"reminder-{context.InstanceId}", text, PageSeverity.Warning);
        await BestEffort.CallActivityAsync(
            context,
            HoldNews.RemindActivity,
            new HoldNews(reminder.Containment, ResultState.Reminder, text, reminder.UndoAt)
        );
    }
}

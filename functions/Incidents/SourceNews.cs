using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Durable;
using IRFunctions.Record;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Incidents;

/// <summary>
/// What a source says about an alert that starts nothing new: a closing, a merger, another status. It is put on the record, and where the
/// source took back why something was done, people are asked whether to end it. Nothing is ended by itself.
/// </summary>
internal sealed class SourceNews(TaskOrchestrationContext context, IncidentAlert input, IncidentProgress progress)
{
    /// <summary>What is being begun in this moment has its request, or its hold, by then.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private const int MostLooks = 5;

    private bool IsClosing => input.Alert.Source.IsClosed || input.News is { Kind: NewsKind.LateAfterClosing };

    public async Task NoteAsync()
    {
        if (IsClosing)
            progress.Close(IncidentText.ClosedAtSource(input.Alert.Source), null);
        else
            progress.Join();
        var record = new IncidentRecorder(context, input.Incident, progress.Shown);
        record.Note(AuditKinds.Received, IncidentText.Received(input), "pipeline", IncidentText.AlertData(input));
        await record.WriteAsync(IsClosing ? AuditKinds.ClosedAtSource : AuditKinds.SourceNews, Words(), "source", Data());
        if (input.Alert.Source.IsClosed && await OpenAsync() is { Count: > 0 } open)
            await AskAsync(record, open);
        await progress.RecordOutcomeAsync(await progress.FinishAsync());
    }

    private string Words() =>
        IsClosing ? IncidentText.ClosedAtSource(input.Alert.Source)
        : input.Alert.Source.Status == SourceStatus.Redirected ? IncidentText.Merged(input.Alert)
        : input.News?.Text ?? "";

    private object Data() =>
        new
        {
            input.Alert.Source.Status,
            input.Alert.Source.Classification,
            input.Alert.Source.Determination,
            input.Alert.Source.Updated,
        };

    /// <summary>What the incident still asks for or holds. What is only being begun is waited for.</summary>
    private async Task<IReadOnlyList<OpenWork>> OpenAsync()
    {
        for (var look = 1; ; look++)
        {
            var found = await context.CallActivityAsync<OpenWorkFound>(
                nameof(ClosingActivities.FindOpenWork),
                input.Incident,
                RetryPolicies.ForTheTenant
            );
            if (found.Begun == 0 || look == MostLooks)
                return found.Open;
            await context.CreateTimer(Pause, CancellationToken.None);
        }
    }

    private async Task AskAsync(IncidentRecorder record, IReadOnlyList<OpenWork> open)
    {
        var asks = input.Alert.Source.IsClosedAsHarmless;
        progress.Close(IncidentText.ClosedAtSource(input.Alert.Source), asks ? open : null);
        var text = asks ? IncidentText.AskToEnd(input.Alert, open) : IncidentText.StillOpen(input.Alert, open);
        await record.WriteAsync(AuditKinds.ClosedAtSource, text, "pipeline", new { Open = open, Asked = asks });
        await BestEffort.CallActivityAsync(
            context,
            nameof(ClosingActivities.ShowClosing),
            new ClosingInput(TextBounds.OneLine(input.Alert.Title, 200), text, open, asks)
        );
        if (!asks)
            return;
        foreach (var held in open.Where(work => work.Kind == OpenWorkKind.Containment))
            await context.Entities.SignalEntityAsync(
                new EntityInstanceId(nameof(ScheduledRollback), held.Id),
                nameof(ScheduledRollback.Question),
                text
            );
        await new Escalation(context, input).TellAsync($"closed-{Key(open)}", text);
    }

    /// <summary>One page for the same things, however many alerts of the incident are closed.</summary>
    private string Key(IReadOnlyList<OpenWork> open) =>
        Fingerprint.Of([input.Incident, .. open.Select(work => work.Id).Order(StringComparer.Ordinal)]);
}

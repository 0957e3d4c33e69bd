using IRFunctions.Approvals;
using IRFunctions.Audit;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Incidents;

/// <summary>
/// Asks people, rung by rung, until the quorum said yes, anyone said no, or the time is up. Answers are judged here and nowhere else;
/// an answer sent to an earlier rung still counts.
/// </summary>
public static class SeekApproval
{
    [Function(nameof(SeekApproval))]
    public static async Task<ApprovalView> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var ask = context.GetInput<ApprovalAsk>()!;
        var now = new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero);
        var view = new ApprovalView
        {
            Request = ask.Request, State = ApprovalState.Pending, Stage = 0, Attempt = 1, AskedAt = now, Deadline = now + ask.ExpiresAfter,
            Rungs = [.. ask.Ladder.Select(step => new RungPlan(step.Name, now + step.After, step.Approvers))],
        };
        var record = new Recorder(context, ask.Request.Incident) { About = Recorder.AboutOf(ask.Request.Decision.Action, ask.Request.Decision.Target) };
        using var end = new CancellationTokenSource(); // A wait that lost its race is cancelled.
        var waits = new List<Task<ApprovalAnswer>>();
        while (view.State == ApprovalState.Pending)
        {
            context.SetCustomStatus(view);
            await record.WriteAsync(view.Stage == 0 ? AuditKinds.Asked : AuditKinds.Climbed, Sentences.Asked(view), "pipeline",
                new { view.Request.ActionHash, view.Deadline, Rung = view.Rungs[view.Stage] });
            var delivered = await context.CallActivityAsync<bool>(nameof(Stages.AskApprovers), new AskInput(context.InstanceId, view));
            waits.Add(context.WaitForExternalEvent<ApprovalAnswer>(ApprovalView.EventName(view.Attempt, view.Stage), end.Token));
            view = await ListenAsync(context, record, view, waits, delivered, end.Token);
        }
        end.Cancel(); // Not CancelAsync: its callbacks run on other threads, where no replay can follow.
        context.SetCustomStatus(view);
        return view;
    }

    /// <summary>Hears answers until the request is decided or it is time to climb.</summary>
    private static async Task<ApprovalView> ListenAsync(TaskOrchestrationContext context, Recorder record, ApprovalView view, List<Task<ApprovalAnswer>> waits, bool delivered, CancellationToken end)
    {
        var isLast = view.Stage == view.Rungs.Count - 1;
        // A card that cannot be delivered climbs the ladder at once (DESIGN section 6); on the last rung there is nowhere to climb to.
        var until = isLast ? view.Deadline : delivered ? view.Rungs[view.Stage + 1].StartsAt : new DateTimeOffset(context.CurrentUtcDateTime, TimeSpan.Zero);
        using var cancel = new CancellationTokenSource();
        var timer = context.CreateTimer(until.UtcDateTime, cancel.Token);
        while (true)
        {
            Task[] either = [timer, .. waits];
            var first = await Task.WhenAny(either);
            if (first == timer) return isLast ? await ExpireAsync(record, view) : view with { Stage = view.Stage + 1 };

            var stage = waits.FindIndex(w => w == first);
            var answer = await waits[stage];
            waits[stage] = context.WaitForExternalEvent<ApprovalAnswer>(ApprovalView.EventName(view.Attempt, stage), end);
            view = await JudgeAsync(record, view, answer);
            if (view.State == ApprovalState.Pending)
            {
                context.SetCustomStatus(view);
                continue;
            }
            cancel.Cancel();
            return view;
        }
    }

    private static async Task<ApprovalView> JudgeAsync(Recorder record, ApprovalView view, ApprovalAnswer answer)
    {
        if (ApprovalRules.Check(view, answer) is { } objection)
        {
            await record.WriteAsync(AuditKinds.Refused, $"an answer did not count: {objection.Text}", answer.By, new { objection.Rule, answer.Approve, answer.Door });
            return view;
        }
        view = view with { Answers = [.. view.Answers, answer] };
        var yes = view.Answers.Count(a => a.Approve);
        view = view with
        {
            State = !answer.Approve ? ApprovalState.Denied : yes >= Math.Max(1, view.Request.Decision.Quorum) ? ApprovalState.Granted : ApprovalState.Pending,
        };
        record.Note(AuditKinds.Answered, Sentences.Answered(view, answer), answer.By, new { answer.Approve, answer.Reason, answer.At, answer.Door, view.Request.ActionHash });
        if (view.State == ApprovalState.Granted) record.Note(AuditKinds.Granted, $"approved by {yes} of {Math.Max(1, view.Request.Decision.Quorum)} needed");
        if (view.State == ApprovalState.Denied) record.Note(AuditKinds.Denied, "denied; nothing runs", answer.By);
        await record.WriteAsync();
        return view;
    }

    private static async Task<ApprovalView> ExpireAsync(Recorder record, ApprovalView view)
    {
        await record.WriteAsync(AuditKinds.Expired, $"nobody decided before {view.Deadline:yyyy-MM-dd HH:mm:ss} UTC; nothing runs");
        return view with { State = ApprovalState.Expired };
    }
}

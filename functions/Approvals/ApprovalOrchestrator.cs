using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Approvals;

/// <summary>
/// Asks people, rung by rung, until the quorum said yes, anyone said no, or the time is up. Answers are judged here and nowhere else;
/// an answer sent to an earlier rung still counts, and one that the register took before the deadline is never lost to the timer.
/// </summary>
public static class ApprovalOrchestrator
{
    [Function(nameof(ApprovalOrchestrator))]
    public static async Task<ApprovalView> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var ask = context.GetInput<ApprovalInput>()!;
        var now = Now(context);
        var view = new ApprovalView
        {
            Request = ask.Request, State = ApprovalState.Pending, Stage = 0, Attempt = 1, AskedAt = now, Deadline = now + ask.ExpiresAfter,
            Rungs = [.. ask.Ladder.Select(step => new RungPlan(step.Name, now + step.After, step.Approvers) { Group = step.Group })],
        };
        var record = new Recorder(context, ask.Request.Incident) { About = Recorder.AboutOf(ask.Request.Decision.Action, ask.Request.Decision.Target) };
        using var end = new CancellationTokenSource(); // A wait that lost its race is cancelled.
        var waits = new List<Task<ApprovalAnswer>>();
        var copies = 0;
        while (view.State == ApprovalState.Pending)
        {
            ShowState(context, view);
            await record.WriteAsync(view.Stage == 0 ? AuditKinds.Asked : AuditKinds.Climbed, ApprovalText.Asked(view), "pipeline",
                new { view.Request.ActionHash, view.Deadline, Rung = view.Rungs[view.Stage] });
            var delivery = await DeliverAsync(context, view);
            copies = Math.Max(copies, delivery.Cards);
            view = await WithDeliveryAsync(context, record, view, delivery);
            waits.Add(context.WaitForExternalEvent<ApprovalAnswer>(ApprovalView.EventName(view.Attempt, view.Stage), end.Token));
            view = await ListenAsync(context, record, view, waits, delivery.Delivered, end.Token);
        }
        end.Cancel(); // Not CancelAsync: its callbacks run on other threads, where no replay can follow.
        view = view with { EndedAt = Now(context) };
        ShowState(context, view);
        await CloseAsync(context, record, view);
        if (copies > 0) await BestEffort.CallActivityAsync(context, nameof(ApprovalActivities.ShowApproval), new AskInput(context.InstanceId, view));
        return view;
    }

    /// <summary>A state and numbers only: the host fails the instance where custom status is larger than 16 KB, and no orchestrator can catch that.</summary>
    private static void ShowState(TaskOrchestrationContext context, ApprovalView view) => context.SetCustomStatus(new ApprovalStatus(view.State, view.Attempt, view.Stage));

    /// <summary>Tries a few times for some seconds; then what could not be delivered is final, and the request climbs.</summary>
    private static async Task<Delivery> DeliverAsync(TaskOrchestrationContext context, ApprovalView view)
    {
        try
        {
            return await context.CallActivityAsync<Delivery>(nameof(ApprovalActivities.AskApprovers), new AskInput(context.InstanceId, view), RetryPolicies.ForAsking);
        }
        catch (TaskFailedException)
        {
            try
            {
                return await context.CallActivityAsync<Delivery>(nameof(ApprovalActivities.AskApprovers), new AskInput(context.InstanceId, view, Final: true));
            }
            catch (TaskFailedException e)
            {
                return new Delivery(false, 0, null, [StepFailure.Of(e)]);
            }
        }
    }

    /// <summary>Takes over whom the sources named, and puts on record who could not be reached.</summary>
    private static async Task<ApprovalView> WithDeliveryAsync(TaskOrchestrationContext context, Recorder record, ApprovalView view, Delivery delivery)
    {
        if (delivery.Approvers is { } people) view = view with { Rungs = [.. view.Rungs.Select((r, i) => i == view.Stage ? r with { Approvers = people } : r)] };
        if (!delivery.Delivered || delivery.Problems.Count > 0)
        {
            var what = delivery.Delivered ? "not everybody could be asked" : "nobody of this rung could be asked";
            await record.WriteAsync(AuditKinds.Undelivered, $"{what}: {TextBounds.OneLine(string.Join("; ", delivery.Problems), 500)}");
        }
        return view;
    }

    /// <summary>Hears answers until the request is decided or it is time to climb.</summary>
    private static async Task<ApprovalView> ListenAsync(TaskOrchestrationContext context, Recorder record, ApprovalView view, List<Task<ApprovalAnswer>> waits, bool delivered, CancellationToken end)
    {
        var isLast = view.Stage == view.Rungs.Count - 1;
        // A card that cannot be delivered climbs the ladder at once (docs/design.md section 6); on the last rung there is nowhere to climb to.
        var until = isLast ? view.Deadline : delivered ? view.Rungs[view.Stage + 1].StartsAt : Now(context);
        using var cancel = new CancellationTokenSource();
        var timer = context.CreateTimer(until.UtcDateTime, cancel.Token);
        while (true)
        {
            Task[] either = [timer, .. waits];
            var first = await Task.WhenAny(either);
            if (first == timer) return isLast ? await ExpireAsync(context, record, view) : view with { Stage = view.Stage + 1 };

            var stage = waits.FindIndex(w => w == first);
            var answer = await waits[stage];
            waits[stage] = context.WaitForExternalEvent<ApprovalAnswer>(ApprovalView.EventName(view.Attempt, stage), end);
            var heard = view.Answers.Count;
            view = await JudgeAsync(record, view, answer);
            if (view.State == ApprovalState.Pending)
            {
                if (view.Answers.Count > heard) await BestEffort.CallActivityAsync(context, nameof(ApprovalActivities.ShowApproval), new AskInput(context.InstanceId, view));
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
            await record.WriteAsync(AuditKinds.Refused, $"an answer did not count: {objection.Text}", answer.By, new { objection.Rule, answer.Approve, answer.Channel, answer.Proof });
            return view;
        }
        view = view with { Answers = [.. view.Answers, answer] };
        var yes = view.Answers.Count(a => a.Approve && !a.Withdraw);
        view = view with
        {
            State = answer.Withdraw ? ApprovalState.Withdrawn : !answer.Approve ? ApprovalState.Denied
                : yes >= Math.Max(1, view.Request.Decision.Quorum) ? ApprovalState.Granted : ApprovalState.Pending,
        };
        record.Note(AuditKinds.Answered, ApprovalText.Answered(view, answer), answer.By,
            new { answer.Approve, answer.Withdraw, answer.Reason, answer.At, answer.Channel, answer.Proof, view.Request.ActionHash });
        if (view.State == ApprovalState.Granted) record.Note(AuditKinds.Granted, $"approved by {yes} of {Math.Max(1, view.Request.Decision.Quorum)} needed");
        if (view.State == ApprovalState.Denied) record.Note(AuditKinds.Denied, "denied; nothing runs", answer.By);
        if (view.State == ApprovalState.Withdrawn) record.Note(AuditKinds.Withdrawn, "withdrawn; nothing runs", answer.By);
        await record.WriteAsync();
        return view;
    }

    /// <summary>The time is up, unless the register took an answer in time whose event is still on its way.</summary>
    private static async Task<ApprovalView> ExpireAsync(TaskOrchestrationContext context, Recorder record, ApprovalView view)
    {
        var closing = await context.CallActivityAsync<Closing>(nameof(ApprovalActivities.CloseApproval), new CloseInput(context.InstanceId, ApprovalState.Expired), RetryPolicies.ForPeople);
        foreach (var answer in closing.Answers.Where(a => view.Answers.All(known => known.By != a.By)))
        {
            if (view.State == ApprovalState.Pending) view = await JudgeAsync(record, view, answer);
        }
        if (view.State != ApprovalState.Pending) return view;
        await record.WriteAsync(AuditKinds.Expired, $"nobody decided before {view.Deadline:yyyy-MM-dd HH:mm:ss} UTC; nothing runs");
        return view with { State = ApprovalState.Expired };
    }

    /// <summary>Closes the register, and records how long it took, who looked and who did not.</summary>
    private static async Task CloseAsync(TaskOrchestrationContext context, Recorder record, ApprovalView view)
    {
        var closing = await context.CallActivityAsync<Closing>(nameof(ApprovalActivities.CloseApproval), new CloseInput(context.InstanceId, view.State, view), RetryPolicies.ForPeople);
        string[] active = [.. closing.Looked.Concat(view.Answers.Select(a => a.By)).Distinct()];
        var asked = view.Rungs.Take(view.Stage + 1).SelectMany(r => r.Approvers).DistinctBy(a => a.ObjectId).ToArray();
        string[] silent = [.. asked.Where(a => !active.Contains(a.ObjectId)).Select(a => a.ObjectId)];
        var took = (view.EndedAt ?? Now(context)) - view.AskedAt;
        await record.WriteAsync(AuditKinds.Closed, ApprovalText.Closed(view, took, asked, active), "pipeline", new { view.State, Seconds = (long)took.TotalSeconds, Looked = active, DidNotLook = silent });
    }

    private static DateTimeOffset Now(TaskOrchestrationContext context) => new(context.CurrentUtcDateTime, TimeSpan.Zero);
}

using IRFunctions.Alerts;
using IRFunctions.Durable;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace IRFunctions.Approvals;

/// <summary>
/// Asks people, rung by rung, until the quorum said yes, anyone said no, or the time is up. Answers are judged here and nowhere else;
/// an answer sent to an earlier rung still counts, and one that the register took before the deadline is never lost to the timer.
/// </summary>
public sealed class ApprovalOrchestrator
{
    private readonly TaskOrchestrationContext context;
    private readonly Recorder record;
    private readonly List<Task<ApprovalAnswer>> waits = [];
    private readonly DateTimeOffset? ticketAt;
    private Task ticket = Task.CompletedTask;
    private ApprovalView view;

    private ApprovalOrchestrator(TaskOrchestrationContext context)
    {
        this.context = context;
        var input = context.GetInput<ApprovalInput>()!;
        var (request, ladder, expiresAfter) = input;
        ticketAt = Now + input.TicketAfter;
        view = new ApprovalView
        {
            Request = request,
            State = ApprovalState.Pending,
            Stage = 0,
            Attempt = 1,
            AskedAt = Now,
            Deadline = Now + expiresAfter,
            Owners = input.Owners,
            Rungs = [.. ladder.Select(rung => new RungPlan(rung.Name, Now + rung.After, rung.Approvers) { Group = rung.Group })],
        };
        record = new Recorder(context, request.Incident) { About = Recorder.AboutOf(request.Decision.Action, request.Decision.Target) };
    }

    private DateTimeOffset Now => new(context.CurrentUtcDateTime, TimeSpan.Zero);

    [Function(nameof(ApprovalOrchestrator))]
    public static Task<ApprovalView> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        new ApprovalOrchestrator(context).RunAsync();

    private async Task<ApprovalView> RunAsync()
    {
        using var end = new CancellationTokenSource(); // A wait that lost its race is cancelled.
        var copies = 0;
        while (view.State == ApprovalState.Pending)
        {
            ShowState();
            if (Now >= ticketAt && ticket.IsCompletedSuccessfully && view.Stage > 0)
                ticket = GiveToPeopleAsync("Nobody answered in time; the last rung is asked now"); // Asking does not wait for it.
            await record.WriteAsync(
                view.Stage == 0 ? AuditKinds.Asked : AuditKinds.Climbed,
                ApprovalText.Asked(view),
                "pipeline",
                new
                {
                    view.Request.ActionHash,
                    view.Deadline,
                    Rung = view.Rungs[view.Stage],
                }
            );
            var delivery = await DeliverAsync();
            copies = Math.Max(copies, delivery.Cards);
            await NoteDeliveryAsync(delivery);
            waits.Add(context.WaitForExternalEvent<ApprovalAnswer>(ApprovalView.EventName(view.Attempt, view.Stage), end.Token));
            await ListenAsync(delivery.Delivered, end.Token);
        }
        end.Cancel(); // Not CancelAsync: its callbacks run on other threads, where no replay can follow.
        view = view with { EndedAt = Now };
        ShowState();
        await CloseAsync();
        if (copies > 0)
            await ShowCardsAsync();
        await TellJoinedAsync();
        await SettleAsync(ticket);
        if (view.State == ApprovalState.Expired)
            await GiveToPeopleAsync("Nobody answered in time");
        else if (view.State == ApprovalState.Withdrawn)
            await GiveToPeopleAsync($"The request was withdrawn ({TextBounds.OneLine(view.Answers[^1].Reason, 200)})");
        return view;
    }

    /// <summary>
    /// The ticket of the last rung may have failed: either somebody decided since, or it is opened once more (the same key is the same
    /// ticket). An approval does not fail over it.
    /// </summary>
    private static async Task SettleAsync(Task ticket)
    {
        try
        {
            await ticket;
        }
        catch (TaskFailedException) { }
    }

    /// <summary>
    /// Nothing runs, so people have it: a ticket, once, and a page each time (S10, S12). Neither waits for the other, which may be down.
    /// </summary>
    private Task GiveToPeopleAsync(string why)
    {
        var order = context.InstanceId[ApprovalView.InstancePrefix.Length..];
        var note = ApprovalText.TicketNote(view.Request.Decision, why);
        var opened = context.OpenTicketAsync(
            new TicketInput($"ticket-{order}", view.Request.Incident, view.Request.AlertId, view.Request.Title, note)
        );
        var page = $"{view.State}-{order}".ToLowerInvariant();
        return Task.WhenAll(opened, context.PageAsync(page, ApprovalText.NotRunPage(view, why), PageSeverity.Critical, PageKind.NotRun));
    }

    /// <summary>Whoever joined hears the same answer.</summary>
    private async Task TellJoinedAsync()
    {
        var joined = await context.Entities.CallEntityAsync<JoinedWaiter[]>(
            OpenRequests.For(view.Request.Decision),
            nameof(OpenRequests.End),
            context.InstanceId
        );
        foreach (var waiter in joined)
            context.SendEvent(waiter.Instance, waiter.Answered, view);
    }

    /// <summary>
    /// A state and numbers only: the host fails the instance where custom status is larger than 16 KB, and no orchestrator can catch that.
    /// </summary>
    private void ShowState() => context.SetCustomStatus(new ApprovalStatus(view.State, view.Attempt, view.Stage));

    private Task ShowCardsAsync() =>
        BestEffort.CallActivityAsync(context, nameof(ApprovalActivities.ShowApproval), new AskInput(context.InstanceId, view));

    /// <summary>Tries a few times for some seconds; then what could not be delivered is final, and the request climbs.</summary>
    private async Task<Delivery> DeliverAsync()
    {
        try
        {
            return await context.CallActivityAsync<Delivery>(
                nameof(ApprovalActivities.AskApprovers),
                new AskInput(context.InstanceId, view),
                RetryPolicies.ForAsking
            );
        }
        catch (TaskFailedException)
        {
            try
            {
                return await context.CallActivityAsync<Delivery>(
                    nameof(ApprovalActivities.AskApprovers),
                    new AskInput(context.InstanceId, view, Final: true)
                );
            }
            catch (TaskFailedException e)
            {
                return new Delivery(false, 0, null, [StepFailure.Of(e)]);
            }
        }
    }

    /// <summary>Takes over whom the sources named, and puts on record who could not be reached.</summary>
    private async Task NoteDeliveryAsync(Delivery delivery)
    {
        if (delivery.Approvers is { } people)
            view = view with { Rungs = [.. view.Rungs.Select((r, i) => i == view.Stage ? r with { Approvers = people } : r)] };
        if (delivery.Delivered && delivery.Problems.Count == 0)
            return;
        var what = delivery.Delivered ? "not everybody could be asked" : "nobody of this rung could be asked";
        await record.WriteAsync(AuditKinds.Undelivered, $"{what}: {TextBounds.OneLine(string.Join("; ", delivery.Problems), 500)}");
    }

    /// <summary>Hears answers until the request is decided or it is time to climb.</summary>
    private async Task ListenAsync(bool delivered, CancellationToken end)
    {
        var isLast = view.Stage == view.Rungs.Count - 1;
        // A card that cannot be delivered climbs the ladder at once (docs/design.md section 6); on the last rung there is nowhere to climb
        // to.
        var until =
            isLast ? view.Deadline
            : delivered ? view.Rungs[view.Stage + 1].StartsAt
            : Now;
        using var cancel = new CancellationTokenSource();
        var timer = context.CreateTimer(until.UtcDateTime, cancel.Token);
        while (true)
        {
            Task[] either = [timer, .. waits];
            var first = await Task.WhenAny(either);
            if (first == timer)
            {
                if (isLast)
                    await ExpireAsync();
                else
                    view = view with { Stage = view.Stage + 1 };
                return;
            }
            var stage = waits.FindIndex(w => w == first);
            var answer = await waits[stage];
            waits[stage] = context.WaitForExternalEvent<ApprovalAnswer>(ApprovalView.EventName(view.Attempt, stage), end);
            var heard = view.Answers.Count;
            await JudgeAsync(answer);
            if (view.State != ApprovalState.Pending)
            {
                cancel.Cancel();
                return;
            }
            if (view.Answers.Count > heard)
                await ShowCardsAsync();
        }
    }

    private async Task JudgeAsync(ApprovalAnswer answer)
    {
        if (AnswerRules.Check(view, answer) is { } objection)
        {
            await record.WriteAsync(
                AuditKinds.Refused,
                $"an answer did not count: {objection.Text}",
                answer.By,
                new
                {
                    objection.Rule,
                    answer.Approve,
                    answer.Channel,
                    answer.Proof,
                }
            );
            return;
        }
        view = view with { Answers = [.. view.Answers, answer] };
        var (yes, needed) = (view.Answers.Count(a => a.Approve && !a.Withdraw), Math.Max(1, view.Request.Decision.Quorum));
        view = view with
        {
            State =
                answer.Withdraw ? ApprovalState.Withdrawn
                : !answer.Approve ? ApprovalState.Denied
                : yes >= needed ? ApprovalState.Granted
                : ApprovalState.Pending,
        };
        record.Note(
            AuditKinds.Answered,
            ApprovalText.Answered(view, answer),
            answer.By,
            new
            {
                answer.Approve,
                answer.Withdraw,
                answer.Reason,
                answer.At,
                answer.Channel,
                answer.Proof,
                view.Request.ActionHash,
            }
        );
        if (view.State == ApprovalState.Granted)
            record.Note(AuditKinds.Granted, $"approved by {yes} of {needed} needed");
        if (view.State == ApprovalState.Denied)
            record.Note(AuditKinds.Denied, "denied; nothing runs", answer.By);
        if (view.State == ApprovalState.Withdrawn)
            record.Note(AuditKinds.Withdrawn, "withdrawn; nothing runs", answer.By);
        await record.WriteAsync();
    }

    /// <summary>The time is up, unless the register took an answer in time whose event is still on its way.</summary>
    private async Task ExpireAsync()
    {
        var closing = await context.CallActivityAsync<Closing>(
            nameof(ApprovalActivities.CloseApproval),
            new CloseInput(context.InstanceId, ApprovalState.Expired),
            RetryPolicies.ForPeople
        );
        foreach (var answer in closing.Answers.Where(a => view.Answers.All(known => (known.By, known.Withdraw) != (a.By, a.Withdraw))))
        {
            if (view.State == ApprovalState.Pending)
                await JudgeAsync(answer);
        }
        if (view.State != ApprovalState.Pending)
            return;
        await record.WriteAsync(AuditKinds.Expired, $"nobody decided before {view.Deadline:yyyy-MM-dd HH:mm:ss} UTC; nothing runs");
        view = view with { State = ApprovalState.Expired };
    }

    /// <summary>Closes the register, and records how long it took, who looked and who did not.</summary>
    private async Task CloseAsync()
    {
        var closing = await context.CallActivityAsync<Closing>(
            nameof(ApprovalActivities.CloseApproval),
            new CloseInput(context.InstanceId, view.State, view),
            RetryPolicies.ForPeople
        );
        string[] active = [.. closing.Looked.Concat(view.Answers.Select(a => a.By)).Distinct()];
        var asked = view.Rungs.Take(view.Stage + 1).SelectMany(r => r.Approvers).DistinctBy(a => a.ObjectId).ToArray();
        string[] silent = [.. asked.Where(a => !active.Contains(a.ObjectId)).Select(a => a.ObjectId)];
        var took = (view.EndedAt ?? Now) - view.AskedAt;
        await record.WriteAsync(
            AuditKinds.Closed,
            ApprovalText.Closed(view, took, asked, active),
            "pipeline",
            new
            {
                view.State,
                Seconds = (long)took.TotalSeconds,
                Looked = active,
                DidNotLook = silent,
            }
        );
    }
}

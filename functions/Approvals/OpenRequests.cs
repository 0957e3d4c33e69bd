using IRFunctions.Containment;
using IRFunctions.Decisions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Approvals;

/// <summary>Somebody wants to ask people for exactly one action.</summary>
/// <param name="Request">Instance id that the request would have.</param>
/// <param name="ActionHash">What would be asked: only the same is joined (S3).</param>
/// <param name="Deadline">When the request would expire.</param>
/// <param name="Waiter">The orchestration that waits for the answer.</param>
/// <param name="Answered">Name of the event by which it hears the answer, where it joins.</param>
public sealed record JoinInput(string Request, string ActionHash, DateTimeOffset Deadline, string Waiter, string Answered);

/// <summary>The request that people answer: the caller's own, or one that waits already.</summary>
public sealed record JoinAnswer(string Request, DateTimeOffset Deadline);

/// <summary>One orchestration that joined a request.</summary>
public sealed record JoinedWaiter(string Instance, string Answered);

/// <summary>A request that waits for people, and who joined it.</summary>
public sealed record OpenRequest(string Request, DateTimeOffset Deadline, IReadOnlyList<JoinedWaiter> Joined);

/// <summary>The requests that wait on one action and target, by what exactly is asked.</summary>
public sealed record OpenRequestsState
{
    public Dictionary<string, OpenRequest> ByHash { get; init; } = [];
}

/// <summary>
/// `OpenRequests@action:target`: people are asked once for an action on a target (S8); whoever wants exactly the same joins, and one answer
/// is for all of them.
/// </summary>
public sealed class OpenRequests : TaskEntity<OpenRequestsState>
{
    /// <summary>A request that did not end by its deadline and this much more is lost; the next one is asked anew.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(15);

    private readonly TimeProvider time;

    public OpenRequests(TimeProvider time) => this.time = time;

    [Function(nameof(OpenRequests))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<OpenRequests>();

    public static EntityInstanceId For(Decision decision) =>
        new(nameof(OpenRequests), ScheduledRollback.KeyOf(decision.Action, decision.Target));

    /// <summary>Opens the caller's request, or joins the one that asks the same.</summary>
    public JoinAnswer Join(JoinInput input)
    {
        if (
            !State.ByHash.TryGetValue(input.ActionHash, out var open)
            || open.Request == input.Request
            || open.Deadline + Grace < time.GetUtcNow()
        )
            open = new OpenRequest(input.Request, input.Deadline, []);
        else if (open.Joined.All(w => w.Answered != input.Answered))
            open = open with { Joined = [.. open.Joined, new JoinedWaiter(input.Waiter, input.Answered)] };
        State.ByHash[input.ActionHash] = open;
        return new JoinAnswer(open.Request, open.Deadline);
    }

    /// <summary>The request has ended. Who joined it, and hears of it now.</summary>
    public JoinedWaiter[] End(string request)
    {
        foreach (var (hash, open) in State.ByHash)
        {
            if (open.Request != request)
                continue;
            State.ByHash.Remove(hash);
            return [.. open.Joined];
        }
        return [];
    }

    protected override OpenRequestsState InitializeState(TaskEntityOperation entityOperation) => new();
}

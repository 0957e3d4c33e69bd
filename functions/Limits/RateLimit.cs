using System.Text.Json.Serialization;
using IRFunctions.Decisions;
using IRFunctions.Durable;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Limits;

/// <summary>A budget: how often something may happen by itself.</summary>
/// <param name="PerMinute">Most in any 60 seconds, counted in whole minutes.</param>
/// <param name="PerHour">Most in any 60 minutes.</param>
public sealed record Allowance(int PerMinute, int PerHour);

/// <summary>An effect of ours that nothing takes back.</summary>
/// <param name="By">"policy", or object ids of those who approved.</param>
public sealed record OwnTouch(DateTimeOffset At, string Action, string By);

/// <summary>Actions taken lately, counted by minute. At most 61 counters, whatever the load.</summary>
public sealed record RateLimitState
{
    /// <summary>Minute since the Unix epoch, and how many were taken in it.</summary>
    public SortedDictionary<long, int> TakenByMinute { get; init; } = [];

    /// <summary>The last effect that has no entity of its own to remember it; null where there was none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OwnTouch? LastTouch { get; set; }

    /// <summary>What was taken in this minute and in the hour that ends with it.</summary>
    public BudgetSpent Spent(DateTimeOffset now)
    {
        var minute = now.ToUnixTimeSeconds() / 60;
        return new BudgetSpent(TakenByMinute.GetValueOrDefault(minute), TakenByMinute.Where(t => t.Key > minute - 60).Sum(t => t.Value));
    }
}

/// <summary>
/// One budget's memory: `RateLimit@identity:...`, `RateLimit@action:...`, `RateLimit@tenant:...`. Over budget means ask a person (S8):
/// the entity only counts and answers.
/// </summary>
public sealed class RateLimit(TimeProvider time) : TaskEntity<RateLimitState>
{
    private const int WindowMinutes = 60;

    [Function(nameof(RateLimit))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<RateLimit>();

    /// <summary>Takes one from the budget if there is one left. Exactly once per call: the caller's history holds the answer.</summary>
    public bool TryTake(Allowance allowance)
    {
        var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        foreach (var old in State.TakenByMinute.Keys.TakeWhile(m => m <= minute - WindowMinutes).ToList())
            State.TakenByMinute.Remove(old);
        var thisMinute = State.TakenByMinute.GetValueOrDefault(minute);
        var granted = thisMinute < allowance.PerMinute && State.TakenByMinute.Values.Sum() < allowance.PerHour;
        if (granted)
            State.TakenByMinute[minute] = thisMinute + 1;
        PipelineFigures.Drawn(Context.Id.Key.Split(':')[0], State.TakenByMinute.Values.Sum(), allowance.PerHour, granted);
        return granted;
    }

    /// <summary>Gives one back: another budget of the same action was used up, so nothing ran.</summary>
    public void GiveBack()
    {
        if (State.TakenByMinute.Count == 0)
            return;
        var (minute, taken) = State.TakenByMinute.Last();
        if (taken > 1)
            State.TakenByMinute[minute] = taken - 1;
        else
            State.TakenByMinute.Remove(minute);
    }

    /// <summary>Remembers an effect that no hold remembers; it counts against no budget.</summary>
    public void Touch(OwnTouch touch)
    {
        if (!(State.LastTouch?.At > touch.At))
            State.LastTouch = touch;
    }

    protected override RateLimitState InitializeState(TaskEntityOperation entityOperation) => new();

    public static EntityInstanceId For(string scope, string key) => new(nameof(RateLimit), $"{scope}:{EntityKeys.Of(key)}");

    /// <summary>The last effect on a target that no hold remembers.</summary>
    public static async Task<OwnTouch?> LastTouchAsync(Target target, DurableTaskClient client, CancellationToken cancellation)
    {
        var budget = await client.Entities.GetEntityAsync<RateLimitState>(For("identity", target.Key), cancellation: cancellation);
        return budget is { IncludesState: true } ? budget.State.LastTouch : null;
    }

    /// <summary>The budget of a target remembers, by the minute, when we last acted on it alone.</summary>
    public static async Task<DateTimeOffset?> LastTakenAsync(Target target, DurableTaskClient client, CancellationToken cancellation)
    {
        var budget = await client.Entities.GetEntityAsync<RateLimitState>(For("identity", target.Key), cancellation: cancellation);
        return budget is { IncludesState: true, State.TakenByMinute.Count: > 0 }
            ? DateTimeOffset.FromUnixTimeSeconds(budget.State.TakenByMinute.Keys.Last() * 60)
            : null;
    }
}

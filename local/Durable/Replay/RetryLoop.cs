using Microsoft.DurableTask;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>Calls again as the options say. Waits are durable timers, times are the orchestration's: all of it replays.</summary>
internal static class RetryLoop
{
    /// <param name="call">Makes one attempt; gets its number, from 1.</param>
    public static Task<T> RunAsync<T>(TaskOrchestrationContext context, TaskRetryOptions retry, Func<int, Task<T>> call) =>
        retry.Policy is { } policy ? WithPolicyAsync(context, policy, call) : WithHandlerAsync(context, retry.Handler!, call);

    private static async Task<T> WithPolicyAsync<T>(TaskOrchestrationContext context, RetryPolicy policy, Func<int, Task<T>> call)
    {
        var started = context.CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(attempt);
            }
            catch (TaskFailedException e) when (attempt < policy.MaxNumberOfAttempts && Handles(policy, e))
            {
#pragma warning disable CS0618 // the only way to read what HandleFailure set; this loop goes with the engine
                if (policy.HandleAsync is { } handle && !await handle(e)) throw;
#pragma warning restore CS0618
                var delay = Delay(policy, attempt);
                if (policy.RetryTimeout != Timeout.InfiniteTimeSpan && context.CurrentUtcDateTime + delay >= started + policy.RetryTimeout) throw;
                await context.CreateTimer(delay, CancellationToken.None);
            }
        }
    }

    /// <summary>The official policy judges the exception type of Durable Task's core, which carries the same details.</summary>
    private static bool Handles(RetryPolicy policy, TaskFailedException e) =>
        policy.Handle(new DurableTask.Core.Exceptions.TaskFailedException(0, e.TaskId, e.TaskName, "", e.Message, null) { FailureDetails = Core(e.FailureDetails) });

    private static DurableTask.Core.FailureDetails Core(TaskFailureDetails details) =>
        new(details.ErrorType, details.ErrorMessage, details.StackTrace, details.InnerFailure is { } inner ? Core(inner) : null, isNonRetriable: false);

    private static TimeSpan Delay(RetryPolicy policy, int attempt)
    {
        var limit = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : policy.MaxRetryInterval;
        var ticks = policy.FirstRetryInterval.Ticks * Math.Pow(policy.BackoffCoefficient, attempt - 1);
        return ticks >= limit.Ticks ? limit : TimeSpan.FromTicks((long)ticks);
    }

    private static async Task<T> WithHandlerAsync<T>(TaskOrchestrationContext context, AsyncRetryHandler handler, Func<int, Task<T>> call)
    {
        var started = context.CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(attempt);
            }
            catch (TaskFailedException e)
            {
                var asked = new RetryContext(context, attempt, e.FailureDetails, context.CurrentUtcDateTime - started, CancellationToken.None);
                if (!await handler(asked)) throw;
            }
        }
    }
}

using IRFunctions.Connections;
using Microsoft.DurableTask;

namespace IRFunctions.Durable;

/// <summary>How long orchestrations try before they give a step to a person.</summary>
internal static class RetryPolicies
{
    /// <summary>The record must be written or nothing happens: about an hour of tries.</summary>
    public static readonly TaskOptions ForTheRecord = Retry(12, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));

    /// <summary>
    /// Reading and changing the tenant: six tries in about a minute; permanent faults end at once. A throttled service is left alone for as
    /// long as it asks, by a durable timer, and such waits do not use the tries up.
    /// </summary>
    public static readonly TaskOptions ForTheTenant = new(TaskRetryOptions.FromRetryHandler((AsyncRetryHandler)WaitForTheTenantAsync));

    private const int TenantTries = 6;
    private const int PeopleTries = 10;
    private const int ThrottledTries = 20;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestTenantWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWaitForPeople = TimeSpan.FromMinutes(5);

    /// <summary>An undo that fails pages before it tries again; a pager must not keep it from that.</summary>
    private static readonly TimeSpan LongestAskedByPager = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Pages and tickets must get through: about half an hour of tries; a throttled pager is left alone for as long as it asks.
    /// </summary>
    public static readonly TaskOptions ForPeople = new(TaskRetryOptions.FromRetryHandler((AsyncRetryHandler)WaitForPeopleAsync));

    /// <summary>Cards and pages of one rung: three tries in about five seconds; then it is better to ask the next rung.</summary>
    public static readonly TaskOptions ForAsking = Retry(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4));

    private static Task<bool> WaitForTheTenantAsync(RetryContext retry) =>
        WaitForTheTenantAsync(retry.OrchestrationContext, retry.LastFailure, retry.LastAttemptNumber);

    /// <summary>
    /// The same waits for whoever has something to do before each try: false where it is given up, at once for permanent faults.
    /// </summary>
    /// <param name="attempt">How many tries failed, from 1.</param>
    public static Task<bool> WaitForTheTenantAsync(TaskOrchestrationContext context, TaskFailureDetails failure, int attempt) =>
        WaitAsync(context, failure, attempt, TenantTries, LongestTenantWait, ThrottledTries, TimeSpan.MaxValue);

    private static Task<bool> WaitForPeopleAsync(RetryContext retry) =>
        WaitAsync(
            retry.OrchestrationContext,
            retry.LastFailure,
            retry.LastAttemptNumber,
            PeopleTries,
            LongestWaitForPeople,
            PeopleTries,
            LongestAskedByPager
        );

    /// <summary>Waits before another try: ever longer by itself, or as long as it was asked to; false where it is given up.</summary>
    private static async Task<bool> WaitAsync(
        TaskOrchestrationContext context,
        TaskFailureDetails failure,
        int attempt,
        int tries,
        TimeSpan longest,
        int triesAsked,
        TimeSpan longestAsked
    )
    {
        if (failure.IsCausedBy<PermanentFaultException>())
            return false;
        var asked = Throttling.WaitIn(failure.ErrorMessage);
        if (attempt >= (asked is null ? tries : triesAsked))
            return false;
        var wait = asked ?? FirstWait * Math.Pow(2, Math.Min(attempt - 1, 10));
        var most = asked is null ? longest : longestAsked;
        await context.CreateTimer(wait < most ? wait : most, CancellationToken.None);
        return true;
    }

    private static TaskOptions Retry(int attempts, TimeSpan first, TimeSpan longest) =>
        TaskOptions.FromRetryPolicy(
            new RetryPolicy(attempts, first, 2.0, longest) { HandleFailure = failure => !failure.IsCausedBy<PermanentFaultException>() }
        );
}

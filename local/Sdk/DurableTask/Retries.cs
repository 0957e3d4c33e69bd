namespace Microsoft.DurableTask;

/// <summary>What a retry handler is asked about. <see cref="TotalRetryTime"/> runs since the first attempt, in orchestration time.</summary>
public record RetryContext(
    TaskOrchestrationContext OrchestrationContext,
    int LastAttemptNumber,
    TaskFailureDetails LastFailure,
    TimeSpan TotalRetryTime,
    CancellationToken CancellationToken);

/// <summary>Answers whether to try again.</summary>
public delegate bool RetryHandler(RetryContext retryContext);

/// <summary>Answers whether to try again; may await durable tasks, for instance a timer.</summary>
public delegate Task<bool> AsyncRetryHandler(RetryContext retryContext);

/// <summary>Either a policy or a handler.</summary>
public sealed class TaskRetryOptions
{
    public TaskRetryOptions(RetryPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        Policy = policy;
    }

    public TaskRetryOptions(AsyncRetryHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Handler = handler;
    }

    public RetryPolicy? Policy { get; }

    public AsyncRetryHandler? Handler { get; }

    public static implicit operator TaskRetryOptions(RetryPolicy policy) => FromRetryPolicy(policy);

    public static implicit operator TaskRetryOptions(AsyncRetryHandler handler) => FromRetryHandler(handler);

    public static implicit operator TaskRetryOptions(RetryHandler handler) => FromRetryHandler(handler);

    public static TaskRetryOptions FromRetryPolicy(RetryPolicy policy) => new(policy);

    public static TaskRetryOptions FromRetryHandler(AsyncRetryHandler handler) => new(handler);

    public static TaskRetryOptions FromRetryHandler(RetryHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return new TaskRetryOptions(context => Task.FromResult(handler(context)));
    }
}

/// <summary>A declarative retry policy with exponential back-off.</summary>
public class RetryPolicy
{
    /// <param name="maxNumberOfAttempts">All attempts, the first included; at least 1.</param>
    /// <param name="firstRetryInterval">The wait between the first and the second attempt; above zero.</param>
    /// <param name="backoffCoefficient">What each wait is multiplied by; at least 1.</param>
    /// <param name="maxRetryInterval">The longest wait; one hour by default; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="retryTimeout">No attempt starts this long after the first; <see cref="Timeout.InfiniteTimeSpan"/> by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside the range named above.</exception>
    public RetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1.0,
        TimeSpan? maxRetryInterval = null,
        TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxNumberOfAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffCoefficient, 1.0);
        ThrowIfShorter(maxRetryInterval, firstRetryInterval, nameof(maxRetryInterval));
        ThrowIfShorter(retryTimeout, firstRetryInterval, nameof(retryTimeout));
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    public int MaxNumberOfAttempts { get; }

    public TimeSpan FirstRetryInterval { get; }

    public double BackoffCoefficient { get; }

    public TimeSpan MaxRetryInterval { get; }

    public TimeSpan RetryTimeout { get; }

    /// <summary>Whether a failure may be retried; true for all by default. Set through <see cref="HandleFailure"/>.</summary>
    public Func<Exception, bool> Handle { get; private init; } = _ => true;

    public Func<Exception, Task<bool>>? HandleAsync { get; set; }

    public Func<TaskFailureDetails, bool> HandleFailure
    {
        init => Handle = e => value(e is TaskFailedException failed ? failed.FailureDetails : TaskFailureDetails.FromException(e));
    }

    private static void ThrowIfShorter(TimeSpan? value, TimeSpan first, string name)
    {
        if (value < first && value != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must not be shorter than the first retry interval, {first}.");
    }
}

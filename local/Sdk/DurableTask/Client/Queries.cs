namespace Microsoft.DurableTask.Client;

public enum OrchestrationRuntimeStatus
{
    Running,
    Completed,
    ContinuedAsNew,
    Failed,
    Canceled,
    Terminated,
    Pending,
    Suspended,
}

/// <summary>Which instances to list; all conditions must hold. Times are those of creation.</summary>
public record OrchestrationQuery(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null,
    IEnumerable<string>? TaskHubNames = null,
    string? InstanceIdPrefix = null,
    int PageSize = OrchestrationQuery.DefaultPageSize,
    bool FetchInputsAndOutputs = false,
    string? ContinuationToken = null)
{
    public const int DefaultPageSize = 100;
}

/// <summary>Which instances to purge; all conditions must hold. Times are those of creation.</summary>
public record PurgeInstancesFilter(
    DateTimeOffset? CreatedFrom = null, DateTimeOffset? CreatedTo = null, IEnumerable<OrchestrationRuntimeStatus>? Statuses = null)
{
    public TimeSpan? Timeout { get; init; }
}

public record PurgeInstanceOptions(bool Recursive = false);

public record TerminateInstanceOptions(object? Output = null, bool Recursive = false);

/// <summary>How many instances were purged.</summary>
public class PurgeResult
{
    public PurgeResult(int count) : this(count, null)
    {
    }

    public PurgeResult(int count, bool? isComplete)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        PurgedInstanceCount = count;
        IsComplete = isComplete;
    }

    public int PurgedInstanceCount { get; }

    public bool? IsComplete { get; }
}

/// <summary>Says in which statuses an existing instance is kept instead of replaced.</summary>
public static class StartOrchestrationOptionsExtensions
{
    public static readonly IReadOnlyList<OrchestrationRuntimeStatus> ValidDedupeStatuses =
    [
        OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated,
        OrchestrationRuntimeStatus.Canceled,
    ];

    public static StartOrchestrationOptions WithDedupeStatuses(
        this StartOrchestrationOptions options, params OrchestrationRuntimeStatus[] dedupeStatuses)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with { DedupeStatuses = [.. (dedupeStatuses ?? []).Select(s => s.ToString())] };
    }
}

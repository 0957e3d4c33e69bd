namespace Microsoft.DurableTask;

/// <summary>How a call of an activity or a sub-orchestration is made.</summary>
public record TaskOptions
{
    public TaskOptions(TaskRetryOptions? retry) : this(retry, null)
    {
    }

    public TaskOptions(TaskRetryOptions? retry = null, IDictionary<string, string>? tags = null)
    {
        Retry = retry;
        Tags = tags;
    }

    public TaskOptions(TaskOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Retry = options.Retry;
        Tags = options.Tags;
        Version = options.Version;
    }

    public TaskRetryOptions? Retry { get; init; }

    public IDictionary<string, string>? Tags { get; init; }

    public TaskVersion? Version { get; init; }

    public static TaskOptions FromRetryPolicy(RetryPolicy policy) => new(new TaskRetryOptions(policy));

    public static TaskOptions FromRetryHandler(AsyncRetryHandler handler) => new(new TaskRetryOptions(handler));

    public static TaskOptions FromRetryHandler(RetryHandler handler) => new(TaskRetryOptions.FromRetryHandler(handler));

    public SubOrchestrationOptions WithInstanceId(string instanceId) => new(this, instanceId);
}

/// <summary>How a sub-orchestration is started; without an instance id, one is derived from the parent's.</summary>
public record SubOrchestrationOptions : TaskOptions
{
    public SubOrchestrationOptions(TaskRetryOptions? retry = null, string? instanceId = null) : base(retry) => InstanceId = instanceId;

    public SubOrchestrationOptions(TaskOptions options, string? instanceId = null) : base(options)
    {
        var same = options as SubOrchestrationOptions;
        InstanceId = instanceId ?? same?.InstanceId;
        Version = same?.Version ?? options.Version;
    }

    public SubOrchestrationOptions(SubOrchestrationOptions options) : base(options)
    {
        InstanceId = options.InstanceId;
        Version = options.Version;
    }

    public string? InstanceId { get; init; }

    public new TaskVersion? Version { get; init; }
}

/// <summary>How an orchestration is started.</summary>
public record StartOrchestrationOptions
{
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
    {
        this.InstanceId = InstanceId;
        this.StartAt = StartAt;
    }

    public StartOrchestrationOptions(StartOrchestrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        InstanceId = options.InstanceId;
        StartAt = options.StartAt;
        Tags = options.Tags;
        Version = options.Version;
        DedupeStatuses = options.DedupeStatuses;
    }

    public string? InstanceId { get; init; }

    public DateTimeOffset? StartAt { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    public TaskVersion? Version { get; init; }

    /// <summary>Names of the statuses in which an existing instance of the same id is kept and the start refused.</summary>
    public IReadOnlyList<string>? DedupeStatuses { get; init; }
}

/// <summary>What the next generation of an orchestration starts with.</summary>
public class ContinueAsNewOptions
{
    public object? NewInput { get; set; }

    public string? NewVersion { get; set; }

    public bool PreserveUnprocessedEvents { get; set; } = true;
}

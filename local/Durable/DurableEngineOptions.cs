namespace IRFunctions.Local.Durable;

/// <summary>How an engine runs.</summary>
public sealed record DurableEngineOptions
{
    /// <summary>Threads' worth of orchestration and entity steps at once; the number of processors by default.</summary>
    public int OrchestrationWorkers { get; init; } = Math.Max(1, Environment.ProcessorCount);

    /// <summary>Activities that run at once.</summary>
    public int MaxConcurrentActivities { get; init; } = 64;

    /// <summary>With a seed, `RunUntilIdleAsync` takes ready work in an order shuffled by it; otherwise first come, first served.</summary>
    public int? ShuffleSeed { get; init; }

    /// <summary>
    /// For crash tests: called at each point; what it throws ends the engine as a kill would. A new engine on the same store must then go on.
    /// </summary>
    public Action<CrashPoint>? AtCrashPoint { get; init; }
}

/// <summary>Where an engine can be made to crash.</summary>
public enum CrashMoment
{
    /// <summary>A step was computed, nothing of it stored.</summary>
    BeforeCommit,

    /// <summary>A step is stored; nobody was told.</summary>
    AfterCommit,

    /// <summary>An activity ran; its result is not stored.</summary>
    AfterActivity,
}

/// <summary>One moment of one run.</summary>
/// <param name="Number">Counts from 1, for each kind of moment by itself.</param>
public readonly record struct CrashPoint(CrashMoment Moment, long Number, string InstanceId);

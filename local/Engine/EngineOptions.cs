namespace IRFunctions.Local.Engine;

/// <summary>How an engine runs.</summary>
public sealed record EngineOptions
{
    /// <summary>Steps of orchestrations and entities computed at once in the background.</summary>
    public int Workers { get; init; } = Math.Max(1, Environment.ProcessorCount);

    /// <summary>Activities that run at once in the background.</summary>
    public int MaxConcurrentActivities { get; init; } = 64;

    /// <summary>
    /// Orchestrations whose executor is kept between steps, so that their history is not replayed for each; zero: none. Only a cache: the least lately
    /// used is dropped, and what only waits for an event or a timer is not kept at all.
    /// </summary>
    public int KeptSessions { get; init; } = 2_000;

    /// <summary>With a seed, <see cref="DurableEngine.RunUntilIdleAsync"/> takes ready work in an order shuffled by it; otherwise first come, first
    /// served.</summary>
    public int? ShuffleSeed { get; init; }

    /// <summary>
    /// For crash tests: called at each point; what it throws ends the engine as a kill would. A new engine on the same store must then go on.
    /// </summary>
    public Action<CrashPoint>? AtCrashPoint { get; init; }

    /// <summary>What production refuses is refused here, too.</summary>
    public EngineLimits Limits { get; init; } = new();
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

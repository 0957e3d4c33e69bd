namespace IRFunctions.Policies;

/// <summary>How a fact is compared.</summary>
public enum CheckTest
{
    /// <summary>The fact is a number and at most <see cref="ContextCheck.Number"/>.</summary>
    AtMost,

    /// <summary>The fact is "true".</summary>
    IsTrue,

    /// <summary>The fact is "false".</summary>
    IsFalse,

    /// <summary>The fact is a time at least <see cref="ContextCheck.Age"/> ago, or "never".</summary>
    OlderThan,
}

/// <summary>
/// A fact an action needs before it may run alone. Missing, failed or unmet means ask: a check can never make an action more likely.
/// </summary>
public sealed record ContextCheck
{
    public required string Name { get; init; }

    /// <summary>The question in words, for reasons and cards.</summary>
    public required string What { get; init; }

    public required CheckTest Test { get; init; }

    public long Number { get; init; }

    public TimeSpan Age { get; init; }

    /// <summary>How far back whoever answers has to look; null where the question is about now.</summary>
    public TimeSpan? Lookback { get; init; }
}

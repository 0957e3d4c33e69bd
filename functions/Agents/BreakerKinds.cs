namespace IRFunctions.Agents;

/// <summary>Names of what breakers put on the record, on the chain `breaker-{identity}`.</summary>
public static class BreakerKinds
{
    public const string Opened = "breaker-opened";
    public const string HalfOpened = "breaker-half-opened";
    public const string Closed = "breaker-closed";
    public const string Refused = "breaker-refused";
    public const string Halted = "breaker-halted";
    public const string Shown = "breaker-shown";
    public const string NotRestored = "snapshot-refused";
    public const string Restored = "snapshot-restored";
    public const string Rebased = "baseline-rebased";

    /// <summary>Chain of one identity's breaker.</summary>
    public static string ChainOf(string identity) => $"breaker-{CircuitBreaker.ShortOf(identity)}";

    public static string Of(BreakerChange change) =>
        change.Refused
            ? Refused
            : change.To switch
            {
                BreakerStatus.Open => Opened,
                BreakerStatus.HalfOpen => HalfOpened,
                _ => Closed,
            };
}

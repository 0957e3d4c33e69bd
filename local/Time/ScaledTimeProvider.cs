namespace IRFunctions.Local.Time;

/// <summary>A clock that runs faster than the real one, for demonstrations: with factor 60, an hour passes in a minute.</summary>
public sealed class ScaledTimeProvider : TimeProvider
{
    private readonly TimeProvider real;
    private readonly double factor;
    private readonly DateTimeOffset start;
    private readonly long startTimestamp;

    /// <param name="factor">Seconds of this clock for each second of the real one; above zero.</param>
    public ScaledTimeProvider(TimeProvider real, double factor)
    {
        ArgumentNullException.ThrowIfNull(real);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(factor, 0);
        this.real = real;
        this.factor = factor;
        start = real.GetUtcNow();
        startTimestamp = real.GetTimestamp();
    }

    public override TimeZoneInfo LocalTimeZone => real.LocalTimeZone;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => start + Elapsed;

    public override long GetTimestamp() => Elapsed.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new ScaledTimer(real.CreateTimer(callback, state, Shrink(dueTime), Shrink(period)), this);

    private TimeSpan Elapsed => real.GetElapsedTime(startTimestamp) * factor;

    // Rounded up, so that a timer never fires before its time on this clock.
    private TimeSpan Shrink(TimeSpan span) =>
        span == Timeout.InfiniteTimeSpan || span == TimeSpan.Zero
            ? span
            : TimeSpan.FromMilliseconds(Math.Ceiling(span.TotalMilliseconds / factor));

    private sealed class ScaledTimer(ITimer inner, ScaledTimeProvider clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(clock.Shrink(dueTime), clock.Shrink(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

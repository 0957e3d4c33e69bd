namespace IRFunctions.Local.Time;

/// <summary>
/// A clock that stands still until it is advanced. Timers made from it fire on the advancing thread, in the order they are due.
/// </summary>
public sealed class VirtualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly SortedSet<VirtualTimer> timers = [];
    private DateTimeOffset now = start.ToUniversalTime();
    private long created;

    public VirtualTimeProvider()
        : this(new DateTimeOffset(2026, 1, 5, 3, 0, 0, TimeSpan.Zero)) { }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>When the next timer made from this clock is due; null where there is none.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (gate)
                return timers.Min?.Due;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
            return now;
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, Interlocked.Increment(ref created), () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock forward, stopping at each timer on the way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The span is negative: this clock never goes back.</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        AdvanceTo(GetUtcNow() + by);
    }

    /// <inheritdoc cref="Advance"/>
    public void AdvanceTo(DateTimeOffset target)
    {
        while (TakeDue(target) is { } timer)
            timer.Fire();
    }

    private VirtualTimer? TakeDue(DateTimeOffset target)
    {
        lock (gate)
        {
            if (timers.Min is not { } next || next.Due > target)
            {
                if (target > now)
                    now = target;
                return null;
            }

            timers.Remove(next);
            if (next.Due > now)
                now = next.Due;
            next.Rearm(now, timers);
            return next;
        }
    }

    private sealed class VirtualTimer(VirtualTimeProvider clock, long number, Action fire) : ITimer, IComparable<VirtualTimer>
    {
        private TimeSpan period;

        public DateTimeOffset Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                this.period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = clock.now + dueTime;
                clock.timers.Add(this);
                return true;
            }
        }

        public void Rearm(DateTimeOffset from, SortedSet<VirtualTimer> timers)
        {
            if (period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero)
                return;
            Due = from + period;
            timers.Add(this);
        }

        public int CompareTo(VirtualTimer? other) =>
            other is null ? 1
            : Due != other.Due ? Due.CompareTo(other.Due)
            : number.CompareTo(other.Number);

        public void Dispose()
        {
            lock (clock.gate)
                clock.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private long Number => number;
    }
}

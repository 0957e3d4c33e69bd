namespace IRFunctions.Assessment;

/// <summary>
/// Stops asking a model that is down, so that a hundred alerts do not each wait for the time-out: after several outages in a row nobody is
/// asked for a while, then one alert tries. Counts outages only (no answer at all); a refusal or garbage is about one alert. Safe for
/// concurrent use.
/// </summary>
internal sealed class ModelBreaker(int after, TimeSpan pause, TimeProvider time)
{
    private readonly Lock gate = new();
    private int inARow;
    private DateTimeOffset closedUntil = DateTimeOffset.MinValue;

    /// <summary>
    /// Null where the model may be asked, else why not. After the pause the first caller may, and others wait for what becomes of it.
    /// </summary>
    public string? Objection()
    {
        lock (gate)
        {
            if (inARow < after)
                return null;
            var now = time.GetUtcNow();
            if (now >= closedUntil)
            {
                closedUntil = now + pause;
                return null;
            }
            return $"The model gave no answer {inARow} times in a row and is not asked again before {closedUntil:HH:mm:ss} UTC.";
        }
    }

    public void Answered()
    {
        lock (gate)
            inARow = 0;
    }

    public void Failed()
    {
        lock (gate)
        {
            inARow++;
            if (inARow >= after)
                closedUntil = time.GetUtcNow() + pause;
        }
    }
}

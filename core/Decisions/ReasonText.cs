namespace IRFunctions.Decisions;

/// <summary>
/// Words for reasons. Names a model wrote reach people only in a form that can neither pass for a known action nor carry markup.
/// </summary>
internal static class ReasonText
{
    private const int MaxName = 64;

    /// <summary>
    /// A recommended action's name as it may be stored: unchanged where it looks like one, otherwise cut and with every odd character as
    /// "?".
    /// </summary>
    public static string ActionName(string? written)
    {
        if (string.IsNullOrEmpty(written))
            return "?";
        if (written.Length <= MaxName && !written.AsSpan().ContainsAnyExcept(NameCharacters))
            return written;
        var kept = written.AsSpan(0, Math.Min(written.Length, MaxName));
        return string.Create(
            kept.Length + 1,
            written,
            static (span, source) =>
            {
                for (var i = 0; i < span.Length - 1; i++)
                    span[i] = NameCharacters.Contains(source[i]) ? source[i] : '?';
                span[^1] = '?';
            }
        );
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
    );

    /// <summary>An entity id as it may be shown.</summary>
    public static string EntityId(string? written) =>
        written is { Length: > 0 and <= 16 } && !written.AsSpan().ContainsAnyExcept(NameCharacters) ? written : "(no valid entity id)";

    /// <summary>"2 h", "15 min", "90 s".</summary>
    public static string Duration(TimeSpan time) =>
        time switch
        {
            _ when time.Ticks % TimeSpan.TicksPerHour == 0 => $"{time.Ticks / TimeSpan.TicksPerHour} h",
            _ when time.Ticks % TimeSpan.TicksPerMinute == 0 => $"{time.Ticks / TimeSpan.TicksPerMinute} min",
            _ => $"{time.Ticks / TimeSpan.TicksPerSecond} s",
        };

    /// <summary>All reasons in order, as sentences.</summary>
    public static string Why(Decision decision) =>
        string.Join(" ", decision.Reasons.Select(r => r.Text.EndsWith('.') ? r.Text : r.Text + "."));
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace IRFunctions.Alerts;

/// <summary>Times in the forms the sources write. Exact forms only: a general parser would fill in today's date from the clock.</summary>
internal static partial class TimeForms
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mm:ss.FFFFFFF K",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd HH:mmK",
        "yyyyMMdd'T'HHmmssK",
        "yyyyMMddHHmmss",
        "yyyy/MM/dd HH:mm:ssK",
        "M/d/yyyy h:mm:ss tt",
        "M/d/yyyy h:mm:ss tt K",
        "M/d/yyyy, h:mm:ss.FFFFFFF tt",
        "M/d/yyyy h:mm:ss.FFFFFFF tt",
        "M/d/yyyy h:mm tt",
        "M/d/yyyy HH:mm:ss",
        "ddd, d MMM yyyy HH:mm:ss 'GMT'",
        "ddd, d MMM yyyy HH:mm:ss K",
        "ddd MMM d HH:mm:ss yyyy",
        "d MMM yyyy HH:mm:ss",
        "yyyy-MM-dd",
    ];

    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A time; without an offset it is UTC, as the SecurityAlert table means it. Null for what is none.</summary>
    public static DateTimeOffset? Read(string? text)
    {
        text = text?.Trim();
        if (string.IsNullOrEmpty(text) || text.Length > 64)
            return null;
        if (DotNetJson().Match(text) is { Success: true } json)
            text = json.Groups[1].Value;
        return Number(text) ?? Written(text);
    }

    private static DateTimeOffset? Written(string text)
    {
        // Seven digits of a second are all that a tick holds; sources in other languages write nine, and some a comma before them.
        text = Fraction().Replace(text, match => "." + match.Groups[1].Value[..Math.Min(7, match.Groups[1].Value.Length)]);
        if (text.EndsWith(" UTC", StringComparison.OrdinalIgnoreCase))
            text = text[..^4] + "Z";
        return DateTimeOffset.TryParseExact(
            text,
            Formats,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
            ? time
            : null;
    }

    /// <summary>
    /// Time since 1970 in seconds, milliseconds, microseconds or nanoseconds, ticks of .NET (since the year 1) or of Windows (since 1601):
    /// told apart by their size, which do not overlap for the years 2000 to 2200.
    /// </summary>
    private static DateTimeOffset? Number(string text)
    {
        if (
            !decimal.TryParse(
                text,
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out var number
            )
        )
            return null;
        if (number is <= 0 or > 8_000_000_000_000_000_000m)
            return null;
        ReadOnlySpan<(decimal PerSecond, long Epoch)> scales =
        [
            (1m, DateTime.UnixEpoch.Ticks),
            (1_000m, DateTime.UnixEpoch.Ticks),
            (1_000_000m, DateTime.UnixEpoch.Ticks),
            (1_000_000_000m, DateTime.UnixEpoch.Ticks),
            (10_000_000m, 0),
            (10_000_000m, new DateTime(1601, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks),
        ];
        foreach (var (perSecond, epoch) in scales)
        {
            var ticks = (number / perSecond * TimeSpan.TicksPerSecond) + epoch;
            if (ticks < Earliest.UtcTicks || ticks >= Latest.UtcTicks)
                continue;
            return new DateTimeOffset((long)ticks, TimeSpan.Zero);
        }
        return null;
    }

    [GeneratedRegex(@"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")]
    private static partial Regex DotNetJson();

    [GeneratedRegex(@"(?<=\d:\d\d)[.,](\d+)")]
    private static partial Regex Fraction();
}

using System.Globalization;

namespace IRFunctions.Local.Host;

/// <summary>
/// A timer trigger's schedule: NCRONTAB, six fields from seconds to day of week, or five without seconds. As in NCrontab, the library Functions uses,
/// a day must match both the day of month and the day of week, and Sunday is 0. All times are UTC.
/// </summary>
public sealed class Ncrontab
{
    private static readonly string[] Months =
    [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ];
    private static readonly string[] Days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    private static readonly Field[] Fields =
    [
        new("second", 0, 59), new("minute", 0, 59), new("hour", 0, 23), new("day", 1, 31), new("month", 1, 12, Months),
        new("day of week", 0, 6, Days),
    ];

    /// <summary>29 February on a given weekday comes back within 40 years even across 2100; beyond that there is no next time.</summary>
    private const int YearsAhead = 40;

    private readonly string text;
    private readonly ulong[] masks;

    private Ncrontab(string text, ulong[] masks)
    {
        this.text = text;
        this.masks = masks;
    }

    /// <exception cref="FormatException">Names the field and what is wrong with it.</exception>
    public static Ncrontab Parse(string text)
    {
        var parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
            throw new FormatException($"'{text}' is no NCRONTAB schedule: it has {parts.Length} fields, not six (or five without seconds).");
        if (parts.Length == 5) parts = ["0", .. parts];
        return new Ncrontab(text, [.. parts.Select((part, i) => Fields[i].Parse(part, text))]);
    }

    /// <summary>The first matching moment after <paramref name="after"/>, or null where there is none (30 February).</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var start = after.UtcDateTime;
        var at = new DateTime(start.Year, start.Month, start.Day, start.Hour, start.Minute, start.Second, DateTimeKind.Utc).AddSeconds(1);
        var last = at.Year + YearsAhead;
        for (var day = at.Date; day.Year <= last; day = day.AddDays(1))
        {
            if (!Has(4, day.Month))
            {
                // To the last day of this month; the loop steps into the next.
                day = new DateTime(day.Year, day.Month, DateTime.DaysInMonth(day.Year, day.Month), 0, 0, 0, DateTimeKind.Utc);
            }
            else if (Has(3, day.Day) && Has(5, (int)day.DayOfWeek) && TimeOfDay(day == at.Date ? at.TimeOfDay : TimeSpan.Zero) is { } time)
            {
                return new DateTimeOffset(day + time, TimeSpan.Zero);
            }
            if (day > DateTime.MaxValue.AddDays(-2)) return null;
        }
        return null;
    }

    public override string ToString() => text;

    private TimeSpan? TimeOfDay(TimeSpan from)
    {
        for (var hour = from.Hours; hour < 24; hour++)
        {
            if (!Has(2, hour)) continue;
            var minute = hour == from.Hours ? from.Minutes : 0;
            for (; minute < 60; minute++)
            {
                if (!Has(1, minute)) continue;
                var second = hour == from.Hours && minute == from.Minutes ? from.Seconds : 0;
                for (; second < 60; second++)
                    if (Has(0, second)) return new TimeSpan(hour, minute, second);
            }
        }
        return null;
    }

    private bool Has(int field, int value) => (masks[field] & (1UL << value)) != 0;

    private sealed record Field(string Name, int Min, int Max, string[]? Names = null)
    {
        public ulong Parse(string part, string schedule)
        {
            var mask = 0UL;
            foreach (var item in part.Split(',')) mask |= Item(item, schedule);
            return mask;
        }

        private ulong Item(string item, string schedule)
        {
            var slash = item.IndexOf('/', StringComparison.Ordinal);
            var range = slash < 0 ? item : item[..slash];
            var step = 1;
            if (slash >= 0 && (!int.TryParse(item[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out step) || step < 1))
                throw Wrong(item, schedule, "the step after '/' is not a positive number");
            var (from, to) = Range(range, schedule, stepped: slash >= 0);
            if (from > to) throw Wrong(item, schedule, "the range runs backwards");
            var mask = 0UL;
            for (var value = from; value <= to; value += step) mask |= 1UL << value;
            return mask;
        }

        private (int From, int To) Range(string range, string schedule, bool stepped)
        {
            if (range == "*") return (Min, Max);
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            if (dash > 0) return (Value(range[..dash], schedule), Value(range[(dash + 1)..], schedule));
            var value = Value(range, schedule);
            return (value, stepped ? Max : value);
        }

        private int Value(string text, string schedule)
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return number >= Min && number <= Max ? number : throw Wrong(text, schedule, $"it is not within {Min} to {Max}");
            var named = Array.FindIndex(Names ?? [], n => text.Length >= 3 && n.StartsWith(text, StringComparison.OrdinalIgnoreCase));
            return named >= 0 ? named + Min : throw Wrong(text, schedule, Names is null ? "it is not a number" : "it is neither a number nor a name");
        }

        private FormatException Wrong(string item, string schedule, string why) => new($"'{schedule}': the {Name} field has '{item}': {why}.");
    }
}

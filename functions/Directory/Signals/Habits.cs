using IRFunctions.Policies;

namespace IRFunctions.Directory.Signals;

/// <summary>What rows of a log mean, whichever log it is. Pure.</summary>
internal static class Habits
{
    /// <summary>Hours of the 30 days without the last of them, for what is usual in an hour.</summary>
    private const double UsualHours = 30 * 24 - 1;

    private const int MostNamed = 3;

    /// <summary>Far more requests in the last hour than usual.</summary>
    public static ObservedText? Volume(IReadOnlyList<Habit> habits, SignalQuestion question, string what)
    {
        var hour = habits.Sum(h => (long)h.Hour);
        var usual = habits.Sum(h => (long)h.Month - h.Hour) / UsualHours;
        var (least, times) = (question.Least(SignalNames.AnomalousVolume, 100), question.Times(SignalNames.AnomalousVolume, 10));
        return hour >= least && hour > times * usual
            ? new ObservedText(
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{hour} {what} in the last hour, usual are {usual:0.0}")
            )
            : null;
    }

    /// <summary>A thing that it used in the last day and never before.</summary>
    public static ObservedText? First(IEnumerable<Habit> habits, string what)
    {
        var all = habits.GroupBy(h => h.Thing, StringComparer.OrdinalIgnoreCase).ToList();
        var fresh = all.Where(g => g.All(h => h.IsNew)).ToList();
        return fresh.Count > 0 ? new ObservedText($"{what} {Named(fresh.Select(g => g.Key))} for the first time in 30 days") : null;
    }

    /// <summary>
    /// Things outside the workflow that its owner registered; where nobody registered one, several at once that it never used, by an
    /// identity that did something before.
    /// </summary>
    public static ObservedText? Movement(IReadOnlyList<Habit> habits, SignalSubject subject, SignalQuestion question, string what)
    {
        var today = habits.Where(h => h.Day > 0 && h.Thing.Length > 0).ToList();
        if (subject.Registered is { WorksWith.Count: > 0 } registered)
        {
            var outside = Distinct(today.Where(h => !registered.WorksWith.Contains(h.Thing, StringComparer.OrdinalIgnoreCase)));
            return outside.Count > 0
                ? new ObservedText($"{what} {Named(outside)}, outside the workflow registered by {registered.Owner}")
                : null;
        }
        if (habits.All(h => h.Month == h.Day))
            return null; // Without a past nothing is new.
        var before = Distinct(habits.Where(h => !h.IsNew));
        var fresh = Distinct(today.Where(h => h.IsNew)).Except(before, StringComparer.OrdinalIgnoreCase).ToList();
        return fresh.Count >= question.Least(SignalNames.CrossSystemMovement, 3)
            ? new ObservedText($"{what} {Named(fresh)}, {fresh.Count} for the first time in 30 days")
            : null;
    }

    /// <summary>
    /// Used from outside the addresses that its owner registered; where nobody registered any, from a country it never came from.
    /// </summary>
    /// <param name="habits">Their way is "address|country", with or without more behind it.</param>
    public static ObservedText? Binding(IReadOnlyList<Habit> habits, SignalSubject subject)
    {
        var today = habits.Where(h => h.Day > 0).ToList();
        if (subject.Registered is { BoundTo.Count: > 0 } registered)
        {
            var outside = today.Select(AddressOf).Where(a => a.Length > 0 && !registered.IsBoundTo(a)).Distinct().ToList();
            return outside.Count > 0
                ? new ObservedText($"used from {Named(outside)}; {registered.Owner} registered {string.Join(", ", registered.BoundTo)}")
                : null;
        }
        var before = habits.Where(h => !h.IsNew).Select(CountryOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (before.Count == 0)
            return null;
        var fresh = today.Select(CountryOf).Where(c => c.Length > 0 && !before.Contains(c)).Distinct().ToList();
        return fresh.Count > 0 ? new ObservedText($"used from {Named(fresh)}, where it did not come from in 30 days") : null;
    }

    private static string AddressOf(Habit habit) => habit.Way.Split('|')[0];

    private static string CountryOf(Habit habit) => habit.Way.Split('|') is [_, var country, ..] ? country : "";

    private static List<string> Distinct(IEnumerable<Habit> habits) =>
        [.. habits.Select(h => h.Thing).Distinct(StringComparer.OrdinalIgnoreCase)];

    private static string Named(IEnumerable<string> names)
    {
        var all = names.Select(n => n.Length == 0 ? "(no name)" : SafeName(n)).ToList();
        return string.Join(", ", all.Take(MostNamed)) + (all.Count > MostNamed ? $" and {all.Count - MostNamed} more" : "");
    }

    // Names in logs are written by whoever made the thing.
    private static string SafeName(string name) => Alerts.SafeText.Line(name, 80, out _);
}

/// <summary>What was seen, as a sentence without its source.</summary>
/// <param name="Minutes">How long it has lasted.</param>
internal sealed record ObservedText(string Text, int Minutes = 0);

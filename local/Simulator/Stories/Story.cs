using System.Globalization;

namespace IRFunctions.Local.Simulator.Stories;

/// <summary>Everything that happens from outside, drawn from one seed.</summary>
/// <param name="Length">After this the faults end and everything has time to come to its end.</param>
internal sealed record Story(long Seed, StoryOptions Options, TimeSpan Length, IReadOnlyList<StoryItem> Items)
{
    /// <summary>The same story with fewer items; their numbers stay.</summary>
    public Story Keep(IEnumerable<int> numbers)
    {
        var kept = numbers.ToHashSet();
        return this with { Items = [.. Items.Where(i => kept.Contains(i.Number))] };
    }

    /// <summary>The command that repeats it.</summary>
    public string Command(bool whole) =>
        string.Create(CultureInfo.InvariantCulture, $"dotnet run --project local -- simulate --seed {Seed}")
        + Options.CommandLine()
        + (whole ? "" : $" --keep {string.Join(',', Items.Select(i => i.Number))}");
}

/// <summary>What kind of story.</summary>
/// <param name="Alerts">Alerts to begin with; null: drawn.</param>
/// <param name="Hours">Length; null: drawn.</param>
/// <param name="Faults">Kinds of faults that may occur; null: all.</param>
internal sealed record StoryOptions(int? Alerts = null, double? Hours = null, IReadOnlySet<string>? Faults = null)
{
    /// <summary>Kinds of faults that `--faults` takes.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
    [
        "throttle",
        "fail",
        "slow",
        "lie",
        "lose-answer",
        "act-late",
        "forbid",
        "crash",
        "twice",
        "storage",
        "jump",
        "outside",
        "stop",
        "policy",
        "events",
        "model",
        "people",
        "alerts",
    ];

    public bool Has(string kind) => Faults is null || Faults.Contains(kind);

    public string CommandLine()
    {
        var text = "";
        if (Alerts is { } alerts)
            text += string.Create(CultureInfo.InvariantCulture, $" --alerts {alerts}");
        if (Hours is { } hours)
            text += string.Create(CultureInfo.InvariantCulture, $" --hours {hours}");
        if (Faults is { Count: 0 })
            text += " --faults none";
        else if (Faults is not null)
            text += $" --faults {string.Join(',', Faults.Order(StringComparer.Ordinal))}";
        return text;
    }
}

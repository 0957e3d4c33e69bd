namespace IRFunctions.Policies;

/// <summary>What context.yaml says.</summary>
internal sealed record ContextFile(
    IReadOnlyDictionary<string, ContextCheck> Checks,
    IReadOnlyList<ApprovedJob> Jobs,
    TimeSpan CascadesWithin,
    DrillCalendar Drills
);

/// <summary>Reads context.yaml.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Globalization", "CA1308", Justification = "Ids are kept in lower case throughout.")]
internal static class ContextReader
{
    private static readonly string[] Tests = ["at_most", "is", "older_than"];

    private static readonly Dictionary<string, DayOfWeek> DaysOfWeek = Enum.GetValues<DayOfWeek>()
        .ToDictionary(day => day.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    /// <summary>For policies that do not say.</summary>
    public static readonly TimeSpan CascadesByDefault = TimeSpan.FromHours(1);

    public static ContextFile Read(Section file)
    {
        var checks = new Dictionary<string, ContextCheck>(StringComparer.Ordinal);
        foreach (var (name, _, section) in file.Named("checks"))
        {
            checks[name] = ReadCheck(name, section);
            section.Close();
        }

        var jobs = new List<ApprovedJob>();
        foreach (var section in file.Items("jobs", required: false))
        {
            var job = ReadJob(section);
            if (jobs.Exists(other => other.Name == job.Name))
                section.Problem("name", $"another job is called {PolicyErrors.Quote(job.Name)}");
            jobs.Add(job);
            section.Close();
        }

        var within = CascadesByDefault;
        if (file.Map("cascades", required: false) is { } cascades)
        {
            within = cascades.Time("within") ?? CascadesByDefault;
            cascades.Close();
        }

        var drills = file.Map("drills", required: false) is { } calendar ? ReadDrills(calendar) : DrillCalendar.Default;
        file.Close();
        return new ContextFile(checks, [.. jobs.Where(job => job.Id.Length > 0)], within, drills);
    }

    private static ApprovedJob ReadJob(Section section)
    {
        var name = section.Text("name");
        var (kind, id) = Ids.ReadThing(section);
        if (id.Length > 0 && kind is not ("account" or "application"))
        {
            section.Problem("kind", "a job runs as an account or an application");
            id = "";
        }

        var window = new QuietHours(section.Clock("from"), section.Clock("until"));
        if (window.From == window.Until && section.Has("from") && section.Has("until"))
            section.Problem("until", "the window is empty or a whole day; what runs all day is for the protected list");
        return new ApprovedJob
        {
            Name = name,
            Kind = kind,
            Id = id,
            Window = window,
            Days = ReadDays(section),
            Owner = section.Text("owner"),
            Ticket = section.Text("ticket"),
            WorksOn = [.. section.Words("works_on").Select(id => id.ToLowerInvariant())],
            Until = section.Date("ends"),
        };
    }

    private static DrillCalendar ReadDrills(Section section)
    {
        var hours = new List<int>();
        foreach (var text in section.Words("hours", required: true))
        {
            if (int.TryParse(text, System.Globalization.NumberStyles.None, null, out var hour) && hour < 24)
                hours.Add(hour);
            else
                section.Problem("hours", $"a whole hour from 0 to 23 (UTC) is expected, not {PolicyErrors.Quote(text)}");
        }

        var calendar = new DrillCalendar(hours, ReadDays(section));
        section.Close();
        return calendar;
    }

    private static DayOfWeek[] ReadDays(Section section)
    {
        var days = new List<DayOfWeek>();
        foreach (var word in section.Words("days"))
        {
            if (DaysOfWeek.TryGetValue(word, out var day))
                days.Add(day);
            else
                section.Problem(
                    "days",
                    $"a day of the week is expected, not {PolicyErrors.Quote(word)}",
                    DidYouMean.Guess(word, DaysOfWeek.Keys)
                );
        }

        return [.. days];
    }

    private static ContextCheck ReadCheck(string name, Section section)
    {
        var tests = Tests.Where(section.Has).ToArray();
        if (tests.Length != 1)
            section.Problems.Add(
                section.Place,
                section.Path,
                $"a check has exactly one of {string.Join(", ", Tests)}, not {tests.Length} of them"
            );
        var check = new ContextCheck
        {
            Name = name,
            What = section.Text("what"),
            Test = CheckTest.AtMost,
            Lookback = section.Time("lookback", required: false),
        };
        return tests.FirstOrDefault() switch
        {
            "at_most" => check with { Number = section.Number("at_most", 0, 1_000_000) },
            "is" => check with { Test = section.Flag("is") ? CheckTest.IsTrue : CheckTest.IsFalse },
            "older_than" => check with { Test = CheckTest.OlderThan, Age = section.Time("older_than") ?? TimeSpan.Zero },
            _ => check,
        };
    }
}

namespace IRFunctions.Policies;

/// <summary>Reads protected.yaml: registration windows and what owners registered.</summary>
internal sealed class ProtectedReader(KnownNames known)
{
    /// <summary>Owners renew at least every three years; a longer registration is one nobody will look at again.</summary>
    private const int MaxYears = 3;

    private static readonly Dictionary<string, ProtectionLevel> Levels = new()
    {
        ["ask"] = ProtectionLevel.Ask,
        ["soft"] = ProtectionLevel.Soft,
        ["never"] = ProtectionLevel.Never,
    };

    public (IReadOnlyList<ProtectedEntry> Entries, IReadOnlyList<RegistrationWindow> Windows) Read(Section file)
    {
        var windows = file.Items("windows").Select(ReadWindow).ToList();
        var entries = new List<ProtectedEntry>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var section in file.Items("protected"))
        {
            var entry = ReadEntry(section, windows);
            section.Close();
            if (entry.Id.Length == 0)
                continue;
            var key = $"{entry.Kind}:{entry.Id}";
            if (seen.TryAdd(key, section.Place.Line))
                entries.Add(entry);
            else
                section.Problem("id", $"{entry.Kind} {PolicyErrors.Quote(entry.Id)} is registered twice; the first is in line {seen[key]}");
        }

        file.Close();
        return (entries, windows);
    }

    private static RegistrationWindow ReadWindow(Section section)
    {
        var window = new RegistrationWindow(section.Text("name"), section.Date("opens"), section.Date("closes"), section.Text("contact"));
        if (window.Closes != default && window.Closes < window.Opens)
            section.Problem("closes", "the window closes before it opens");
        section.Close();
        return window;
    }

    private ProtectedEntry ReadEntry(Section section, List<RegistrationWindow> windows)
    {
        var (kind, id) = Ids.ReadThing(section);
        var entry = new ProtectedEntry
        {
            Kind = kind,
            Id = id,
            Name = section.Text("name"),
            Level = section.Choice<ProtectionLevel>("containment", Levels),
            Quorum = section.Number("quorum", 1, 10, 1),
            BreakGlass = section.Flag("break_glass", false),
            Owner = section.Text("owner"),
            Ticket = section.Text("ticket"),
            Why = section.Text("why"),
            Registered = section.Date("registered"),
            Expires = section.Date("expires"),
        };
        CheckDates(entry, section, windows);
        if (entry.BreakGlass && entry.Level != ProtectionLevel.Never)
            section.Problem("containment", "a break-glass account is never contained by the pipeline (S9)", "never");
        if (entry.BreakGlass && entry.Kind != "account")
            section.Problem("break_glass", "only accounts can be break-glass");
        known.RequireQuorum(section, "quorum", entry.Quorum, Ladder.DefaultName);
        return entry;
    }

    private void CheckDates(ProtectedEntry entry, Section section, List<RegistrationWindow> windows)
    {
        if (entry.Expires == default || entry.Registered == default)
            return;
        if (entry.Expires <= entry.Registered)
            section.Problem("expires", "the registration ends before it begins");
        if (entry.Expires > entry.Registered.AddYears(MaxYears))
            section.Problem("expires", $"a registration lasts at most {MaxYears} years; owners renew it");
        var isLate = section.Has("late");
        if (isLate)
            section.Text("late");
        if (!isLate && !windows.Exists(window => window.Opens <= entry.Registered && entry.Registered <= window.Closes))
            section.Problem("registered", $"{entry.Registered:yyyy-MM-dd} is in no registration window; say in 'late' who allowed it");
        if (entry.Registered > known.Today.AddYears(1))
            section.Problem("registered", "the date is more than a year ahead");
    }
}

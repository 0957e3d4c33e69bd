namespace IRFunctions.Policies;

/// <summary>Reads exceptions.yaml.</summary>
internal static class ExceptionsReader
{
    /// <summary>An exception that lasts longer than half a year is a rule, and belongs into the policy itself.</summary>
    private const int MaxDays = 184;

    private static readonly Dictionary<string, ExceptionEffect> Effects = new()
    {
        ["hold"] = ExceptionEffect.Hold,
        ["lift"] = ExceptionEffect.Lift,
    };

    public static IReadOnlyList<PolicyExemption> Read(Section file, KnownNames known)
    {
        var exceptions = new List<PolicyExemption>();
        foreach (var section in file.Items("exceptions"))
        {
            var exception = ReadException(section, known);
            if (exceptions.Exists(other => other.Name == exception.Name))
                section.Problem("name", $"another exception is called {PolicyErrors.Quote(exception.Name)}");
            exceptions.Add(exception);
            section.Close();
        }

        file.Close();
        return [.. exceptions.Where(exception => exception.Id.Length > 0)];
    }

    private static PolicyExemption ReadException(Section section, KnownNames known)
    {
        var (kind, id) = Ids.ReadThing(section);
        var actions = section.Words("actions");
        known.RequireActions(section, "actions", actions);
        var exception = new PolicyExemption
        {
            Name = section.Text("name"),
            Kind = kind,
            Id = id,
            Effect = section.Choice<ExceptionEffect>("effect", Effects),
            Actions = actions,
            Owner = section.Text("owner"),
            Ticket = section.Text("ticket"),
            Why = section.Text("why"),
            From = section.Date("from"),
            Until = section.Date("until"),
        };
        CheckDates(exception, section, known);
        return exception;
    }

    private static void CheckDates(PolicyExemption exception, Section section, KnownNames known)
    {
        if (exception.From == default || exception.Until == default)
            return;
        if (exception.Until <= exception.From)
            section.Problem("until", "the exception ends before it begins");
        else if (exception.Until.DayNumber - exception.From.DayNumber > MaxDays)
            section.Problem("until", $"an exception lasts at most {MaxDays} days; what lasts longer is a rule");
        if (exception.From > known.Today.AddYears(1))
            section.Problem("from", "the date is more than a year ahead");
    }
}

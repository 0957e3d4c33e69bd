namespace IRFunctions.Policies;

/// <summary>Reads context.yaml.</summary>
internal static class ContextReader
{
    private static readonly string[] Tests = ["at_most", "is", "older_than"];

    public static IReadOnlyDictionary<string, ContextCheck> Read(Section file)
    {
        var checks = new Dictionary<string, ContextCheck>(StringComparer.Ordinal);
        foreach (var (name, _, section) in file.Named("checks"))
        {
            checks[name] = ReadCheck(name, section);
            section.Close();
        }

        file.Close();
        return checks;
    }

    private static ContextCheck ReadCheck(string name, Section section)
    {
        var tests = Tests.Where(section.Has).ToArray();
        if (tests.Length != 1)
            section.Problems.Add(section.Place, section.Path, $"a check has exactly one of {string.Join(", ", Tests)}, not {tests.Length} of them");
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

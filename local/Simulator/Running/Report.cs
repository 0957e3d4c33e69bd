using System.Globalization;
using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>What came of stories, in words.</summary>
internal static class Report
{
    public static void Print(TextWriter to, SimulationResult result, TimeSpan took)
    {
        to.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"seed {result.Story.Seed}: {result.Story.Items.Count} items over {result.Story.Length.TotalHours:0.#} h, "
                    + $"{result.Steps} steps, {result.Effects} effects, {result.Deaths} machines died, {took.TotalSeconds:0.00} s"
            )
        );
        to.WriteLine($"faults: {Counts(result.Injected)}");
        foreach (var violation in result.Violations)
            to.WriteLine($"VIOLATION {violation}");
    }

    /// <summary>Finds and prints the shortest story of a violation.</summary>
    public static async Task<Story> ShrinkAsync(TextWriter to, Story story, Violation violation)
    {
        var (shortest, runs) = await Shrinker.ShrinkAsync(story, violation.Id);
        var last = (await Simulation.RunAsync(shortest)).Violations.First(v => v.Id == violation.Id);
        to.WriteLine();
        to.WriteLine($"The shortest story that breaks {violation.Id} ({shortest.Items.Count} of {story.Items.Count} items, {runs} runs):");
        foreach (var item in shortest.Items)
            to.WriteLine($"  {item}");
        to.WriteLine($"  then: {last}");
        to.WriteLine($"again: {shortest.Command(whole: false)}");
        return shortest;
    }

    public static string Counts(IReadOnlyDictionary<string, int> counts) =>
        counts.Count == 0
            ? "none"
            : string.Join(
                ", ",
                counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key} {c.Value.ToString(CultureInfo.InvariantCulture)}")
            );
}

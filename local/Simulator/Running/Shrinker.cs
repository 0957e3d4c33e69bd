using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>Reduces a story that breaks a promise to the fewest items that still break it (delta debugging, Zeller 2002).</summary>
internal static class Shrinker
{
    /// <summary>Runs that one reduction may take.</summary>
    private const int MostRuns = 400;

    /// <param name="id">The violation to keep, as <see cref="Violation.Id"/>.</param>
    /// <returns>The shortest story found, and how often stories were played.</returns>
    public static Task<(Story Story, int Runs)> ShrinkAsync(Story story, string id, CancellationToken stop = default) =>
        ShrinkAsync(story, id, async kept => (await Simulation.RunAsync(kept, id)).Violations, stop);

    /// <param name="play">Plays a story and says what it broke.</param>
    internal static async Task<(Story Story, int Runs)> ShrinkAsync(
        Story story,
        string id,
        Func<Story, Task<IReadOnlyList<Violation>>> play,
        CancellationToken stop = default
    )
    {
        var runs = 0;
        var kept = story.Items.Select(i => i.Number).ToList();
        // Mostly what comes after it has nothing to do with it.
        var first = (await play(story)).FirstOrDefault(v => v.Id == id);
        var before = story
            .Items.Where(i => first is not null && SimulatedWorld.Beginning + i.At <= first.At)
            .Select(i => i.Number)
            .ToList();
        if (before.Count > 0 && before.Count < kept.Count && await BreaksAsync(before))
            kept = before;
        var parts = 2;
        while (kept.Count > 1 && runs < MostRuns && !stop.IsCancellationRequested)
        {
            var size = Math.Max(1, (kept.Count + parts - 1) / parts);
            var smaller = await WithoutOneAsync(size);
            if (smaller is not null)
            {
                kept = smaller;
                parts = Math.Max(2, parts - 1);
            }
            else if (size == 1)
            {
                break;
            }
            else
            {
                parts = Math.Min(kept.Count, parts * 2);
            }
        }
        return (story.Keep(kept), runs);

        async Task<List<int>?> WithoutOneAsync(int size)
        {
            for (var from = 0; from < kept.Count && runs < MostRuns; from += size)
            {
                var rest = kept.Where((_, i) => i < from || i >= from + size).ToList();
                if (rest.Count > 0 && await BreaksAsync(rest))
                    return rest;
            }
            return null;
        }

        async Task<bool> BreaksAsync(List<int> numbers)
        {
            runs++;
            return (await play(story.Keep(numbers))).Any(v => v.Id == id);
        }
    }
}

namespace IRFunctions.Local.Simulator.Stories;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood, 2014), one generator for each named stream, so that what one stream draws never moves another. Not
/// <see cref="Random"/>, whose sequence .NET does not promise to keep.
/// </summary>
internal sealed class SeededRandom
{
    private ulong state;

    public SeededRandom(long seed, string stream)
    {
        // FNV-1a over the name, mixed once with the seed.
        var hash = 14695981039346656037UL;
        foreach (var letter in stream)
            hash = (hash ^ letter) * 1099511628211UL;
        state = hash ^ unchecked((ulong)seed * 0x9E3779B97F4A7C15UL);
        Next();
    }

    public ulong Next()
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="below"/>, which is not among them.</summary>
    public int Next(int below) => (int)(Next() % (ulong)below);

    /// <summary>Both ends are among them.</summary>
    public int Between(int least, int most) => least + Next(most - least + 1);

    public bool Chance(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public T Pick<T>(IReadOnlyList<T> from) => from[Next(from.Count)];

    /// <summary>Whole seconds, since that is what people and services speak in.</summary>
    public TimeSpan Span(TimeSpan least, TimeSpan most) => TimeSpan.FromSeconds(Between((int)least.TotalSeconds, (int)most.TotalSeconds));
}

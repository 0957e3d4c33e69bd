namespace IRFunctions.Alerts;

/// <summary>
/// Gathers entities in source order, gives them their ids, and merges what is the same thing: one target must be one entity, or budgets
/// and approvals would count it twice (S8).
/// </summary>
internal sealed class EntityCollector(Notes notes)
{
    private readonly List<Entity> kept = [];
    private readonly Dictionary<string, int> byKey = new(StringComparer.OrdinalIgnoreCase);
    private int leftOut;

    /// <summary>Adds, or merges into an earlier one. The id of <paramref name="entity"/> is replaced.</summary>
    /// <param name="scope">What a bare name is relative to, for example the host of a local account.</param>
    public void Add(Entity entity, string? scope = null)
    {
        var keys = EntityIdentity.KeysOf(entity, scope);
        foreach (var key in keys)
        {
            if (!byKey.TryGetValue(key, out var at) || !EntityIdentity.AreCompatible(kept[at], entity))
                continue;
            kept[at] = EntityIdentity.Merge(kept[at], entity);
            Register(keys, at);
            return;
        }
        if (kept.Count == AlertLimits.MaxEntities)
        {
            leftOut++;
            return;
        }
        kept.Add(entity with { Id = $"e{kept.Count + 1}" });
        Register(keys, kept.Count - 1);
    }

    /// <summary>Counts one that was not even read because there is no room.</summary>
    public void LeaveOut() => leftOut++;

    public bool IsFull => kept.Count == AlertLimits.MaxEntities;

    public IReadOnlyList<Entity> ToList()
    {
        if (leftOut > 0)
            notes.Add($"Only the first {AlertLimits.MaxEntities} entities are kept; {leftOut} more are left out.");
        return kept;
    }

    private void Register(List<string> keys, int at)
    {
        foreach (var key in keys)
            byKey.TryAdd(key, at);
    }
}

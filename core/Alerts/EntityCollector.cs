namespace IRFunctions.Alerts;

/// <summary>
/// Gathers entities in source order, gives them their ids, and merges what is the same thing: one target must be one entity, or budgets
/// and approvals would count it twice (S8).
/// </summary>
internal sealed class EntityCollector(Notes notes)
{
    private readonly List<Entity> _kept = [];
    private readonly Dictionary<string, int> _byKey = new(StringComparer.OrdinalIgnoreCase);
    private int _leftOut;

    /// <summary>Adds, or merges into an earlier one. The id of <paramref name="entity"/> is replaced.</summary>
    /// <param name="scope">What a bare name is relative to, for example the host of a local account.</param>
    public void Add(Entity entity, string? scope = null)
    {
        var keys = EntityIdentity.KeysOf(entity, scope);
        foreach (var key in keys)
        {
            if (!_byKey.TryGetValue(key, out var at) || !EntityIdentity.AreCompatible(_kept[at], entity))
                continue;
            _kept[at] = EntityIdentity.Merge(_kept[at], entity);
            Register(keys, at);
            return;
        }
        if (_kept.Count == AlertLimits.MaxEntities)
        {
            _leftOut++;
            return;
        }
        _kept.Add(entity with { Id = $"e{_kept.Count + 1}" });
        Register(keys, _kept.Count - 1);
    }

    /// <summary>Counts one that was not even read because there is no room.</summary>
    public void LeaveOut() => _leftOut++;

    public bool IsFull => _kept.Count == AlertLimits.MaxEntities;

    public IReadOnlyList<Entity> ToList()
    {
        if (_leftOut > 0)
            notes.Add($"Only the first {AlertLimits.MaxEntities} entities are kept; {_leftOut} more are left out.");
        return _kept;
    }

    private void Register(List<string> keys, int at)
    {
        foreach (var key in keys)
            _byKey.TryAdd(key, at);
    }
}

namespace IRFunctions.Alerts;

/// <summary>
/// Gathers entities in source order, merges what is the same thing, keeps the most important where there are too many, and gives them
/// their ids: one target must be one entity, or budgets and approvals would count it twice (S8).
/// </summary>
internal sealed class EntityCollector(Notes notes)
{
    private readonly List<Entity?> kept = [];
    private readonly Dictionary<string, int> byKey = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds, or merges into an earlier one. The id of <paramref name="entity"/> is replaced.</summary>
    /// <param name="scope">What a bare name is relative to, for example the host of a local account.</param>
    public void Add(Entity entity, string? scope = null)
    {
        var keys = EntityIdentity.KeysOf(entity, scope);
        foreach (var key in keys)
        {
            if (!byKey.TryGetValue(key, out var at) || !EntityIdentity.AreCompatible(kept[at]!, entity))
                continue;
            kept[at] = EntityIdentity.Merge(kept[at]!, entity);
            Register(keys, at);
            return;
        }
        kept.Add(entity);
        Register(keys, kept.Count - 1);
    }

    /// <summary>What was added until now, in its order.</summary>
    public IEnumerable<Entity> All => kept.OfType<Entity>();

    /// <summary>Whether one of the kind is there.</summary>
    public bool Has<T>()
        where T : Entity => kept.Exists(entity => entity is T);

    /// <summary>Puts another in the place of each.</summary>
    public void Change(Func<Entity, Entity> change)
    {
        for (var i = 0; i < kept.Count; i++)
            kept[i] = kept[i] is { } entity ? change(entity) : null;
    }

    public IReadOnlyList<Entity> ToList()
    {
        MergeBareHosts();
        MergeTwins();
        var all = kept.OfType<Entity>().ToList();
        var foremost = EntityRank.Foremost(all, AlertLimits.MaxEntities);
        if (foremost.Count < all.Count)
        {
            var chosen = foremost.ToHashSet<Entity>(ReferenceEqualityComparer.Instance);
            var rest = all.Where(entity => !chosen.Contains(entity)).ToList();
            notes.Add(
                $"Only the {AlertLimits.MaxEntities} most important entities are kept; {rest.Count} more are left out "
                    + $"({EntityRank.Kinds(rest)})."
            );
        }
        return [.. foremost.Select((entity, i) => entity with { Id = $"e{i + 1}" })];
    }

    /// <summary>
    /// A host known by its bare name only is the one host that has this name in full, where there is but one: it adds no id to it.
    /// </summary>
    private void MergeBareHosts()
    {
        var named = Enumerable
            .Range(0, kept.Count)
            .Where(i => kept[i] is HostEntity { HostName: not null })
            .ToLookup(i => ((HostEntity)kept[i]!).HostName!, StringComparer.OrdinalIgnoreCase);
        foreach (var group in named.Where(group => group.Count() == 2))
        {
            var (first, second) = (group.First(), group.Last());
            if (!IsBare(kept[first]!) && !IsBare(kept[second]!))
                continue;
            if (!EntityIdentity.AreCompatible(kept[first]!, kept[second]!))
                continue;
            kept[first] = EntityIdentity.Merge(kept[first]!, kept[second]!);
            kept[second] = null;
        }
    }

    private static bool IsBare(Entity entity) =>
        entity is HostEntity { DefenderDeviceId: null, EntraDeviceId: null, AzureResourceId: null };

    /// <summary>What a later entity joined: two that were apart when they came may share a key with it both.</summary>
    private void MergeTwins()
    {
        var seen = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < kept.Count; i++)
        {
            if (kept[i] is not (AccountEntity or HostEntity or MailboxEntity or ApplicationEntity))
                continue;
            // Not by a bare name: the same one on two machines is two accounts.
            var keys = EntityIdentity.KeysOf(kept[i]!, null).Where(key => !key.StartsWith("name\0", StringComparison.Ordinal)).ToList();
            var twin = keys.Select(key => seen.GetValueOrDefault(key, -1)).FirstOrDefault(at => at >= 0, -1);
            if (twin >= 0 && EntityIdentity.AreCompatible(kept[twin]!, kept[i]!))
            {
                kept[twin] = EntityIdentity.Merge(kept[twin]!, kept[i]!);
                kept[i] = null;
            }
            foreach (var key in keys)
                seen.TryAdd(key, kept[i] is null ? twin : i);
        }
    }

    private void Register(List<string> keys, int at)
    {
        foreach (var key in keys)
            byKey.TryAdd(key, at);
    }
}

namespace IRFunctions.Alerts;

/// <summary>
/// Which entities matter where not all have room: what can be acted on and what the source speaks against, before the files and processes
/// of a busy machine. Some of each kind stay, so that no kind is lost whole.
/// </summary>
internal static class EntityRank
{
    /// <summary>The most important <paramref name="most"/>, in the order of the source.</summary>
    public static IReadOnlyList<Entity> Foremost(IReadOnlyList<Entity> entities, int most)
    {
        if (entities.Count <= most)
            return entities;
        var ofEach = Math.Max(1, most / 20);
        var kinds = new Dictionary<string, int>(StringComparer.Ordinal);
        var ranked = Enumerable.Range(0, entities.Count).OrderBy(i => Of(entities[i])).ThenBy(i => i).ToList();
        var first = ranked.Where(i => Count(kinds, EntityKind.Of(entities[i])) <= ofEach).ToHashSet();
        var chosen = ranked.OrderBy(i => first.Contains(i) ? 0 : 1).Take(most).Order();
        return [.. chosen.Select(i => entities[i])];
    }

    /// <summary>"31 file, 2 process": kinds by number.</summary>
    public static string Kinds(IEnumerable<Entity> entities) =>
        string.Join(
            ", ",
            entities
                .GroupBy(EntityKind.Of)
                .OrderByDescending(kind => kind.Count())
                .ThenBy(kind => kind.Key, StringComparer.Ordinal)
                .Select(kind => $"{kind.Count()} {kind.Key}")
        );

    private static int Count(Dictionary<string, int> kinds, string kind) => kinds[kind] = kinds.GetValueOrDefault(kind) + 1;

    /// <summary>Lower is more important.</summary>
    private static int Of(Entity entity)
    {
        var isPointedAt =
            Verdicts.IsAgainst(entity.SourceVerdict)
            || entity.Roles.Any(role => role.ToLowerInvariant() is "compromised" or "attacker" or "commandandcontrol" or "suspicious");
        var kind = entity switch
        {
            AccountEntity or MailboxEntity or ApplicationEntity or HostEntity or WorkloadEntity => 0,
            MailMessageEntity or IpEntity => 2,
            _ => 6,
        };
        return isPointedAt ? kind - (kind == 6 ? 3 : 0) : kind + 1;
    }
}

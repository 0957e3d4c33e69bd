using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;

namespace IRFunctions.Durable;

/// <summary>
/// Entities of one name, a page at a time, in the engine's order, which is that of their keys: what is added meanwhile neither hides one
/// nor shows one twice.
/// </summary>
internal static class EntityList
{
    private const int PageSize = 200;

    /// <param name="name">Name of the entity.</param>
    /// <param name="unreadable">Told the key of each state that cannot be read, and why; the others are still there.</param>
    /// <param name="place">The engine's mark of the page to go on in, and the last key seen there; null for the beginning.</param>
    /// <param name="most">At most so many.</param>
    /// <returns>What was found, and where to go on; null where there are no more.</returns>
    public static async Task<(List<(string Key, T State)> Found, (string Page, string Key)? Next)> PageAsync<T>(
        DurableTaskClient client,
        string name,
        Func<string, T, bool> wanted,
        Func<string, string, Task> unreadable,
        (string Page, string Key)? place,
        int most,
        CancellationToken cancellation
    )
        where T : class
    {
        var found = new List<(string, T)>();
        var (mark, after) = place ?? ("", "");
        var query = new EntityQuery
        {
            InstanceIdStartsWith = PrefixOf(name),
            IncludeState = true,
            PageSize = PageSize,
        };
        var pages = client.Entities.GetAllEntitiesAsync(query).AsPages(mark.Length > 0 ? mark : null, PageSize);
        await foreach (var page in pages.WithCancellation(cancellation))
        {
            foreach (var entity in page.Values.Where(e => string.CompareOrdinal(e.Id.Key, after) > 0))
            {
                if (found.Count == most)
                    return (found, (mark, after));
                after = entity.Id.Key;
                if (await ReadAsync<T>(entity, unreadable) is { } state && wanted(after, state))
                    found.Add((after, state));
            }
            (mark, after) = (page.ContinuationToken ?? "", "");
        }
        return (found, null);
    }

    /// <summary>What the ids of all entities of a name begin with.</summary>
    public static string PrefixOf(string name) => $"@{name.ToLowerInvariant()}@";

    /// <summary>Untyped before: a typed list fails as a whole where one state does not fit.</summary>
    public static async Task<T?> ReadAsync<T>(EntityMetadata entity, Func<string, string, Task> unreadable)
        where T : class
    {
        if (!entity.IncludesState)
            return null;
        try
        {
            return entity.State.ReadAs<T>();
        }
#pragma warning disable CA1031 // Whatever a converter throws over what it does not understand.
        catch (Exception e)
#pragma warning restore CA1031
        {
            await unreadable(entity.Id.Key, $"{e.GetType().Name}: {e.Message}");
            return null;
        }
    }
}

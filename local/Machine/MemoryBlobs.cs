using System.Collections.Concurrent;
using IRFunctions.Storage;

namespace IRFunctions.Local.Machine;

/// <summary>Blobs that live as long as the process, for machines without a state folder.</summary>
public sealed class MemoryBlobs : IRetainedBlobs
{
    private readonly ConcurrentDictionary<string, byte[]> all = new(StringComparer.Ordinal);

    public Task<bool> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        Task.FromResult(all.TryAdd(name, content.ToArray()));

    public Task<byte[]?> ReadAsync(string name, int most, CancellationToken cancellation) =>
        Task.FromResult(all.TryGetValue(name, out var content) && content.Length <= most ? content : null);

    public Task RemoveAsync(string name, CancellationToken cancellation)
    {
        all.TryRemove(name, out _);
        return Task.CompletedTask;
    }

    /// <summary>Names there are, for tests and stories.</summary>
    public IReadOnlyList<string> Names => [.. all.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Somebody with rights to the store changes or removes (null) what was written; for tests and stories.</summary>
    public void Tamper(string nameStartsWith, Func<byte[], byte[]?> change)
    {
        foreach (var name in all.Keys.Where(n => n.StartsWith(nameStartsWith, StringComparison.Ordinal)))
        {
            if (change(all[name]) is { } changed)
                all[name] = changed;
            else
                all.TryRemove(name, out _);
        }
    }
}

using System.Collections.Concurrent;
using IRFunctions.Recording;

namespace IRFunctions.Local.Machine;

/// <summary>Checkpoints that live as long as the process, for machines without a state folder.</summary>
public sealed class MemoryCheckpoints : ICheckpointStore
{
    private readonly ConcurrentDictionary<long, byte[]> all = new();

    public Task<bool> TryAddAsync(long number, byte[] checkpoint, CancellationToken cancellation) =>
        Task.FromResult(all.TryAdd(number, checkpoint));

    public Task<byte[]?> ReadAsync(long number, CancellationToken cancellation) => Task.FromResult(all.GetValueOrDefault(number));
}

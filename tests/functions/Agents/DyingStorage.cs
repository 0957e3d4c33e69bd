using Azure.Data.Tables;
using IRFunctions.Local.Tables;
using IRFunctions.Storage;

namespace IRFunctions.Tests.Agents;

/// <summary>The process dies at one write of its storage: just before it, or just after it took effect.</summary>
internal sealed class Death
{
    /// <summary>Which write, counted from 1; 0 for none.</summary>
    public int At { get; set; }

    public bool After { get; set; }

    /// <summary>Writes so far.</summary>
    public int Writes { get; private set; }

    public async Task<T> AroundAsync<T>(Func<Task<T>> write)
    {
        Writes++;
        if (Writes == At && !After)
            throw new DiedException();
        var answer = await write();
        if (Writes == At)
            throw new DiedException();
        return answer;
    }

    public sealed class DiedException : Exception;
}

/// <summary>Tables that outlive the process that dies, under names of their own: a service outlives a test.</summary>
internal sealed class DyingTables(TableServiceClient inner, Death death, string prefix = "") : DelegatingTables(inner, prefix)
{
    protected override Task<T> WriteAsync<T>(string table, string partition, Func<Task<T>> write) => death.AroundAsync(write);
}

/// <summary>Blobs that outlive the process that dies.</summary>
internal sealed class DyingBlobs(IRetainedBlobs inner, Death death) : IRetainedBlobs
{
    public Task<bool> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        death.AroundAsync(() => inner.TryAddAsync(name, content, cancellation));

    public Task<byte[]?> ReadAsync(string name, int most, CancellationToken cancellation) => inner.ReadAsync(name, most, cancellation);

    public Task RemoveAsync(string name, CancellationToken cancellation) =>
        death.AroundAsync(async () =>
        {
            await inner.RemoveAsync(name, cancellation);
            return true;
        });
}

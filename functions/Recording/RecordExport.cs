using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>Writes the record so that it can be verified without us: JSON lines with checkpoints and proofs.</summary>
public sealed class RecordExport(AuditChain audit, HeadIndex heads, ICheckpointStore store, ICheckpointKey key, TimeProvider time)
{
    /// <summary>Everything: all checkpoints with what each changed, all entries of all chains.</summary>
    public async Task<EndLine> WriteAllAsync(Stream to, CancellationToken cancellation = default)
    {
        await WriteAsync(to, await HeaderAsync(null, cancellation), cancellation);
        var checkpoints = 0L;
        for (; await store.ReadAsync(checkpoints + 1, cancellation) is { } bytes; checkpoints++)
            await WriteAsync(to, new CheckpointLine(Checkpoint.FromJson(bytes)), cancellation);
        var entries = 0L;
        await foreach (var entry in audit.ReadAllAsync(cancellation))
        {
            await WriteAsync(to, EntryLine.Of(entry), cancellation);
            entries++;
        }
        return await EndAsync(to, new EndLine(entries, checkpoints), cancellation);
    }

    /// <summary>Some chains, with proof that their heads are in the latest checkpoint.</summary>
    public async Task<EndLine> WriteChainsAsync(Stream to, IReadOnlyList<string> chains, CancellationToken cancellation = default)
    {
        await WriteAsync(to, await HeaderAsync(chains, cancellation), cancellation);
        await heads.LoadAsync(cancellation);
        var bytes = heads.Number == 0 ? null : await store.ReadAsync(heads.Number, cancellation);
        if (bytes is not null)
        {
            await WriteAsync(to, new CheckpointLine(Checkpoint.FromJson(bytes) with { Changes = null }), cancellation);
            foreach (var chain in chains)
            {
                if (await ProofAsync(chain, cancellation) is { } proof)
                    await WriteAsync(to, proof, cancellation);
            }
        }
        var entries = 0L;
        foreach (var chain in chains)
        {
            foreach (var entry in await audit.ReadAsync(chain, cancellation))
            {
                await WriteAsync(to, EntryLine.Of(entry), cancellation);
                entries++;
            }
        }
        return await EndAsync(to, new EndLine(entries, bytes is null ? 0 : 1), cancellation);
    }

    /// <summary>Entries as OCSF events, one a line; of one chain, or of all where it is null.</summary>
    public async Task<long> WriteOcsfAsync(Stream to, string? chain, CancellationToken cancellation = default)
    {
        var (count, name, ocsf) = (0L, "", new Ocsf());
        var entries = chain is null ? audit.ReadAllAsync(cancellation) : (await audit.ReadAsync(chain, cancellation)).ToAsyncEnumerable();
        await foreach (var entry in entries)
        {
            if (entry.Chain != name)
                (name, ocsf) = (entry.Chain, new Ocsf());
            await to.WriteAsync(System.Text.Encoding.UTF8.GetBytes(ocsf.Next(entry).ToJsonString() + "\n"), cancellation);
            count++;
        }
        await to.FlushAsync(cancellation);
        return count;
    }

    /// <summary>Proof that a chain's sealed head is in the latest checkpoint; null where it is in none yet.</summary>
    public async Task<ProofLine?> ProofAsync(string chain, CancellationToken cancellation = default)
    {
        await heads.LoadAsync(cancellation);
        return await heads.FindAsync(chain, cancellation) is { } head && head.Leaf < heads.Tree.Count
            ? new ProofLine(heads.Number, head, [.. heads.Tree.Proof(head.Leaf).Select(Convert.ToHexStringLower)])
            : null;
    }

    private async Task<HeaderLine> HeaderAsync(IReadOnlyList<string>? chains, CancellationToken cancellation) =>
        new(RecordLine.Format, time.GetUtcNow(), chains, Convert.ToBase64String(await key.PublicAsync(cancellation)));

    private static async Task<EndLine> EndAsync(Stream to, EndLine end, CancellationToken cancellation)
    {
        await WriteAsync(to, end, cancellation);
        await to.FlushAsync(cancellation);
        return end;
    }

    private static async ValueTask WriteAsync(Stream to, RecordLine line, CancellationToken cancellation)
    {
        await to.WriteAsync(line.ToJson(), cancellation);
        await to.WriteAsync("\n"u8.ToArray(), cancellation);
    }
}

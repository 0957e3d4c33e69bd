using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>What an export came to.</summary>
/// <param name="Missing">Numbers of checkpoints that are gone or cannot be read; the verifier finds them too.</param>
public sealed record Exported(EndLine End, IReadOnlyList<long> Missing);

/// <summary>Writes the record so that it can be verified without us: JSON lines with checkpoints and proofs.</summary>
public sealed class RecordExport(AuditChain audit, HeadIndex heads, ICheckpointStore store, ICheckpointKey key, TimeProvider time)
{
    /// <summary>
    /// What is younger is left out until a checkpoint seals it; what is older and unsealed goes out, and the verifier finds it.
    /// </summary>
    private static readonly TimeSpan MayBeUnsealed = TimeSpan.FromMinutes(30);

    /// <summary>Checkpoints looked for behind the last one known, or behind a gap: an index that lags must not cut the export.</summary>
    private const int Ahead = 16;

    /// <summary>Everything: all checkpoints with what each changed, all entries of all chains.</summary>
    public async Task<Exported> WriteAllAsync(Stream to, CancellationToken cancellation = default)
    {
        var header = await HeaderAsync(null, cancellation);
        await WriteAsync(to, header, cancellation);
        await heads.LoadAsync(cancellation);
        var (count, missing, lengths) = (0L, new List<long>(), new Dictionary<string, long>(StringComparer.Ordinal));
        var last = heads.Number;
        for (var number = 1L; number <= last + Ahead; number++)
        {
            if (await ReadAsync(number, cancellation) is not { } checkpoint)
            {
                missing.Add(number);
                continue;
            }
            await WriteAsync(to, new CheckpointLine(checkpoint), cancellation);
            foreach (var change in checkpoint.Changes ?? [])
                lengths[change.Chain] = change.Length;
            (count, last) = (count + 1, Math.Max(last, number));
        }
        missing.RemoveAll(m => m > last);
        var end = await EntriesAsync(to, audit.ReadAllAsync(cancellation), header, lengths, cancellation);
        return new Exported(await EndAsync(to, end with { Checkpoints = count }, cancellation), missing);
    }

    /// <summary>
    /// Some chains, with proof that their heads are in the latest checkpoint. Where words of one were shredded, the pipeline's own chain,
    /// which says so, goes with them.
    /// </summary>
    public async Task<Exported> WriteChainsAsync(Stream to, IReadOnlyList<string> chains, CancellationToken cancellation = default)
    {
        var entries = new List<AuditEntry>();
        foreach (var chain in chains)
            entries.AddRange(await audit.ReadAsync(chain, cancellation));
        if (entries.Exists(e => e.Content == ContentState.Shredded) && !chains.Contains(RecordChains.Pipeline))
        {
            chains = [.. chains, RecordChains.Pipeline];
            entries.AddRange(await audit.ReadAsync(RecordChains.Pipeline, cancellation));
        }
        var header = await HeaderAsync(chains, cancellation);
        await WriteAsync(to, header, cancellation);
        await heads.LoadAsync(cancellation);
        var (number, lengths) = (heads.Number, new Dictionary<string, long>(StringComparer.Ordinal));
        var checkpoint = number == 0 ? null : await ReadAsync(number, cancellation);
        if (checkpoint is not null)
        {
            await WriteAsync(to, new CheckpointLine(checkpoint with { Changes = null }), cancellation);
            foreach (var chain in chains)
            {
                if (await ProofOfLoadedAsync(chain, cancellation) is not { } proof)
                    continue;
                await WriteAsync(to, proof, cancellation);
                lengths[chain] = proof.Head.Length;
            }
        }
        var end = await EntriesAsync(to, entries.ToAsyncEnumerable(), header, lengths, cancellation);
        return new Exported(
            await EndAsync(to, end with { Checkpoints = checkpoint is null ? 0 : 1 }, cancellation),
            checkpoint is null && number > 0 ? [number] : []
        );
    }

    /// <summary>Writes entries, except the newest that no checkpoint could have sealed yet.</summary>
    private static async Task<EndLine> EntriesAsync(
        Stream to,
        IAsyncEnumerable<AuditEntry> entries,
        HeaderLine header,
        Dictionary<string, long> lengths,
        CancellationToken cancellation
    )
    {
        var (written, newer) = (0L, 0L);
        await foreach (var entry in entries.WithCancellation(cancellation))
        {
            if (entry.Sequence > lengths.GetValueOrDefault(entry.Chain) && entry.At > header.ExportedAt - MayBeUnsealed)
            {
                newer++;
                continue;
            }
            await WriteAsync(to, EntryLine.Of(entry), cancellation);
            written++;
        }
        return new EndLine(written, 0, newer > 0 ? newer : null);
    }

    /// <summary>Null where it is not there or cannot be read; either is the same to who verifies.</summary>
    private async Task<Checkpoint?> ReadAsync(long number, CancellationToken cancellation)
    {
        try
        {
            return await store.ReadAsync(number, cancellation) is { } bytes ? Checkpoint.FromJson(bytes) : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
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
        return await ProofOfLoadedAsync(chain, cancellation);
    }

    private async Task<ProofLine?> ProofOfLoadedAsync(string chain, CancellationToken cancellation) =>
        await heads.FindAsync(chain, cancellation) is { } head && head.Leaf < heads.Tree.Count
            ? new ProofLine(heads.Number, head, [.. heads.Tree.Proof(head.Leaf).Select(Convert.ToHexStringLower)])
            : null;

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

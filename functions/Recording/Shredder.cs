using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>
/// Makes the words of a chain unreadable for good, as law may demand, without breaking the record: that it was done, by whom and why is
/// recorded first, then the index forgets its names, then the key is destroyed. Hashes, kinds, times and authors stay.
/// </summary>
public sealed class Shredder(AuditChain audit, ChainKeys keys, RecordIndex index, TimeProvider time)
{
    /// <summary>Null where it was done, else why not.</summary>
    public async Task<string?> ShredAsync(string chain, string by, string reason, CancellationToken cancellation = default)
    {
        if (chain == RecordChains.Pipeline)
            return "the pipeline's own chain is not about a person; it stays";
        var entries = await audit.ReadAsync(chain, cancellation);
        if (entries.Count == 0)
            return $"there is no chain {chain}";
        if (time.GetUtcNow() - entries[^1].At <= 2 * ChainKeys.Memory)
            return "something was recorded there just now; try again when the incident rests";
        var text = $"the words of {entries.Count} entries of {chain} were made unreadable: {reason}";
        await audit.AppendAsync(
            RecordChains.Pipeline,
            [
                new AuditFact(
                    $"shred-{chain}-{entries.Count}",
                    AuditKinds.Shredded,
                    text,
                    by,
                    AuditJson.Of(
                        new
                        {
                            chain,
                            entries = entries.Count,
                            reason,
                        }
                    )
                ),
            ],
            cancellation
        );
        await index.ForgetAsync(entries, cancellation);
        await keys.DestroyAsync(chain, cancellation);
        return null;
    }
}

using System.Text.RegularExpressions;
using IRFunctions.Record;

namespace IRFunctions.Recording;

/// <summary>What became of a wish to shred.</summary>
public enum ShredState
{
    /// <summary>The words are gone.</summary>
    Shredded,

    /// <summary>It stands on the record that somebody asked; somebody else has to ask for the same.</summary>
    NeedsSecond,

    /// <summary>The record is about whoever asked.</summary>
    AboutAsker,

    /// <summary>It cannot be done, or not now.</summary>
    Refused,
}

/// <param name="Text">One sentence for whoever asked.</param>
public sealed record ShredResult(ShredState State, string Text);

/// <summary>
/// Makes the words of a chain unreadable for good, as law may demand, without breaking the record: that it was done, by whom and why is
/// recorded first, then the index forgets its names, then the key is destroyed. Hashes, kinds, times and authors stay. Two people have to
/// want it, and nobody whom the record is about (S3): there is no way back.
/// </summary>
public sealed partial class Shredder(AuditChain audit, ChainKeys keys, RecordIndex index, TimeProvider time)
{
    /// <summary>A wish that nobody seconded is forgotten after this.</summary>
    private static readonly TimeSpan Waits = TimeSpan.FromHours(24);

    /// <param name="areOne">Whether two accounts belong to one person.</param>
    public async Task<ShredResult> ShredAsync(
        string chain,
        string by,
        string reason,
        Func<string, string, bool> areOne,
        CancellationToken cancellation = default
    )
    {
        if (chain == RecordChains.Pipeline)
            return Refused("The pipeline's own chain is not about a person; it stays.");
        var entries = await audit.ReadAsync(chain, cancellation);
        if (entries.Count == 0)
            return Refused($"There is no chain {chain}.");
        if (Subjects(entries).Any(subject => areOne(subject, by)))
            return new ShredResult(ShredState.AboutAsker, "The record names you or an account of yours; somebody else has to ask.");
        if (time.GetUtcNow() - entries[^1].At <= 2 * ChainKeys.Memory)
            return Refused("Something was recorded there just now; try again when the incident rests.");
        var wish = await keys.FindWishAsync(chain, cancellation);
        if (wish is null || wish.Entries != entries.Count || time.GetUtcNow() - wish.At > Waits || areOne(wish.By, by))
            return await AskSecondAsync(chain, entries.Count, by, reason, cancellation);
        var text = $"the words of {entries.Count} entries of {chain} were made unreadable, asked for by two people: {reason}";
        var data = new
        {
            chain,
            entries = entries.Count,
            reason,
            first = wish.By,
        };
        await RecordAsync($"shred-{chain}-{entries.Count}", AuditKinds.Shredded, text, by, data, cancellation);
        await index.ForgetAsync(entries, cancellation);
        await keys.DestroyAsync(chain, cancellation);
        return new ShredResult(ShredState.Shredded, $"The words of {chain} are gone.");
    }

    private async Task<ShredResult> AskSecondAsync(string chain, int entries, string by, string reason, CancellationToken cancellation)
    {
        var at = time.GetUtcNow();
        await RecordAsync(
            $"shred-asked-{chain}-{entries}-{at.UtcTicks}",
            AuditKinds.ShredAsked,
            $"asked to make the words of {entries} entries of {chain} unreadable; somebody else has to ask for the same: {reason}",
            by,
            new
            {
                chain,
                entries,
                reason,
            },
            cancellation
        );
        await keys.KeepWishAsync(chain, new ShredWish(by, at, entries), cancellation);
        var text = $"Nothing is shredded yet: a second person has to ask for the same within {Waits.TotalHours:0} hours.";
        return new ShredResult(ShredState.NeedsSecond, text);
    }

    private Task<IReadOnlyList<AuditEntry>> RecordAsync(
        string fact,
        string kind,
        string text,
        string by,
        object data,
        CancellationToken cancellation
    ) => audit.AppendAsync(RecordChains.Pipeline, [new AuditFact(fact, kind, text, by, AuditJson.Of(data))], cancellation);

    /// <summary>Accounts that the entries name as targets or entities.</summary>
    private static IEnumerable<string> Subjects(IReadOnlyList<AuditEntry> entries) =>
        entries.SelectMany(e => Subject().Matches(e.Data ?? "").Select(m => m.Groups[1].Value)).Distinct(StringComparer.OrdinalIgnoreCase);

    private static ShredResult Refused(string why) => new(ShredState.Refused, why);

    [GeneratedRegex("\"(?:account|mailbox):([^\"\\\\]+)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Subject();
}

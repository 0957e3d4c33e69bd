using System.Text.Json;

namespace IRFunctions.Record;

/// <summary>
/// What a single line of an export must be beyond its JSON types; the grammar in docs/record.md. What a line may say here it may say
/// anywhere: what depends on other lines is the verifier's.
/// </summary>
internal static class LineGrammar
{
    /// <summary>
    /// Before this nobody wrote a record, and after that nobody reads one; arithmetic on what lies between never overflows.
    /// </summary>
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <exception cref="JsonException">These bytes are no line of a record.</exception>
    public static RecordLine Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return RecordLine.FromJson(json);
        }
        catch (Exception e)
            when (e is NotSupportedException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            throw new JsonException(e.Message, e); // An unknown type, half a surrogate pair, a number that no number can be.
        }
    }

    /// <summary>What is wrong with a line, as the end of a sentence about it; null where nothing is.</summary>
    public static string? Problem(RecordLine line) =>
        line switch
        {
            HeaderLine header => Problem(header),
            CheckpointLine { Checkpoint: { } checkpoint } => Problem(checkpoint),
            ProofLine proof => Problem(proof),
            EntryLine entry => Problem(entry),
            EndLine end => end is { Entries: >= 0, Checkpoints: >= 0, Newer: null or > 0 } ? null : "counts less than nothing",
            _ => "lacks what a line of its type has",
        };

    public static bool IsTime(DateTimeOffset at) => at.Offset == TimeSpan.Zero && at >= Earliest && at < Latest;

    private static string? Problem(HeaderLine header) =>
        !IsTime(header.ExportedAt) ? "says a time without sense"
        : header.Key is null ? "names no key"
        : header.Chains is { } chains
        && (chains.Any(string.IsNullOrEmpty) || chains.Distinct(StringComparer.Ordinal).Count() != chains.Count)
            ? "names a chain twice, or one without a name"
        : null;

    private static string? Problem(Checkpoint checkpoint) =>
        !IsTime(checkpoint.At) ? "says a time without sense"
        : checkpoint.Number < 1 || checkpoint.Chains < 0 ? "has a number that cannot be"
        : !AreHashes(checkpoint.Root, checkpoint.ChangesHash, checkpoint.Previous, checkpoint.Key) || checkpoint.Signature is null
            ? "has a hash that is none"
        : checkpoint.Changes?.Any(c => !IsHead(c)) == true ? "lists a head that cannot be"
        : null;

    private static string? Problem(ProofLine proof) =>
        proof.Head is null || !IsHead(proof.Head) ? "proves a head that cannot be"
        : proof.Path is null || !AreHashes([.. proof.Path]) ? "has a path of hashes that are none"
        : null;

    private static string? Problem(EntryLine entry)
    {
        if (
            entry
            is not { Chain: not null, FactId: not null, Kind: not null, Actor: not null, Text: not null }
                or not { Salt: not null, ContentHash: not null, Previous: not null, Hash: not null }
        )
            return "lacks what a line of its type has";
        if (entry.Content == ContentState.Damaged)
            return null; // A finding in any case, and the row may have lost anything.
        if (!IsTime(entry.At))
            return "says a time without sense";
        if (entry.Sequence < 1)
            return "has a number that cannot be";
        if (entry.Chain.Length == 0)
            return "is of a chain without a name";
        if (!AreHashes(entry.ContentHash, entry.Previous, entry.Hash))
            return "has a hash that is none";
        return entry.Content == ContentState.Readable
            ? IsHex(entry.Salt, 32)
                ? null
                : "has a salt that is none"
            : entry is { Text: "", Data: null, Salt: "" }
                ? null
                : "says that its words are gone, and has words";
    }

    private static bool IsHead(HeadChange head) =>
        head is { Leaf: >= 0, Length: >= 1 } && !string.IsNullOrEmpty(head.Chain) && IsHex(head.Hash, 64);

    private static bool AreHashes(params ReadOnlySpan<string> hashes)
    {
        foreach (var hash in hashes)
            if (!IsHex(hash, 64))
                return false;
        return true;
    }

    private static bool IsHex(string? text, int length) => text?.Length == length && !text.AsSpan().ContainsAnyExcept(LowerHex);

    private static readonly System.Buffers.SearchValues<char> LowerHex = System.Buffers.SearchValues.Create("0123456789abcdef");
}

using System.Security.Cryptography;

namespace IRFunctions.Record;

/// <summary>
/// Whether the words of an entry can be read. The chain is checked in either case: it covers a commitment to the words, not the words.
/// </summary>
public enum ContentState
{
    Readable,

    /// <summary>The key of its chain was destroyed on purpose; that it was must stand on the record.</summary>
    Shredded,

    /// <summary>There is a key, but what is stored does not open with it: someone changed it.</summary>
    Damaged,
}

/// <summary>One link of an incident's chain. Its hash covers every field here and the hash before it.</summary>
public sealed record AuditEntry
{
    /// <summary>The canonical form that this code writes. A verifier refuses a form it does not know.</summary>
    public const int CurrentForm = 1;

    public static readonly string NoHash = new('0', 64);

    /// <summary>Which canonical form the hashes are made with.</summary>
    public int Form { get; init; } = CurrentForm;

    /// <summary>The chain: an incident key, or "pipeline" for what belongs to no incident.</summary>
    public required string Chain { get; init; }

    /// <summary>1, 2, 3, ... without gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it was written, by this machine's clock, UTC; never before the entry before it.</summary>
    public required DateTimeOffset At { get; init; }

    public required string FactId { get; init; }
    public required string Kind { get; init; }

    /// <summary>One sentence; empty where <see cref="Content"/> says that it cannot be read.</summary>
    public required string Text { get; init; }

    public required string Actor { get; init; }

    /// <summary>Details as one JSON object, or null.</summary>
    public string? Data { get; init; }

    /// <summary>32 hex digits drawn at random, so that nobody can guess shredded words from <see cref="ContentHash"/>.</summary>
    public string Salt { get; init; } = "";

    public ContentState Content { get; init; }

    /// <summary>Commitment to salt, text and data: SHA-256, lower-case hex.</summary>
    public string ContentHash { get; init; } = "";

    /// <summary>Hash of the entry before, lower-case hex; 64 zeros for the first.</summary>
    public required string PreviousHash { get; init; }

    /// <summary>SHA-256 over the hash before and <see cref="BodyHash"/>, lower-case hex.</summary>
    public string Hash { get; init; } = "";

    /// <summary>With its commitment and hash computed.</summary>
    public AuditEntry Sealed()
    {
        var committed = Content == ContentState.Readable ? this with { ContentHash = ComputeContentHash() } : this;
        return committed with { Hash = committed.ComputeHash() };
    }

    public string ComputeContentHash() =>
        new CanonicalBytes(Domain.Content).Add(Salt).Add(Text).Add(Data is null ? "-" : "+").Add(Data ?? "").Sha256Hex();

    /// <summary>Hash over everything but the hash before. Inclusion proofs need only this of the entries they skip.</summary>
    public string BodyHash() => Body().Sha256Hex();

    /// <summary>What stands for it in a log (<see cref="LogEntry"/>).</summary>
    public byte[] BodyBytes() => Body().ToArray();

    private CanonicalBytes Body() =>
        new CanonicalBytes(Domain.EntryBody)
            .Add(Form)
            .Add(Chain)
            .Add(Sequence)
            .Add(At.UtcTicks)
            .Add(FactId)
            .Add(Kind)
            .Add(Actor)
            .Add(ContentHash);

    public string ComputeHash() => Link(PreviousHash, BodyHash());

    /// <summary>The hash of an entry from the hash before it and its body's.</summary>
    public static string Link(string previous, string body) => new CanonicalBytes(Domain.EntryLink).Add(previous).Add(body).Sha256Hex();

    /// <summary>Everything wrong with a chain read from start to end, in words; empty when it is whole.</summary>
    public static IReadOnlyList<string> Check(IReadOnlyList<AuditEntry> chain)
    {
        if (chain.Count == 0)
            return [];
        var check = new ChainCheck(chain[0].Chain);
        foreach (var entry in chain)
            check.Next(entry);
        check.Finish(latest: null);
        return [.. check.Findings.Select(f => f.ToString())];
    }

    internal static string NewSalt() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}

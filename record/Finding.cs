using System.Globalization;

namespace IRFunctions.Record;

/// <summary>Something that is wrong with the record.</summary>
/// <param name="Attack">What somebody did, one of <see cref="Attacks"/>.</param>
/// <param name="Where">Chain and entry, or checkpoint.</param>
/// <param name="What">What was found and what should be there.</param>
/// <param name="Since">Between which moments it happened, as far as the checkpoints tell.</param>
public sealed record Finding(string Attack, string Where, string What, string Since = "")
{
    public override string ToString() => Since.Length == 0 ? $"{Attack}: {Where}: {What}" : $"{Attack}: {Where}: {What}. {Since}";

    internal static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}

/// <summary>Names of what the verifier finds. Test vectors are files of these names.</summary>
public static class Attacks
{
    /// <summary>Words or fields of an entry were changed.</summary>
    public const string Edited = "edited";

    /// <summary>Entries were replaced together with their hashes.</summary>
    public const string Rewritten = "rewritten";
    public const string Deleted = "deleted";
    public const string Reordered = "reordered";
    public const string Truncated = "truncated";

    /// <summary>An entry carries a time it cannot have been written at.</summary>
    public const string BackDated = "back-dated";

    /// <summary>Two different entries claim one place.</summary>
    public const string Forked = "forked";
    public const string Replayed = "replayed";

    /// <summary>An entry of one chain stands in another.</summary>
    public const string Moved = "moved";

    /// <summary>What is stored does not open with the chain's key.</summary>
    public const string Damaged = "damaged";

    /// <summary>Words are gone without a redaction on the record.</summary>
    public const string ContentRemoved = "content-removed";
    public const string DroppedChain = "dropped-chain";
    public const string ForeignKey = "foreign-key";
    public const string ReplacedCheckpoint = "replaced-checkpoint";
    public const string DroppedCheckpoint = "dropped-checkpoint";

    /// <summary>Entries older than a checkpoint should be are in none: checkpoints were cut off, or their timer is dead.</summary>
    public const string Unsealed = "unsealed";

    /// <summary>A proof does not lead from its entry to a signed root.</summary>
    public const string FalseProof = "false-proof";

    /// <summary>A chain of an export of single chains comes without a proof that a checkpoint sealed it.</summary>
    public const string Unproved = "unproved";

    /// <summary>A line is not written as the grammar of docs/record.md says: no exporter of ours made it.</summary>
    public const string Malformed = "malformed";

    /// <summary>A line stands where no line of its type may stand, after the end for example.</summary>
    public const string OutOfPlace = "out-of-place";

    /// <summary>The file ends early or says of itself what is not so.</summary>
    public const string CutFile = "cut-file";
    public const string UnknownForm = "unknown-form";

    /// <summary>The log in its tiles is not the one that was signed, or not the one that was exported.</summary>
    public const string ForgedLog = "forged-log";
}

using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IRFunctions.Audit;

/// <summary>What a stage found or is about to do, before it is on the record.</summary>
/// <param name="Id">Idempotency key, unique within the incident and derived from the step that records it: a replay or a retry writes nothing twice.</param>
/// <param name="Kind">Stable name: one of <see cref="AuditKinds"/>.</param>
/// <param name="Text">One sentence for the auditor a year later. May quote untrusted text.</param>
/// <param name="Actor">Who decided: "policy", "model", "pipeline" or the object id of a person.</param>
/// <param name="Data">Details as one JSON object, or null.</param>
public sealed record AuditFact(string Id, string Kind, string Text, string Actor, string? Data = null);

/// <summary>Names of what can stand on the record.</summary>
public static class AuditKinds
{
    public const string Received = "received";
    public const string Assessed = "assessed";
    public const string Injection = "injection";
    public const string Decided = "decided";
    public const string Asked = "asked";
    public const string Climbed = "climbed";
    public const string Answered = "answered";
    public const string Refused = "refused";
    public const string Granted = "granted";
    public const string Denied = "denied";
    public const string Expired = "expired";
    public const string Captured = "captured";
    public const string Executing = "executing";
    public const string Executed = "executed";
    public const string Verified = "verified";
    public const string AlreadySo = "already-so";
    public const string Joined = "joined-hold";
    public const string Failed = "failed";
    public const string Reminded = "reminded";
    public const string Undoing = "undoing";
    public const string Undone = "undone";
    public const string NotUndone = "not-undone";
    public const string RollbackFailed = "rollback-failed";
    public const string Confirmed = "confirmed";
    public const string Extended = "extended";
    public const string ReleaseAsked = "release-asked";
    public const string StopEngaged = "stop-engaged";
    public const string StopLifted = "stop-lifted";
    public const string Outcome = "outcome";
    public const string PolicyChanged = "policy-changed";
}

/// <summary>One link of an incident's chain. Its hash covers every field here and the hash before it.</summary>
public sealed record AuditEntry
{
    /// <summary>The chain: an incident key, or "pipeline" for what belongs to no incident.</summary>
    public required string Chain { get; init; }

    /// <summary>1, 2, 3, ... without gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it was written, by this machine's clock, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    public required string FactId { get; init; }
    public required string Kind { get; init; }
    public required string Text { get; init; }
    public required string Actor { get; init; }
    public string? Data { get; init; }

    /// <summary>Hash of the entry before, lower-case hex; 64 zeros for the first.</summary>
    public required string PreviousHash { get; init; }

    /// <summary>SHA-256 over <see cref="Canonical"/>, lower-case hex.</summary>
    public string Hash { get; init; } = "";

    public static readonly string NoHash = new('0', 64);

    private static readonly JsonWriterOptions CanonicalOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? scratch;

    public AuditEntry Sealed() => this with { Hash = ComputeHash() };

    public string ComputeHash()
    {
        var buffer = scratch ??= new ArrayBufferWriter<byte>(4096);
        buffer.ResetWrittenCount();
        WriteCanonical(buffer);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer.WrittenSpan, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>The bytes that are hashed: one JSON object, fixed order, no white space, time in ticks so that no formatting can differ.</summary>
    public byte[] Canonical()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        WriteCanonical(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private void WriteCanonical(ArrayBufferWriter<byte> buffer)
    {
        using var json = new Utf8JsonWriter(buffer, CanonicalOptions);
        json.WriteStartObject();
        json.WriteString("chain", Chain);
        json.WriteNumber("sequence", Sequence);
        json.WriteNumber("ticks", At.UtcTicks);
        json.WriteString("factId", FactId);
        json.WriteString("kind", Kind);
        json.WriteString("text", Text);
        json.WriteString("actor", Actor);
        json.WriteString("data", Data);
        json.WriteString("previous", PreviousHash);
        json.WriteEndObject();
    }

    /// <summary>Everything wrong with a chain read from start to end, in words; empty when it is whole.</summary>
    public static IReadOnlyList<string> Check(IReadOnlyList<AuditEntry> chain)
    {
        var wrong = new List<string>();
        var previous = NoHash;
        for (var i = 0; i < chain.Count; i++)
        {
            var entry = chain[i];
            if (entry.Sequence != i + 1) wrong.Add($"entry {i + 1} carries sequence {entry.Sequence}: entries are missing or reordered");
            if (entry.PreviousHash != previous) wrong.Add($"entry {entry.Sequence} does not follow the one before it: an entry was changed, removed or inserted");
            if (entry.ComputeHash() != entry.Hash) wrong.Add($"entry {entry.Sequence} was changed after it was written");
            previous = entry.Hash;
        }
        return wrong;
    }
}

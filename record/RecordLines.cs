using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IRFunctions.Record;

/// <summary>One line of an exported record (JSON lines). The order is header, checkpoints, proofs, entries chain by chain, end.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(HeaderLine), "header")]
[JsonDerivedType(typeof(CheckpointLine), "checkpoint")]
[JsonDerivedType(typeof(ProofLine), "proof")]
[JsonDerivedType(typeof(EntryLine), "entry")]
[JsonDerivedType(typeof(EndLine), "end")]
public abstract record RecordLine
{
    public const string Format = "irfunctions-record-1";

    // Nothing is read that is not written: no other case, no number as text, no number for a name, no name twice, no unknown one.
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        MaxDepth = 8,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <summary>Writes the line as every exporter must, byte for byte, without its end.</summary>
    internal void WriteTo(IBufferWriter<byte> to)
    {
        using var writer = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = Options.Encoder, SkipValidation = true });
        JsonSerializer.Serialize(writer, this, Options);
    }

    /// <exception cref="JsonException">This is no line of a record.</exception>
    public static RecordLine FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<RecordLine>(json, Options) ?? throw new JsonException("null is no line of a record");
}

/// <param name="Chains">The chains this export is of; null for the whole record.</param>
/// <param name="Key">Public key of the signer, SubjectPublicKeyInfo in base64. A verifier should have its own copy.</param>
public sealed record HeaderLine(string FormatName, DateTimeOffset ExportedAt, IReadOnlyList<string>? Chains, string Key) : RecordLine;

public sealed record CheckpointLine(Checkpoint Checkpoint) : RecordLine;

/// <summary>That a chain's head is in the tree of a checkpoint.</summary>
/// <param name="Path">Hashes beside the way to the root, lowest first, hex.</param>
public sealed record ProofLine(long Checkpoint, HeadChange Head, IReadOnlyList<string> Path) : RecordLine;

/// <summary>One entry. <paramref name="Data"/> is text, not JSON: its bytes are what was committed to.</summary>
public sealed record EntryLine(
    int Form,
    string Chain,
    long Sequence,
    DateTimeOffset At,
    string FactId,
    string Kind,
    string Actor,
    string Text,
    string? Data,
    string Salt,
    ContentState Content,
    string ContentHash,
    string Previous,
    string Hash
) : RecordLine
{
    public static EntryLine Of(AuditEntry e) =>
        new(
            e.Form,
            e.Chain,
            e.Sequence,
            e.At,
            e.FactId,
            e.Kind,
            e.Actor,
            e.Text,
            e.Data,
            e.Salt,
            e.Content,
            e.ContentHash,
            e.PreviousHash,
            e.Hash
        );

    public AuditEntry ToEntry() =>
        new()
        {
            Form = Form,
            Chain = Chain,
            Sequence = Sequence,
            At = At.ToUniversalTime(),
            FactId = FactId,
            Kind = Kind,
            Actor = Actor,
            Text = Text,
            Data = Data,
            Salt = Salt,
            Content = Content,
            ContentHash = ContentHash,
            PreviousHash = Previous,
            Hash = Hash,
        };
}

/// <summary>How much came before, so that a file cut short shows.</summary>
/// <param name="Newer">Entries left out because no checkpoint had sealed them when the export was made; null where there was none.</param>
public sealed record EndLine(long Entries, long Checkpoints, long? Newer = null) : RecordLine;

using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IRFunctions.Local.TakeBack;

/// <summary>What taking one thing back came to.</summary>
internal enum TakeBackOutcome
{
    /// <summary>The prior state was restored and read back.</summary>
    TakenBack,

    /// <summary>Nothing of ours was left, or somebody changed it since.</summary>
    Nothing,

    /// <summary>A person had confirmed it, and nobody named it.</summary>
    Left,

    /// <summary>It could not be taken back; a person has to.</summary>
    Failed,
}

/// <summary>One line of a log of `take-back`.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BeginLine), "begin")]
[JsonDerivedType(typeof(IntentLine), "intent")]
[JsonDerivedType(typeof(OutcomeLine), "outcome")]
[JsonDerivedType(typeof(EndLine), "end")]
internal abstract record TakeBackLine
{
    public const string Format = "irfunctions-take-back-1";
}

/// <param name="Run">Id of the run, drawn at random.</param>
/// <param name="By">Who ran it, as the machine says.</param>
internal sealed record BeginLine(string FormatName, string Run, DateTimeOffset At, string By, string Source) : TakeBackLine;

/// <summary>Written before anything is changed.</summary>
internal sealed record IntentLine(
    int Number,
    DateTimeOffset At,
    string Key,
    string Action,
    string Target,
    string Display,
    int Generation,
    IReadOnlyList<string> Incidents,
    string Before
) : TakeBackLine;

internal sealed record OutcomeLine(int Number, DateTimeOffset At, TakeBackOutcome Outcome, string Text) : TakeBackLine;

internal sealed record EndLine(DateTimeOffset At, int TakenBack, int Nothing, int Left, int Failed) : TakeBackLine;

/// <summary>
/// What `take-back` does, as JSON lines, each on disk before the next step: an effect whose intent cannot be written does not happen, as
/// with the record (S11). The record takes it in later as what it is, a claim.
/// </summary>
internal sealed class TakeBackLog : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly FileStream file;

    /// <exception cref="IOException">It is there already, or cannot be written.</exception>
    public TakeBackLog(string path) => file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);

    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task WriteAsync(TakeBackLine line, CancellationToken cancellation)
    {
        await file.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line, Options) + "\n"), cancellation);
        file.Flush(flushToDisk: true);
    }

    /// <summary>The lines of a log with a hash of each: what was altered is another line. A last line that was cut is left out.</summary>
    /// <exception cref="FormatException">It is no log of take-back.</exception>
    public static async Task<IReadOnlyList<(TakeBackLine Line, string Hash)>> ReadAsync(string path, CancellationToken cancellation)
    {
        var lines = new List<(TakeBackLine, string)>();
        var texts = await File.ReadAllLinesAsync(path, cancellation);
        for (var i = 0; i < texts.Length; i++)
        {
            try
            {
                var line = JsonSerializer.Deserialize<TakeBackLine>(texts[i], Options) ?? throw new JsonException("null");
                lines.Add((line, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(texts[i])).AsSpan(0, 8))));
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                if (i == texts.Length - 1 && i > 0)
                    break; // The run was killed while it wrote.
                throw new FormatException($"{path}, line {i + 1}, is no line of a take-back log: {e.Message}", e);
            }
        }
        return lines is [(BeginLine { FormatName: TakeBackLine.Format }, _), ..]
            ? lines
            : throw new FormatException($"{path} does not begin as a take-back log does.");
    }

    public ValueTask DisposeAsync() => file.DisposeAsync();
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IRFunctions.Containment;

namespace IRFunctions.Local.TakeBack;

/// <summary>
/// Live holds with their prior state as one file: JSON lines, the first says what it is, the last how many and the SHA-256 of what comes
/// before. That shows a file cut short or damaged, not a forger: keep it where only those may write who may release.
/// </summary>
internal static class HoldsFile
{
    private const string Format = "irfunctions-holds-1";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
    };

    private sealed record Head(string Holds, DateTimeOffset TakenAt);

    private sealed record Tail(int Count, string Sha256);

    /// <summary>Beside it and then in its place: a backup that fails leaves the one before.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static async Task WriteAsync(
        string path,
        DateTimeOffset at,
        IReadOnlyList<KeptContainment> holds,
        CancellationToken cancellation
    )
    {
        var text = new StringBuilder();
        text.Append(JsonSerializer.Serialize(new Head(Format, at), Options)).Append('\n');
        foreach (var hold in holds.OrderBy(h => h.Key, StringComparer.Ordinal))
            text.Append(JsonSerializer.Serialize(hold, Options)).Append('\n');
        var body = text.ToString();
        text.Append(JsonSerializer.Serialize(new Tail(holds.Count, HashOf(body)), Options)).Append('\n');
        await File.WriteAllTextAsync(path + ".new", text.ToString(), cancellation);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <exception cref="FormatException">It is no such file, or not whole.</exception>
    public static async Task<(DateTimeOffset TakenAt, IReadOnlyList<KeptContainment> Holds)> ReadAsync(
        string path,
        CancellationToken cancellation
    )
    {
        var lines = (await File.ReadAllTextAsync(path, cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            if (lines.Length < 2 || JsonSerializer.Deserialize<Head>(lines[0], Options) is not { Holds: Format } head)
                throw new FormatException($"{path} is no backup of holds.");
            var tail = JsonSerializer.Deserialize<Tail>(lines[^1], Options)!;
            var holds = lines[1..^1].Select(l => JsonSerializer.Deserialize<KeptContainment>(l, Options)!).ToList();
            if (tail.Count != holds.Count || tail.Sha256 != HashOf(string.Join('\n', lines[..^1]) + "\n"))
                throw new FormatException($"{path} is not whole: it was cut short or changed. Take an earlier backup.");
            return holds.Find(h => h.State is not { Target: not null, Prior: not null }) is { } bad
                ? throw new FormatException($"{path}: {bad.Key} has no target, or no state before.")
                : (head.TakenAt, holds);
        }
        catch (JsonException e)
        {
            throw new FormatException($"{path} is no backup of holds, or not whole: {e.Message}", e);
        }
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

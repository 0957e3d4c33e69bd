using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Assessment;

/// <summary>
/// A prompt file embedded in the assembly. Every assessment carries its hash, so that an answer can be traced to the words that asked for
/// it.
/// </summary>
public sealed class Prompt
{
    private const string FrontMatterEnd = "\n---\n";

    private Prompt(int version, string text, string hash) => (Version, Text, Hash) = (version, text, hash);

    /// <summary>classify.prompt.md.</summary>
    public static Prompt Classify { get; } = Embedded("classify.prompt.md");

    /// <summary>Counts up with every change of meaning; stands in the file's front matter.</summary>
    public int Version { get; }

    /// <summary>What the model reads: the file without its front matter.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of the whole file as UTF-8 with LF line ends, lower-case hex.</summary>
    public string Hash { get; }

    /// <exception cref="FormatException">The file lacks its front matter.</exception>
    internal static Prompt Parse(string file)
    {
        // A checkout with CRLF must not change the hash.
        file = file.ReplaceLineEndings("\n");
        var end = file.IndexOf(FrontMatterEnd, StringComparison.Ordinal);
        const string start = "---\nversion: ";
        if (
            !file.StartsWith(start, StringComparison.Ordinal)
            || end < 0
            || !int.TryParse(
                file.AsSpan(start.Length, end - start.Length),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var version
            )
        )
        {
            throw new FormatException("A prompt file starts with '---', 'version: N', '---'.");
        }
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(file)));
        return new Prompt(version, file[(end + FrontMatterEnd.Length)..].Trim(), hash);
    }

    private static Prompt Embedded(string name)
    {
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The prompt {name} is not embedded in this assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Parse(reader.ReadToEnd());
    }
}

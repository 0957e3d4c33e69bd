using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Assessment;

/// <summary>
/// Planted strings that must never come back. The prompt holds them and says that they are secret, so an answer that carries one was
/// written by somebody who got the model to turn its instructions out: the alert is an injection attempt. New ones with every start, so
/// that none can be known beforehand.
/// </summary>
internal sealed class Canary
{
    private const int Letters = 20;

    /// <summary>Shorter pieces of base64 occur by chance.</summary>
    private const int LeastBase64 = 12;

    private readonly string[] signs;

    /// <param name="random">Null for the system's; tests bring their own letters.</param>
    public Canary(Func<int, string>? random = null)
    {
        random ??= count => RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", count);
        // A marker, and a bait of the kind that injected orders ask for.
        Marker = random(Letters);
        Bait = random(Letters);
        signs = [.. ((string[])[Marker, Bait]).SelectMany(Disguises).Distinct(StringComparer.Ordinal)];
    }

    public string Marker { get; }

    public string Bait { get; }

    /// <summary>The prompt's text with the planted strings in their places.</summary>
    public string Plant(string prompt) =>
        prompt.Replace("{marker}", Marker, StringComparison.Ordinal).Replace("{bait}", Bait, StringComparison.Ordinal);

    /// <summary>
    /// Whether one of them stands in the text: as it is, spaced out, in other case, backwards, in hexadecimal or in base64.
    /// </summary>
    public bool IsIn(string text)
    {
        var letters = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c))
                letters.Append(char.ToUpperInvariant(c));
        }
        var plain = letters.ToString();
        return signs.Any(s => plain.Contains(s, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Disguises(string secret)
    {
        yield return secret;
        yield return new string([.. secret.Reverse()]);
        yield return Convert.ToHexString(Encoding.UTF8.GetBytes(secret));
        foreach (var form in (string[])[secret, secret.ToLower(CultureInfo.InvariantCulture)])
        {
            // Base64 looks different at each of three alignments; its edges depend on what stands beside.
            for (var before = 0; before < 3; before++)
            {
                var coded = Convert.ToBase64String([.. new byte[before], .. Encoding.UTF8.GetBytes(form)]).TrimEnd('=');
                var inner = new string([
                    .. coded[(before == 0 ? 0 : before + 1)..^1].Where(char.IsAsciiLetterOrDigit).Select(char.ToUpperInvariant),
                ]);
                if (inner.Length >= LeastBase64)
                    yield return inner;
            }
        }
    }
}

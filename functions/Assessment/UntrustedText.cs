using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace IRFunctions.Assessment;

/// <summary>How text that an attacker may have written is bounded, encoded and made plain to see.</summary>
internal static class UntrustedText
{
    /// <summary>
    /// JSON with letters of every script as they are, but with no way to write a raw '&lt;', '&gt;' or line break (so no text can close its
    /// frame) and with invisible and direction-changing characters shown as their code.
    /// </summary>
    public static JavaScriptEncoder Encoder { get; } = JavaScriptEncoder.Create(Settings());

    /// <summary>The first <paramref name="max"/> characters, followed by a note that says how much was cut.</summary>
    public static string Cut(string text, int max)
    {
        if (text.Length <= max)
            return text;
        var keep = max > 0 && char.IsHighSurrogate(text[max - 1]) ? max - 1 : max;
        return string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, keep)} [cut: {text.Length - keep} more characters]");
    }

    /// <summary>A model's words for a person's eyes: bounded, one line, nothing invisible.</summary>
    public static string ForPeople(string text, int max)
    {
        text = Cut(text.Trim(), max);
        var hidden = text.AsSpan().IndexOfAnyInRange('\0', '\u001F') >= 0 || text.Any(IsHidden);
        if (!hidden)
            return text;
        var shown = new StringBuilder(text.Length);
        foreach (var c in text)
            shown.Append(IsHidden(c) ? ' ' : c);
        return shown.ToString();
    }

    /// <summary>
    /// One short ASCII word, as detectors write categories, tactics and roles ("DefenseEvasion", "attacker"). Too little room to tell a
    /// story, so it may stand among the trusted fields.
    /// </summary>
    public static bool IsPlainWord(string? text) => text is { Length: > 0 and <= 48 } && !text.AsSpan().ContainsAnyExcept(WordCharacters);

    private static readonly System.Buffers.SearchValues<char> WordCharacters = System.Buffers.SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
    );

    // Lone surrogates are kept out too: they are not valid in JSON over UTF-8.
    private static bool IsHidden(char c) =>
        char.IsControl(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static TextEncoderSettings Settings()
    {
        var settings = new TextEncoderSettings(UnicodeRanges.All);
        for (var c = '\u0080'; c < char.MaxValue; c++)
        {
            if (IsHidden(c))
                settings.ForbidCharacter(c);
        }
        return settings;
    }
}

using System.Globalization;
using System.Text;

namespace IRFunctions.Alerts;

/// <summary>
/// Makes text from outside fit to be read by people and cards: characters that hide, reorder or control text (control characters, bidi
/// overrides, zero-width and tag characters: Unicode categories Cc, Cf, Cs, Co, Zl, Zp and the supplementary variation selectors) are
/// replaced by their visible name, such as [U+202E]. Nothing is dropped silently: a trick should look like one.
/// </summary>
internal static class SafeText
{
    private const int RoomForCutNote = 40;

    /// <summary>One line: line breaks and tabs become spaces. <paramref name="cut"/> counts the characters left out.</summary>
    public static string Line(string text, int max, out int cut) => Clean(text, max, keepLines: false, out cut);

    /// <summary>Several lines: line feeds and tabs stay.</summary>
    public static string Block(string text, int max, out int cut) => Clean(text, max, keepLines: true, out cut);

    /// <summary>Whether several lines hold nothing that hides, reorders or controls text.</summary>
    public static bool IsClean(string text) => IsClean(text, keepLines: true);

    private static string Clean(string text, int max, bool keepLines, out int cut)
    {
        cut = 0;
        if (text.Length <= max && IsClean(text, keepLines))
            return text;
        var result = new StringBuilder(Math.Min(text.Length, max) + 16);
        var position = 0;
        var room = max;
        var safeLength = 0;
        var safePosition = 0;
        while (position < text.Length && result.Length <= room)
        {
            Rune.DecodeFromUtf16(text.AsSpan(position), out var rune, out var used);
            Append(result, text, position, rune, keepLines);
            position += used;
            if (result.Length <= max - RoomForCutNote)
                (safeLength, safePosition) = (result.Length, position);
        }
        if (position == text.Length && result.Length <= max)
            return result.ToString();
        cut = text.Length - safePosition;
        result.Length = safeLength;
        return result.Append(CultureInfo.InvariantCulture, $" [cut: {cut} more characters]").ToString();
    }

    private static void Append(StringBuilder result, string text, int position, Rune rune, bool keepLines)
    {
        if (rune.Value is '\n' or '\t' or '\r')
            AppendBreak(result, text, position, rune, keepLines);
        else if (IsHidden(rune))
            result.Append(CultureInfo.InvariantCulture, $"[U+{rune.Value:X4}]");
        else
            result.Append(rune.ToString());
    }

    private static void AppendBreak(StringBuilder result, string text, int position, Rune rune, bool keepLines)
    {
        var isHalfOfCrLf = rune.Value == '\r' && position + 1 < text.Length && text[position + 1] == '\n';
        if (!isHalfOfCrLf)
            result.Append(
                !keepLines ? ' '
                : rune.Value == '\r' ? '\n'
                : (char)rune.Value
            );
    }

    private static bool IsClean(string text, bool keepLines)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is >= ' ' and < '\x7f' || (keepLines && (c is '\n' or '\t')))
                continue;
            if (c < ' ' || Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var used) != 0 || IsHidden(rune))
                return false;
            i += used - 1;
        }
        return true;
    }

    private static bool IsHidden(Rune rune) =>
        rune.Value is >= 0xE0100 and <= 0xE01EF
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
}

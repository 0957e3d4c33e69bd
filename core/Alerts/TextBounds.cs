namespace IRFunctions.Alerts;

/// <summary>
/// Cuts text to what a receiver takes. Lengths are UTF-16 code units, as .NET and the receivers' documents count them; a character is never
/// halved, since half a surrogate pair is no text and is refused or replaced further on.
/// </summary>
internal static class TextBounds
{
    /// <summary>
    /// The text of an exception that an orchestration carries: one beyond 64 KB would stop its instance for good
    /// (Azure/azure-functions-durable-extension, issue 502).
    /// </summary>
    public const int Failure = 4_000;

    /// <summary>One sentence of the record or of a certificate; the rest of a row, and the row's 1 MiB, are for its details.</summary>
    public const int Sentence = 8_000;

    /// <summary>At most <paramref name="most"/> code units, the last being an ellipsis where something was cut.</summary>
    public static string Cut(string text, int most) =>
        text.Length <= most ? text : string.Concat(text.AsSpan(0, Whole(text, most - 1)), "…");

    /// <summary>The longest length up to <paramref name="most"/> that halves no character.</summary>
    public static int Whole(string text, int most) =>
        most < text.Length && most > 0 && char.IsHighSurrogate(text[most - 1]) && char.IsLowSurrogate(text[most])
            ? most - 1
            : Math.Min(most, text.Length);

    /// <summary>Bounds untrusted text and keeps it on one line.</summary>
    public static string OneLine(string text, int most) => Cut(text.ReplaceLineEndings(" "), most);
}

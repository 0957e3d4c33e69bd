using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace IRFunctions.OperatorConsole; // Not .Console: that would hide System.Console everywhere below IRFunctions.

/// <summary>
/// HTML that is safe to send: our own literals, and everything put between them encoded. There is no other way to make one, so that no
/// alert can write markup into a page. Values stand in text or in quoted attributes, nowhere else.
/// </summary>
internal sealed class Html
{
    public static readonly Html Empty = new("");

    private readonly string text;

    private Html(string text) => this.text = text;

    public bool IsEmpty => text.Length == 0;

    public static Html Of(ref HtmlHandler handler) => new(handler.ToString());

    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(p => p.text)));

    /// <summary>A drawing that another part of the app made, encoded by its own means.</summary>
    public static Html Drawing(string svg) =>
        svg.StartsWith("<svg ", StringComparison.Ordinal) ? new Html(svg) : throw new ArgumentException("not a drawing", nameof(svg));

    public override string ToString() => text;
}

/// <summary>Takes an interpolated string apart: literals as they are, values encoded.</summary>
[InterpolatedStringHandler]
internal readonly ref struct HtmlHandler
{
    // Outside ASCII a character stays one character, so that pages stay small; what is markup is encoded all the same.
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder text;

    public HtmlHandler(int literalLength, int formattedCount) => text = new StringBuilder(literalLength + 24 * formattedCount);

    public void AppendLiteral(string literal) => text.Append(literal);

    public void AppendFormatted(string? value) => text.Append(value is null ? "" : Encoder.Encode(value));

    public void AppendFormatted(Html? value) => text.Append(value);

    public void AppendFormatted(IEnumerable<Html> values)
    {
        foreach (var value in values)
            text.Append(value);
    }

    public void AppendFormatted(int value) => text.Append(value);

    public void AppendFormatted(long value) => text.Append(value);

    public override string ToString() => text.ToString();
}

using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace IRFunctions.Alerts;

/// <summary>
/// Opens bytes as JSON so that nothing read from the document can throw later: encoding and lone surrogates are repaired first,
/// because System.Text.Json meets them only when a string is read.
/// </summary>
internal static class JsonText
{
    /// <summary>Deepest nesting read. Real alerts stay under 12.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>The document, or null with the reading that says why not.</summary>
    public static JsonDocument? TryOpen(ReadOnlyMemory<byte> bytes, Notes notes, out AlertReading? refusal)
    {
        refusal = null;
        var text = Repaired(bytes, notes);
        if (text.Span.IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            refusal = AlertReading.Rejected(
                AlertReasons.Empty,
                new AlertFault(
                    "the whole message",
                    "The message is empty.",
                    "Check that the sender puts the alert into the body, not into headers."
                )
            );
            return null;
        }
        try
        {
            return JsonDocument.Parse(text, Options);
        }
        catch (JsonException error)
        {
            refusal = Explain(text.Span, error);
            return null;
        }
    }

    private static ReadOnlyMemory<byte> Repaired(ReadOnlyMemory<byte> bytes, Notes notes)
    {
        if (bytes.Span.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        else if (bytes.Span.StartsWith(Encoding.Unicode.Preamble))
            bytes = Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(bytes.Span[Encoding.Unicode.Preamble.Length..]));
        else if (bytes.Span.StartsWith(Encoding.BigEndianUnicode.Preamble))
            bytes = Encoding.UTF8.GetBytes(Encoding.BigEndianUnicode.GetString(bytes.Span[Encoding.BigEndianUnicode.Preamble.Length..]));
        if (!Utf8.IsValid(bytes.Span))
        {
            bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes.Span));
            notes.Add("The message was not valid UTF-8; the broken characters are shown as \uFFFD.");
        }
        if (WithoutLoneSurrogates(bytes.Span) is not { } repaired)
            return bytes;
        notes.Add("The message contained half characters (lone surrogates); they are shown as \uFFFD.");
        return repaired;
    }

    /// <summary>A copy with each \uD800..\uDFFF escape that has no partner written as \uFFFD; null where there is none.</summary>
    private static byte[]? WithoutLoneSurrogates(ReadOnlySpan<byte> text)
    {
        // Nearly every message leaves here: a search for a few bytes costs little, looking at every backslash does not.
        if (text.IndexOf("\\ud"u8) < 0 && text.IndexOf("\\uD"u8) < 0)
            return null;
        byte[]? copy = null;
        var i = 0;
        while (i < text.Length)
        {
            var next = text[i..].IndexOf((byte)'\\');
            if (next < 0)
                break;
            i += next;
            var code = EscapedCode(text[i..]);
            if (code is >= 0xD800 and <= 0xDBFF && EscapedCode(text[(i + 6)..]) is >= 0xDC00 and <= 0xDFFF)
            {
                i += 12;
                continue;
            }
            if (code is >= 0xD800 and <= 0xDFFF)
            {
                copy ??= text.ToArray();
                "FFFD"u8.CopyTo(copy.AsSpan(i + 2));
            }
            i += code >= 0 ? 6 : 2;
        }
        return copy;
    }

    /// <summary>The code unit of a \uXXXX escape at the start, or -1.</summary>
    private static int EscapedCode(ReadOnlySpan<byte> text)
    {
        if (text.Length < 6 || text[0] != '\\' || text[1] != 'u')
            return -1;
        var code = 0;
        foreach (var digit in text[2..6])
        {
            if (!char.IsAsciiHexDigit((char)digit))
                return -1;
            code = (code << 4) | Convert.ToInt32(((char)digit).ToString(), 16);
        }
        return code;
    }

    /// <summary>Reads the broken text once more, token by token, to tell cut text from deep text from wrong text.</summary>
    private static AlertReading Explain(ReadOnlySpan<byte> text, JsonException error)
    {
        var place = $"line {(error.LineNumber ?? 0) + 1}, byte {(error.BytePositionInLine ?? 0) + 1}";
        var reader = new Utf8JsonReader(text, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = int.MaxValue }));
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth >= MaxDepth)
                {
                    return AlertReading.Rejected(
                        AlertReasons.TooDeep,
                        new AlertFault(
                            $"byte {reader.TokenStartIndex + 1}",
                            $"Lists and objects are nested more than {MaxDepth} deep.",
                            "No known source does this; look at who sent it."
                        )
                    );
                }
            }
        }
        catch (JsonException)
        {
            return AlertReading.Rejected(
                AlertReasons.NotJson,
                new AlertFault(
                    place,
                    $"This is not JSON: {Found(text, reader.BytesConsumed)}.",
                    "Send the alert as one JSON object in UTF-8."
                )
            );
        }
        return AlertReading.Rejected(
            AlertReasons.NotJson,
            new AlertFault(
                place,
                $"The JSON ends in the middle, after {text.Length} bytes.",
                "It was cut on the way; send it again and check size limits between."
            )
        );
    }

    private static string Found(ReadOnlySpan<byte> text, long consumed)
    {
        var rest = text[(int)Math.Min(consumed, text.Length)..].TrimStart(" \t\r\n,:"u8);
        var start = Encoding.UTF8.GetString(rest[..Math.Min(rest.Length, 24)]);
        return start.Length == 0 ? "it stops where a value should be" : $"it goes wrong at '{SafeText.Line(start, 60, out _)}'";
    }
}

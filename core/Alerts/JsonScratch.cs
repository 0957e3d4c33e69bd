using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>One writer for all the values of one message: they are many and small.</summary>
internal sealed class JsonScratch : IDisposable
{
    /// <summary>ASCII less what the default encoder escapes.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        " !#$%()*,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~"u8
    );

    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly Utf8JsonWriter writer;

    public JsonScratch() => writer = new Utf8JsonWriter(buffer);

    /// <summary>The value without white space, in ASCII.</summary>
    public string Compact(JsonElement value)
    {
        // Most values are plain and stand as the encoder would write them.
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (value.ValueKind == JsonValueKind.String && raw[1..^1].IndexOfAnyExcept(Plain) < 0)
            return Encoding.ASCII.GetString(raw);
        buffer.ResetWrittenCount();
        writer.Reset();
        value.WriteTo(writer);
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public void Dispose() => writer.Dispose();
}

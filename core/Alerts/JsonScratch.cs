using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>One writer for all the values of one message: they are many and small.</summary>
internal sealed class JsonScratch : IDisposable
{
    /// <summary>ASCII less what the default encoder escapes.</summary>
    private static readonly SearchValues<byte> Plain =
        SearchValues.Create(" !#$%()*,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~"u8);

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Utf8JsonWriter _writer;

    public JsonScratch() => _writer = new Utf8JsonWriter(_buffer);

    /// <summary>The value without white space, in ASCII.</summary>
    public string Compact(JsonElement value)
    {
        // Most values are plain and stand as the encoder would write them.
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (value.ValueKind == JsonValueKind.String && raw[1..^1].IndexOfAnyExcept(Plain) < 0)
            return Encoding.ASCII.GetString(raw);
        _buffer.ResetWrittenCount();
        _writer.Reset();
        value.WriteTo(_writer);
        _writer.Flush();
        return Encoding.UTF8.GetString(_buffer.WrittenSpan);
    }

    public void Dispose() => _writer.Dispose();
}

/// <summary>What nobody read: nested entities, and the rest as one compact object.</summary>
internal sealed partial class Fields
{
    /// <summary>Unread objects among the values, and in lists among them, with the name they stand under.</summary>
    public IEnumerable<(string Name, JsonElement Value, string Place)> UnreadObjects(Func<string, JsonElement, bool> wanted)
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            var (name, value) = (_slots[i].Name, _slots[i].Value);
            if (_slots[i].Taken || value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
                continue;
            var isList = value.ValueKind == JsonValueKind.Array;
            if (isList ? value.GetArrayLength() == 0 || !value.EnumerateArray().All(item => IsWanted(name, item)) : !IsWanted(name, value))
                continue;
            _slots[i].Taken = true;
            if (!isList)
                yield return (name, value, $"{Place}.{name}");
            else
            {
                var index = 0;
                foreach (var item in value.EnumerateArray())
                    yield return (name, item, $"{Place}.{name}[{index++}]");
            }
        }
        bool IsWanted(string name, JsonElement value) => value.ValueKind == JsonValueKind.Object && wanted(name, value);
    }

    /// <summary>
    /// Everything unread as one compact JSON object of at most <see cref="AlertLimits.MaxExtra"/> characters, null where nothing is left.
    /// Whole fields are left out, never half of one; empty values say nothing and are dropped.
    /// </summary>
    public string? Extra()
    {
        if (_session.Scratch is not { } scratch)
            _session.Scratch = scratch = new JsonScratch();
        var extra = new ExtraWriter(scratch);
        WriteUnread(extra);
        if (extra.LeftOut.Count > 0)
            _session.Notes.Add($"{Place}: too long to keep: {string.Join(", ", extra.LeftOut)}.");
        return extra.ToJson();
    }

    private void WriteUnread(ExtraWriter extra)
    {
        foreach (ref var slot in _slots.AsSpan())
        {
            if (slot.Opened is not null)
            {
                var inner = extra.Inner();
                slot.Opened.WriteUnread(inner);
                extra.AddObject(slot.Name, inner);
            }
            else if (!slot.Taken && !IsEmpty(slot.Value) && !IsReference(slot.Value))
                extra.Add(slot.Name, slot.Value);
        }
    }

    /// <summary>"{$ref: 4}" means nothing outside its own message, and the entity it names is kept on its own.</summary>
    private static bool IsReference(JsonElement value) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("$ref", out _);

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => true,
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };

    /// <summary>Collects fields as JSON text, ASCII only (the default encoder), within the bound.</summary>
    private sealed class ExtraWriter(JsonScratch scratch)
    {
        private const int MostNamed = 8;
        private StringBuilder? _json;

        public List<string> LeftOut { get; } = [];

        public ExtraWriter Inner() => new(scratch);

        public string? ToJson() => _json?.Append('}').ToString();

        public void Add(string name, JsonElement value)
        {
            // A value whose raw text is far over the bound is not worth encoding to find out.
            if (JsonMarshal.GetRawUtf8Value(value).Length > 2 * AlertLimits.MaxExtra || name.Length > AlertLimits.MaxName)
            {
                Leave(name);
                return;
            }
            Append(name, scratch.Compact(value));
        }

        public void AddObject(string name, ExtraWriter inner)
        {
            foreach (var left in inner.LeftOut)
                Leave(left);
            if (inner.ToJson() is { } json)
                Append(name, json);
        }

        private void Append(string name, string json)
        {
            var encoded = JsonEncodedText.Encode(name).Value;
            if ((_json?.Length ?? 0) + encoded.Length + json.Length + 5 > AlertLimits.MaxExtra)
            {
                Leave(name);
                return;
            }
            _json = _json?.Append(",\"") ?? new StringBuilder("{\"", 256);
            _json.Append(encoded).Append("\":").Append(json);
        }

        private void Leave(string name)
        {
            if (LeftOut.Count < MostNamed)
                LeftOut.Add(SafeText.Line(name, 60, out _));
            else if (LeftOut.Count == MostNamed)
                LeftOut.Add("and more");
        }
    }
}

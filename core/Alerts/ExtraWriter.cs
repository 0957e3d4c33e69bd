using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace IRFunctions.Alerts;

/// <summary>Collects fields as JSON text, ASCII only (the default encoder), within the bound.</summary>
internal sealed class ExtraWriter(JsonScratch scratch)
{
    private const int MostNamed = 8;
    private StringBuilder? text;

    public List<string> LeftOut { get; } = [];

    public ExtraWriter Inner() => new(scratch);

    public string? ToJson() => text?.Append('}').ToString();

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
        if ((text?.Length ?? 0) + encoded.Length + json.Length + 5 > AlertLimits.MaxExtra)
        {
            Leave(name);
            return;
        }
        text = text?.Append(",\"") ?? new StringBuilder("{\"", 256);
        text.Append(encoded).Append("\":").Append(json);
    }

    private void Leave(string name)
    {
        if (LeftOut.Count < MostNamed)
            LeftOut.Add(SafeText.Line(name, 60, out _));
        else if (LeftOut.Count == MostNamed)
            LeftOut.Add("and more");
    }
}

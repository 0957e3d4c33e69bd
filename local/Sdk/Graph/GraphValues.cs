using System.Text.Json;

namespace Microsoft.Graph;

/// <summary>A Graph model as its named values; which is how "only what was set is sent" comes about.</summary>
internal interface IGraphModel
{
    GraphValues Values { get; }
}

/// <summary>The values of one model: what the service answered, and what was set since.</summary>
internal sealed class GraphValues
{
    private readonly Dictionary<string, JsonElement> answered = [];
    private readonly Dictionary<string, object?> set = [];

    public T? Get<T>(string name)
    {
        if (set.TryGetValue(name, out var value)) return (T?)value;
        return answered.TryGetValue(name, out var json) ? json.Deserialize<T>() : default;
    }

    public void Set(string name, object? value) => set[name] = value;

    public void Load(JsonElement json)
    {
        set.Clear();
        foreach (var property in json.EnumerateObject())
            if (property.Value.ValueKind != JsonValueKind.Null) answered[property.Name] = property.Value.Clone();
    }

    /// <summary>For values that are models themselves; what was answered is read once and then counts as set only if set again.</summary>
    public T? Get<T>(string name, Func<JsonElement, T> read) where T : class
    {
        if (set.TryGetValue(name, out var value)) return (T?)value;
        return answered.TryGetValue(name, out var json) ? read(json) : null;
    }

    /// <summary>What was set, also to null; nothing else, or a PATCH would write back what it never meant to change.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var (name, value) in set)
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case IGraphModel model:
                model.Values.Write(json);
                break;
            case IEnumerable<IGraphModel> models:
                json.WriteStartArray();
                foreach (var model in models) model.Values.Write(json);
                json.WriteEndArray();
                break;
            default:
                JsonSerializer.Serialize(json, value);
                break;
        }
    }
}

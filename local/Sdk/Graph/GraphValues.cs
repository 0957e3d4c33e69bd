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
    private readonly Dictionary<string, (System.Collections.IList Models, int Answered)> lists = [];

    public T? Get<T>(string name)
    {
        if (set.TryGetValue(name, out var value)) return (T?)value;
        return answered.TryGetValue(name, out var json) ? json.Deserialize<T>() : default;
    }

    /// <summary>Everything that was answered, for models that keep what they do not know.</summary>
    public IReadOnlyDictionary<string, JsonElement> All() => answered;

    public void Set(string name, object? value) => set[name] = value;

    public void Load(JsonElement json)
    {
        set.Clear();
        foreach (var property in json.EnumerateObject())
            if (property.Value.ValueKind != JsonValueKind.Null) answered[property.Name] = property.Value.Clone();
    }

    /// <summary>For lists of models. A list that was answered counts as set once entries were added or removed.</summary>
    public List<T>? GetList<T>(string name) where T : class, IGraphModel, new()
    {
        if (set.TryGetValue(name, out var value)) return (List<T>?)value;
        if (lists.TryGetValue(name, out var list)) return (List<T>)list.Models;
        if (!answered.TryGetValue(name, out var json)) return null;
        var models = json.EnumerateArray().Select(GraphModels.Read<T>).ToList();
        lists[name] = (models, models.Count);
        return models;
    }

    /// <summary>What was set, also to null; nothing else, or a PATCH would write back what it never meant to change.</summary>
    public void Write(Utf8JsonWriter json)
    {
        var changed = lists.Where(list => !set.ContainsKey(list.Key) && list.Value.Models.Count != list.Value.Answered)
            .Select(list => KeyValuePair.Create(list.Key, (object?)list.Value.Models));
        Write(json, set.Concat(changed));
    }

    // A model inside of another has no address of its own to PATCH, so it is always sent whole.
    private void WriteWhole(Utf8JsonWriter json) => Write(
        json,
        answered.Where(value => !set.ContainsKey(value.Key)).Select(value => KeyValuePair.Create(value.Key, (object?)value.Value)).Concat(set));

    private static void Write(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object?>> values)
    {
        json.WriteStartObject();
        foreach (var (name, value) in values)
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
                model.Values.WriteWhole(json);
                break;
            case IEnumerable<IGraphModel> models:
                json.WriteStartArray();
                foreach (var model in models) model.Values.WriteWhole(json);
                json.WriteEndArray();
                break;
            default:
                JsonSerializer.Serialize(json, value);
                break;
        }
    }
}

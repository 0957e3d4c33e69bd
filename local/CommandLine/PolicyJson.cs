using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using IRFunctions.Policies;

namespace IRFunctions.Local.CommandLine;

/// <summary>Alerts, assessments, facts and decisions as JSON, the same for cases, options and output.</summary>
internal static class PolicyJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowOutOfOrderMetadataProperties = true,
        NumberHandling = JsonNumberHandling.Strict,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>A YAML value as JSON: plain numbers, true, false and null become values, everything quoted stays text.</summary>
    public static JsonNode? From(YamlNode node) =>
        node switch
        {
            YamlMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key, From(entry.Value)))),
            YamlList list => new JsonArray([.. list.Items.Select(From)]),
            YamlText { Quoted: true } text => JsonValue.Create(text.Value),
            YamlText { Value: "" or "null" or "~" } => null,
            YamlText { Value: "true" or "false" } text => JsonValue.Create(text.Value == "true"),
            YamlText text when long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
                JsonValue.Create(number),
            YamlText text when decimal.TryParse(text.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) =>
                JsonValue.Create(number),
            YamlText text => JsonValue.Create(text.Value),
            _ => null,
        };
}

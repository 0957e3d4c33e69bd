using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace IRFunctions.Http.OpenApi;

/// <summary>
/// JSON Schemas of what goes in and out, by the base library's own exporter: the same reading of a type that writes it. Each record of ours
/// stands once under components.
/// </summary>
internal sealed class ApiSchemas
{
    private const string Place = "#/components/schemas/";

    private readonly Dictionary<string, Type> names = new(StringComparer.Ordinal);

    /// <summary>By name.</summary>
    public SortedDictionary<string, JsonNode> Components { get; } = new(StringComparer.Ordinal);

    /// <summary>The schema of a type: a reference where it is a record of ours.</summary>
    public JsonNode Of(Type type)
    {
        var options = TaggedResult.Json;
        return JsonSchemaExporter.GetJsonSchemaAsNode(
            options,
            type,
            new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform }
        );
    }

    private JsonNode Transform(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (schema is not JsonObject json)
            return schema is JsonValue v && v.TryGetValue<bool>(out var any) && any ? new JsonObject() : schema;
        if ((string?)json["$ref"] is { } seen && !seen.StartsWith(Place, StringComparison.Ordinal))
            json = Again(context);
        if (json.ContainsKey("$ref") || json.ContainsKey("anyOf"))
            return json;
        Describe(json, context.PropertyInfo?.AttributeProvider);
        Simplify(json, context.TypeInfo.Type);
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        return IsOurs(type) ? Named(type, json, context.TypeInfo) : json;
    }

    /// <summary>
    /// The exporter refers to where it wrote a type before; that place is another document here. A record of ours has its name by now, or
    /// will have it; anything else is written again.
    /// </summary>
    private JsonObject Again(JsonSchemaExporterContext context)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (!IsOurs(type))
            return (JsonObject)Of(context.TypeInfo.Type).DeepClone();
        var nullable = context.PropertyInfo?.IsGetNullable == true || type != context.TypeInfo.Type;
        return OrNull(new JsonObject { ["$ref"] = Place + type.Name }, nullable);
    }

    private static JsonObject OrNull(JsonObject reference, bool nullable) =>
        nullable ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) } : reference;

    /// <summary>Texts and limits stand on the properties.</summary>
    private static void Describe(JsonObject json, ICustomAttributeProvider? property)
    {
        if (property is null)
            return;
        foreach (var attribute in property.GetCustomAttributes(true))
        {
            if (attribute is DescriptionAttribute text)
                json["description"] = text.Description;
            if (attribute is MaxLengthAttribute most)
                json["maxLength"] = most.Length;
            if (attribute is RangeAttribute range)
                (json["minimum"], json["maximum"]) = (JsonValue.Create((int)range.Minimum), JsonValue.Create((int)range.Maximum));
        }
    }

    /// <summary>Numbers are written as numbers; what may be read from text besides is of no use to a reader.</summary>
    private static void Simplify(JsonObject json, Type type)
    {
        if (json["type"] is JsonArray several && several.Count > 1 && several.Any(t => (string?)t is "integer" or "number"))
        {
            foreach (var text in several.Where(t => (string?)t == "string").ToList())
                several.Remove(text);
            json.Remove("pattern");
            if (several.Count == 1)
                json["type"] = (string)several[0]!;
        }
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain == typeof(TimeSpan))
            json["description"] ??= "A length of time: [d.]hh:mm:ss[.fffffff].";
        if (plain.IsEnum && json["enum"] is not null && json["type"] is null)
            json["type"] = plain == type ? "string" : new JsonArray("string", "null");
    }

    private static bool IsOurs(Type type) =>
        type.Namespace?.StartsWith(nameof(IRFunctions), StringComparison.Ordinal) == true && !type.IsGenericType;

    /// <summary>Puts the record under components and refers to it.</summary>
    private JsonObject Named(Type type, JsonObject json, JsonTypeInfo info)
    {
        if (names.TryGetValue(type.Name, out var other) && other != type)
            throw new InvalidOperationException($"Two types of the API are called {type.Name}: {other} and {type}. Rename one.");
        var nullable = json["type"] is JsonArray types && types.Any(t => (string?)t == "null");
        var described = json["description"]?.DeepClone();
        if (names.TryAdd(type.Name, type))
        {
            var own = (JsonObject)json.DeepClone();
            own.Remove("description");
            if (nullable)
                own["type"] = type.IsEnum ? "string" : "object";
            if (own["enum"] is JsonArray values)
                foreach (var none in values.Where(v => v is null).ToList())
                    values.Remove(none);
            Require(own, info);
            Components[type.Name] = own;
        }
        var node = OrNull(new JsonObject { ["$ref"] = Place + type.Name }, nullable);
        if (described is not null)
            node["description"] = described;
        return node;
    }

    /// <summary>What is always written is always there. What people send says itself what it needs.</summary>
    private static void Require(JsonObject json, JsonTypeInfo info)
    {
        if (json["properties"] is not JsonObject)
            return;
        var body = info.Type.IsDefined(typeof(RequestBodyAttribute));
        var required = info
            .Properties.Where(p => p.Get is not null && (body ? Has<RequiredAttribute>(p) : !Has<JsonIgnoreAttribute>(p)))
            .Select(p => p.Name);
        json["required"] = new JsonArray([.. required.Select(n => (JsonNode)n)]);
        if (((JsonArray)json["required"]!).Count == 0)
            json.Remove("required");
    }

    private static bool Has<T>(JsonPropertyInfo property) => property.AttributeProvider?.GetCustomAttributes(typeof(T), true).Length > 0;
}

/// <summary>Marks what callers send: only what it marks as required has to be there.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RequestBodyAttribute : Attribute;

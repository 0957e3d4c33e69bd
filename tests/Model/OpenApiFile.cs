using System.Text.Json.Nodes;
using NJsonSchema;

namespace IRFunctions.Tests.Model;

/// <summary>
/// Schemas of an OpenAPI file as NJsonSchema can check them. Limits: it passes over `const`, `if/then` and `contains`, so `const` becomes a
/// one-value `enum` here, and `discriminator` is dropped (it would make NJsonSchema ignore the rest of the schema).
/// </summary>
internal sealed class OpenApiFile
{
    private readonly JsonObject root;

    private OpenApiFile(JsonObject root) => this.root = root;

    public static OpenApiFile Load(params string[] path) =>
        new(JsonNode.Parse(File.ReadAllText(Path.Combine([AppContext.BaseDirectory, "data", .. path])))!.AsObject());

    public IReadOnlyList<string> Paths => [.. root["paths"]!.AsObject().Select(p => p.Key)];

    public bool Has(string path, string method) => root["paths"]![path]?[method] is not null;

    /// <summary>Names of the documented query parameters.</summary>
    public IReadOnlyList<string> Parameters(string path, string method) =>
        [.. new[] { Operation(path, method)["parameters"], root["paths"]![path]!["parameters"] }.OfType<JsonArray>().SelectMany(p => p).Select(Resolve).Where(p => (string?)p["in"] == "query").Select(p => (string)p["name"]!)];

    private JsonNode Resolve(JsonNode? parameter) => (string?)parameter!["$ref"] is { } shared ? root["components"]!["parameters"]![shared[(shared.LastIndexOf('/') + 1)..]]! : parameter;

    public IReadOnlyList<string> Check(string schemaName, string json) =>
        CheckSchema(new JsonObject { ["$ref"] = $"#/components/schemas/{schemaName}" }, json);

    public IReadOnlyList<string> CheckRequest(string path, string method, string json) =>
        CheckSchema(Operation(path, method)["requestBody"]!["content"]!["application/json"]!["schema"]!, json);

    public IReadOnlyList<string> CheckResponse(string path, string method, int status, string json)
    {
        var responses = Operation(path, method)["responses"]!.AsObject();
        Assert.True(responses.ContainsKey($"{status}"), $"{method} {path} documents no {status}");
        var response = responses[$"{status}"]!;
        if ((string?)response["$ref"] is { } shared) response = root["components"]!["responses"]![shared[(shared.LastIndexOf('/') + 1)..]]!;
        return response["content"]?["application/json"]?["schema"] is { } schema ? CheckSchema(schema, json) : json.Length == 0 ? []
            : ["body where none is documented"];
    }

    private JsonObject Operation(string path, string method) => root["paths"]![path]![method]!.AsObject();

    private IReadOnlyList<string> CheckSchema(JsonNode schema, string json)
    {
        var definitions = new JsonObject();
        var top = Convert(schema, definitions).AsObject();
        top["definitions"] = definitions;
        var compiled = JsonSchema.FromJsonAsync(top.ToJsonString()).GetAwaiter().GetResult();
        return [.. compiled.Validate(json).Select(e => e.ToString())];
    }

    private JsonNode Convert(JsonNode node, JsonObject definitions) => node switch
    {
        JsonArray array => new JsonArray([.. array.Select(item => item is null ? null : Convert(item, definitions))]),
        JsonObject fields => ConvertObject(fields, definitions),
        _ => node.DeepClone(),
    };

    private JsonObject ConvertObject(JsonObject fields, JsonObject definitions)
    {
        if ((fields["$ref"] as JsonValue)?.TryGetValue<string>(out var reference) == true) return Reference(reference, definitions);
        var converted = new JsonObject();
        foreach (var (name, value) in fields)
        {
            switch (name)
            {
                case "discriminator" or "nullable" or "example" or "examples" or "description" or "format": break;
                case "const": converted["enum"] = new JsonArray(value?.DeepClone()); break;
                default: converted[name] = value is null ? null : Convert(value, definitions); break;
            }
        }
        if (fields["nullable"] is JsonValue nullable && nullable.TryGetValue<bool>(out var isNullable) && isNullable
            && fields["type"] is JsonValue type)
        {
            converted["type"] = new JsonArray(type.DeepClone(), "null");
        }
        return converted;
    }

    private JsonObject Reference(string reference, JsonObject definitions)
    {
        var name = reference[(reference.LastIndexOf('/') + 1)..];
        if (!definitions.ContainsKey(name))
        {
            definitions[name] = new JsonObject();
            definitions[name] = Convert(root["components"]!["schemas"]![name]!, definitions);
        }
        return new JsonObject { ["$ref"] = $"#/definitions/{name}" };
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// An OpenAPI file, and whether bodies keep to it. Its schemas are JSON Schema 2020-12 as they stand, but for `nullable` of OpenAPI 3.0,
/// which becomes a choice with null. Limits: `format` and `discriminator` are not looked at.
/// </summary>
internal sealed class OpenApiFile
{
    private readonly JsonObject root;
    private readonly Uri address;
    private readonly BuildOptions build = new() { SchemaRegistry = new SchemaRegistry(), Dialect = Dialect.Draft202012 };
    private readonly ConcurrentDictionary<string, JsonSchema> compiled = new(StringComparer.Ordinal);

    private OpenApiFile(string name, JsonObject root)
    {
        this.root = root;
        address = new Uri($"https://tests.example/{name}");
        build.SchemaRegistry.Register(new JsonElementBaseDocument(JsonSerializer.SerializeToElement(WithoutNullable(root)), address));
    }

    public static OpenApiFile Load(params string[] path) =>
        new(path[^1], JsonNode.Parse(File.ReadAllText(Path.Combine([AppContext.BaseDirectory, "data", .. path])))!.AsObject());

    public IReadOnlyList<string> Paths => [.. root["paths"]!.AsObject().Select(p => p.Key)];

    public bool Has(string path, string method) => root["paths"]![path]?[method] is not null;

    /// <summary>Names of the documented query parameters.</summary>
    public IReadOnlyList<string> Parameters(string path, string method) =>
        [
            .. new[] { Operation(path, method)["parameters"], root["paths"]![path]!["parameters"] }
                .OfType<JsonArray>()
                .SelectMany(p => p)
                .Select(Resolve)
                .Where(p => (string?)p["in"] == "query")
                .Select(p => (string)p["name"]!),
        ];

    private JsonNode Resolve(JsonNode? parameter) =>
        (string?)parameter!["$ref"] is { } shared
            ? root["components"]!["parameters"]![shared[(shared.LastIndexOf('/') + 1)..]]!
            : parameter;

    public IReadOnlyList<string> Check(string schemaName, string json) => CheckAt(json, "components", "schemas", schemaName);

    public IReadOnlyList<string> CheckRequest(string path, string method, string json)
    {
        _ = Operation(path, method)["requestBody"]!["content"]!["application/json"]!["schema"]!;
        return CheckAt(json, "paths", path, method, "requestBody", "content", "application/json", "schema");
    }

    public IReadOnlyList<string> CheckResponse(string path, string method, int status, string json)
    {
        var responses = Operation(path, method)["responses"]!.AsObject();
        Assert.True(responses.ContainsKey($"{status}"), $"{method} {path} documents no {status}");
        string[] place = ["paths", path, method, "responses", $"{status}"];
        var response = responses[$"{status}"]!;
        if ((string?)response["$ref"] is { } shared)
        {
            place = ["components", "responses", shared[(shared.LastIndexOf('/') + 1)..]];
            response = root["components"]!["responses"]![place[^1]]!;
        }
        return response["content"]?["application/json"]?["schema"] is not null
                ? CheckAt(json, [.. place, "content", "application/json", "schema"])
            : json.Length == 0 ? []
            : ["body where none is documented"];
    }

    private JsonObject Operation(string path, string method) => root["paths"]![path]![method]!.AsObject();

    private IReadOnlyList<string> CheckAt(string json, params string[] place)
    {
        var pointer = string.Concat(
            place.Select(p =>
                "/" + Uri.EscapeDataString(p.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal))
            )
        );
        var schema = compiled.GetOrAdd(
            pointer,
            p => JsonSchema.Build(JsonSerializer.SerializeToElement(new JsonObject { ["$ref"] = $"{address}#{p}" }), build)
        );
        return Schemas.Problems(schema, json);
    }

    private static JsonNode? WithoutNullable(JsonNode? node)
    {
        if (node is JsonArray list)
            return new JsonArray([.. list.Select(WithoutNullable)]);
        if (node is not JsonObject fields)
            return node?.DeepClone();
        var copy = new JsonObject(fields.Select(f => KeyValuePair.Create(f.Key, WithoutNullable(f.Value))));
        if (copy["nullable"] is not JsonValue nullable || nullable.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
            return copy;
        copy.Remove("nullable");
        return nullable.GetValueKind() == JsonValueKind.False
            ? copy
            : new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "null" }, copy) };
    }
}

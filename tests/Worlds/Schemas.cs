using System.Text.Json;
using Json.Schema;

namespace IRFunctions.Tests.Worlds;

/// <summary>JSON Schemas of the tests and what a text has against them.</summary>
internal static class Schemas
{
    private static readonly EvaluationOptions Listed = new() { OutputFormat = OutputFormat.List };

    /// <summary>Reads a schema, with a registry of its own so that two tests may read the same file.</summary>
    public static JsonSchema Load(string path) =>
        JsonSchema.FromText(File.ReadAllText(path), new BuildOptions { SchemaRegistry = new SchemaRegistry() });

    /// <summary>What is wrong with a JSON text, with the place in it; empty where it keeps to the schema.</summary>
    public static IReadOnlyList<string> Problems(JsonSchema schema, string json)
    {
        using var document = JsonDocument.Parse(json);
        var results = schema.Evaluate(document.RootElement, Listed);
        if (results.IsValid)
            return [];
        string[] problems =
        [
            .. (results.Details ?? [])
                .Where(d => d.Errors is not null)
                .SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Value} ({e.Key})")),
        ];
        return problems.Length > 0 ? problems : ["does not keep to the schema"];
    }
}

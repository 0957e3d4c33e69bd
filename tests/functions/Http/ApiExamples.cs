using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Http.OpenApi;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Http;

/// <summary>Examples of the description are answers that were given, with long lists shortened.</summary>
internal static class ApiExamples
{
    private const int MostRows = 2;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(IEnumerable<(ApiDescription.Operation Operation, Exchange Said)> said)
    {
        var examples = new JsonObject();
        var good = said.Where(s => s.Said is { Status: < 300, ContentType: "application/json" });
        foreach (var one in good.GroupBy(s => s.Operation.Name).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var example = new JsonObject();
            if (one.Select(s => s.Said.Request).FirstOrDefault(r => r.StartsWith('{')) is { } request)
                example["request"] = JsonNode.Parse(request);
            // Of several answers the one that says most.
            example["answers"] = new JsonObject(
                one.GroupBy(s => s.Said.Status)
                    .OrderBy(g => g.Key)
                    .Select(g => KeyValuePair.Create($"{g.Key}", Short(JsonNode.Parse(g.MaxBy(s => s.Said.Body.Length).Said.Body))))
            );
            examples[one.Key] = example;
        }
        File.WriteAllText(
            Path.Combine(Sources.Root, "functions", "Http", "OpenApi", "api.examples.json"),
            examples.ToJsonString(Json).ReplaceLineEndings("\n") + "\n"
        );
    }

    private static JsonNode? Short(JsonNode? node) =>
        node switch
        {
            JsonArray list => new JsonArray([.. list.Take(MostRows).Select(Short)]),
            JsonObject json => new JsonObject(json.Select(p => KeyValuePair.Create(p.Key, Short(p.Value)))),
            _ => node?.DeepClone(),
        };
}

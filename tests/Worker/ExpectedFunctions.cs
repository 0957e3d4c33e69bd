using System.Text.Json.Nodes;

namespace IRFunctions.Tests.RealWorker;

/// <summary>
/// tests/data/worker/functions.json: every function with its bindings, as the host must get them. Changed by hand together with a function.
/// </summary>
internal static class ExpectedFunctions
{
    private static readonly IReadOnlyList<JsonNode> Expected = Read(
        Path.Combine(AppContext.BaseDirectory, "data", "worker", "functions.json")
    );

    public static IReadOnlyList<string> Names => [.. Expected.Select(Name)];

    public static IReadOnlyList<string> OfKind(string trigger) =>
        [.. Expected.Where(f => f["bindings"]!.AsArray().Any(b => (string)b!["type"]! == trigger)).Select(Name)];

    /// <summary>The trigger's binding of one function.</summary>
    public static JsonNode Trigger(string function) => Expected.Single(f => Name(f) == function)["bindings"]![0]!;

    public static IReadOnlyList<JsonNode> Read(string file) => [.. JsonNode.Parse(File.ReadAllText(file))!.AsArray().Select(f => f!)];

    /// <summary>Names, entry points and bindings; what differs is shown function by function. The order says nothing.</summary>
    public static void AssertSame(IEnumerable<JsonNode> functions)
    {
        var (expected, actual) = (Expected.Select(Line).ToList(), functions.Select(Line).ToList());
        string[] differences =
        [
            .. expected.Except(actual).Select(f => $"missing: {f}"),
            .. actual.Except(expected).Select(f => $"unexpected: {f}"),
        ];
        Assert.True(differences.Length == 0, string.Join('\n', differences));
        Assert.Equal(expected.Count, actual.Count);
    }

    private static string Name(JsonNode function) => (string)function["name"]!;

    private static string Line(JsonNode function) =>
        $"{function["name"]} {function["entryPoint"]} {Sorted(function["bindings"])!.ToJsonString()}";

    private static JsonNode? Sorted(JsonNode? node) =>
        node switch
        {
            // The file of the build has empty properties where what the worker says of itself has none.
            JsonObject o => new JsonObject(
                o.Where(p => p.Value is not JsonObject { Count: 0 })
                    .OrderBy(p => p.Key, StringComparer.Ordinal)
                    .Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))
            ),
            JsonArray a => new JsonArray([.. a.Select(Sorted)]),
            _ => node?.DeepClone(),
        };
}

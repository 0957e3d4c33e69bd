using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.Local.Host;
using Json.Schema;

namespace IRFunctions.Tests.Http;

/// <summary>The API is what its description says: every function is in it, and every answer of a running world keeps to it.</summary>
public sealed partial class ApiDescriptionTests
{
    /// <summary>What answers with pages, and the bot, whose callers have a protocol of their own.</summary>
    private static readonly string[] Elsewhere = ["PostMessages", "PostSlack"];

    private static readonly JsonObject Description = JsonNode.Parse(ApiDescription.Bytes)!.AsObject();

    private static IReadOnlyList<ApiDescription.Operation> Operations => ApiDescription.OperationsOf(typeof(ApiDescription).Assembly);

    private static IEnumerable<ApiDescription.Operation> Api =>
        Operations.Where(o => o.Path.StartsWith("/api/", StringComparison.Ordinal) && !IsPage(o) && !Elsewhere.Contains(o.Name));

    private static bool IsPage(ApiDescription.Operation operation) =>
        operation.Method.DeclaringType!.Namespace!.Contains("Operator", StringComparison.Ordinal);

    [Fact]
    public void Every_HTTP_function_of_the_app_is_described_under_its_own_address()
    {
        var catalog = FunctionCatalog.Discover(typeof(ApiDescription).Assembly, _ => "x");
        var described = Description["paths"]!
            .AsObject()
            .SelectMany(p => p.Value!.AsObject().Select(v => (string)v.Value!["operationId"]!))
            .Order(StringComparer.Ordinal);
        Assert.Equal(catalog.Http.Select(f => f.Name).Order(StringComparer.Ordinal), described);
    }

    [Fact]
    public async Task Every_answer_of_a_running_world_keeps_to_the_description_and_every_function_has_answered()
    {
        await using var served = await ServedWorld.StartAsync();
        var story = new ApiStory(served);
        await story.RunAsync();
        var problems = story.Said.SelectMany(ProblemsOf).ToList();
        Assert.True(problems.Count == 0, string.Join('\n', problems));
        var answered = story.Said.Where(s => s.Status < 300).Select(s => OperationOf(s)!.Name).ToHashSet();
        Assert.True(
            Api.All(o => answered.Contains(o.Name)),
            string.Join('\n', story.Said.Where(s => s.Status >= 300).Select(s => $"{s.Method} {s.Path}: {s.Status} {s.Body}"))
        );
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            ApiExamples.Write(story.Said.Select(s => (OperationOf(s)!, s)));
    }

    [Fact]
    public void Every_answer_with_a_body_has_an_example_that_keeps_to_its_schema()
    {
        foreach (var operation in Api)
        {
            var responses = Of(operation)["responses"]!.AsObject().Where(r => r.Key.StartsWith('2'));
            foreach (var (status, response) in responses)
            {
                if (response!["content"]?["application/json"] is not { } content)
                    continue;
                Assert.True(content["example"] is not null, $"{operation.Name} {status} has no example: UPDATE_DOCS=1 writes it.");
                Assert.Empty(Schemas.Problems(SchemaOf(content["schema"]!), content["example"]!.ToJsonString()));
            }
        }
    }

    [Fact]
    public async Task Every_function_refuses_a_parameter_that_it_does_not_know_and_names_those_it_does()
    {
        await using var served = await ServedWorld.StartAsync();
        foreach (var operation in Api)
        {
            var path = Placeholder().Replace(operation.Path, m => m.Groups[1].Value == "version" ? "1" : "incident-x");
            using var request = new HttpRequestMessage(new HttpMethod(operation.Verb.ToUpperInvariant()), path + "?nonsense=1");
            request.Headers.Add(DevelopmentSignIn.Header, World.Alex);
            if (operation.Verb != "get")
                request.Content = new StringContent("{}");
            using var answer = await served.Http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True((int)answer.StatusCode == 400, $"{operation.Name}: {answer.StatusCode} {text}");
            var detail = (string)JsonNode.Parse(text)!["detail"]!;
            var known = QueryReader.ParametersOf(
                operation.Method.GetCustomAttributes(typeof(QueryAttribute), false) is [QueryAttribute query]
                    ? query.Parameters
                    : typeof(NoQuery)
            );
            Assert.Contains(known.Count == 0 ? "takes none" : QueryReader.NameOf(known[0]), detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_list_has_pages_of_at_most_200_rows_and_a_link()
    {
        foreach (var operation in Api.Where(o => o.Verb == "get"))
        {
            var content = Of(operation)["responses"]!["200"]?["content"]?["application/json"];
            if (content is null || Resolve(content["schema"]!)["properties"] is not JsonObject properties)
                continue;
            var pages = properties.ContainsKey("next");
            Assert.Equal(pages, Of(operation)["parameters"]?.AsArray().Any(p => (string)p!["name"]! == "continuation") == true);
            if (pages)
                Assert.Equal(
                    200,
                    (int)Of(operation)["parameters"]!.AsArray().Single(p => (string)p!["name"]! == "top")!["schema"]!["maximum"]!
                );
        }
        Assert.True(Api.Count(o => o.Verb == "get") > 15);
    }

    private static IEnumerable<string> ProblemsOf(Exchange said)
    {
        var place = $"{said.Method} {said.Path}: {said.Status}";
        if (OperationOf(said) is not { } operation)
            return [$"{place}: no such operation"];
        var responses = Of(operation)["responses"]!.AsObject();
        if (!responses.ContainsKey($"{said.Status}"))
            return [$"{place}: this status is not described: {said.Body}"];
        var response = Resolve(responses[$"{said.Status}"]!);
        if (response["content"] is not JsonObject content)
            return said.Body.Length == 0 ? [] : [$"{place}: a body is not described: {said.Body}"];
        if (said.ContentType is null || content[said.ContentType] is not { } media)
            return [$"{place}: {said.ContentType} is not described"];
        return said.ContentType is "application/json" or "application/problem+json"
            ? Schemas.Problems(SchemaOf(media["schema"]!), said.Body).Select(p => $"{place}: {p}")
            : [];
    }

    private static ApiDescription.Operation? OperationOf(Exchange said)
    {
        var path = "/" + said.Path.Split('?')[0];
        return Operations
            .Where(o => o.Verb.Equals(said.Method, StringComparison.OrdinalIgnoreCase))
            .Where(o => Regex.IsMatch(path, "^" + Placeholder().Replace(o.Path, "[^/]+") + "$"))
            .OrderBy(o => o.Path.Count(c => c == '{'))
            .FirstOrDefault();
    }

    private static JsonNode Of(ApiDescription.Operation operation) => Description["paths"]![operation.Path]![operation.Verb]!;

    private static JsonNode Resolve(JsonNode node)
    {
        while (node["$ref"] is { } reference)
        {
            var place = (JsonNode)Description;
            foreach (var part in ((string)reference!).Split('/').Skip(1))
                place = place[part]!;
            node = place;
        }
        return node;
    }

    /// <summary>As described, and closed: a property that is not described is a problem here.</summary>
    private static JsonSchema SchemaOf(JsonNode schema)
    {
        var whole = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["allOf"] = new JsonArray(schema.DeepClone()),
            ["components"] = new JsonObject { ["schemas"] = Description["components"]!["schemas"]!.DeepClone() },
        };
        Close(whole["components"]);
        return JsonSchema.FromText(whole.ToJsonString(), new BuildOptions { SchemaRegistry = new SchemaRegistry() });
    }

    private static void Close(JsonNode? node)
    {
        if (node is JsonObject json)
        {
            if (json["properties"] is JsonObject properties && properties.All(p => p.Value is JsonObject) && json["type"] is not null)
                json["additionalProperties"] ??= false;
            foreach (var (_, value) in json.ToList())
                Close(value);
        }
        else if (node is JsonArray list)
        {
            foreach (var value in list)
                Close(value);
        }
    }

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Placeholder();
}

using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.Formatters;

namespace IRFunctions.Http.OpenApi;

/// <summary>What an operation answers: what its method says, and the refusals that follow from what it is.</summary>
internal static class ApiResponses
{
    public const string Problem = "ProblemDetails";

    private const string Json = "application/json";

    public static JsonObject Of(ApiDescription.Operation operation, bool open, ApiSchemas schemas, JsonObject? examples)
    {
        var responses = new JsonObject();
        var declared = operation.Method.GetCustomAttributes<ProducesResponseTypeAttribute>().OrderBy(p => p.StatusCode).ToList();
        foreach (var answer in declared)
            responses[$"{answer.StatusCode}"] = Answer(answer, schemas, examples);
        if (declared.Count == 0)
            responses["200"] = new JsonObject { ["description"] = "A page or a document." };
        if (operation.Verb == "get" && declared.Any(d => d.StatusCode == 200 && IsJson(d)) && !open)
            responses["304"] = new JsonObject { ["description"] = "The caller has it already (If-None-Match)." };
        foreach (var status in Refusals(operation, open))
            responses[$"{status}"] ??= new JsonObject { ["$ref"] = "#/components/responses/" + Problem };
        responses["default"] = new JsonObject { ["$ref"] = "#/components/responses/" + Problem };
        return responses;
    }

    private static IEnumerable<int> Refusals(ApiDescription.Operation operation, bool open)
    {
        yield return 400;
        if (!open)
            yield return 401;
        if (operation.Verb != "get" && !open)
            yield return 403;
        if (operation.Path.Contains('{', StringComparison.Ordinal))
            yield return 404;
        if (operation.Verb != "get" && !open)
            yield return 409;
        if (operation.Method.IsDefined(typeof(IfMatchAttribute)) && operation.Verb != "get")
            yield return 412;
        if (operation.Method.IsDefined(typeof(AcceptsAttribute)))
            yield return 413;
    }

    private static bool IsJson(ProducesResponseTypeAttribute answer) =>
        answer.Type is { } type && type != typeof(void) && type != typeof(Stream) && type != typeof(string);

    private static JsonObject Answer(ProducesResponseTypeAttribute answer, ApiSchemas schemas, JsonObject? examples)
    {
        var json = new JsonObject { ["description"] = answer.Description ?? (answer.StatusCode == 202 ? "Taken." : "The answer.") };
        if (answer.Type is null || answer.Type == typeof(void))
            return json;
        var type = ContentTypeOf(answer);
        var content = new JsonObject { ["schema"] = IsJson(answer) ? schemas.Of(answer.Type) : new JsonObject { ["type"] = "string" } };
        if (examples?["answers"]?[$"{answer.StatusCode}"] is { } example && IsJson(answer))
            content["example"] = example.DeepClone();
        json["content"] = new JsonObject { [type] = content };
        if (answer.StatusCode == 200 && IsJson(answer))
            json["headers"] = new JsonObject
            {
                ["ETag"] = new JsonObject
                {
                    ["description"] = "Changes with the answer; send it as If-None-Match.",
                    ["schema"] = new JsonObject { ["type"] = "string" },
                },
            };
        return json;
    }

    private static string ContentTypeOf(ProducesResponseTypeAttribute answer)
    {
        var types = new MediaTypeCollection();
        ((IApiResponseMetadataProvider)answer).SetContentTypes(types);
        return types.FirstOrDefault() ?? Json;
    }

    public static JsonObject ProblemSchema() =>
        new()
        {
            ["type"] = "object",
            ["description"] = "Problem details (RFC 9457).",
            ["required"] = new JsonArray("type", "title", "status", "detail"),
            ["properties"] = new JsonObject
            {
                ["type"] = new JsonObject { ["type"] = "string", ["description"] = "Stable name of the problem, urn:irfunctions:..." },
                ["title"] = new JsonObject { ["type"] = "string" },
                ["status"] = new JsonObject { ["type"] = "integer" },
                ["detail"] = new JsonObject { ["type"] = "string", ["description"] = "What to do about it, in a sentence." },
            },
        };

    public static JsonObject ProblemResponse() =>
        new()
        {
            ["description"] = "Nothing was done; says why and what to do.",
            ["content"] = new JsonObject
            {
                ["application/problem+json"] = new JsonObject
                {
                    ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/" + Problem },
                    ["example"] = new JsonObject
                    {
                        ["type"] = "urn:irfunctions:query",
                        ["title"] = "Unknown query parameter",
                        ["status"] = 400,
                        ["detail"] = "There is no parameter 'stat'. Known here: state, severity, top, continuation.",
                    },
                },
            },
        };
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Http.OpenApi;

/// <summary>
/// The OpenAPI 3.1 description of every HTTP function, from the triggers, the standard attributes on their methods and the types they
/// answer with. Examples are answers of a running world; a test writes and checks them.
/// </summary>
internal static partial class ApiDescription
{
    public const string Version = "3.1.1";

    private const string Problem = "ProblemDetails";
    private const string Json = "application/json";
    private const string ExamplesFile = "api.examples.json";

    private static readonly Lazy<byte[]> Whole = new(() =>
        JsonSerializer.SerializeToUtf8Bytes(Write(typeof(ApiDescription).Assembly), TaggedResult.Json)
    );

    /// <summary>As JSON, UTF-8.</summary>
    public static byte[] Bytes => Whole.Value;

    /// <summary>An HTTP function as the description has it.</summary>
    /// <param name="Path">With the prefix, parameters without constraints.</param>
    /// <param name="Verb">Lower case.</param>
    internal sealed record Operation(string Name, MethodInfo Method, string Path, string Verb, string Route);

    /// <summary>Every HTTP function of an assembly.</summary>
    public static IReadOnlyList<Operation> OperationsOf(Assembly assembly)
    {
        var found = (
            from method in assembly
                .GetTypes()
                .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            let function = method.GetCustomAttribute<FunctionAttribute>()
            let trigger = method.GetParameters().Select(p => p.GetCustomAttribute<HttpTriggerAttribute>()).FirstOrDefault(t => t is not null)
            where function is not null && trigger is not null
            from verb in trigger.Methods ?? []
            select (function.Name, method, Route: trigger.Route ?? function.Name, Verb: verb.ToLowerInvariant())
        ).ToList();
        // Routes are whole where the host adds no prefix; otherwise it adds its usual one.
        var whole = found.Any(f => f.Route.StartsWith("api/", StringComparison.Ordinal));
        return
        [
            .. found
                .Select(f => new Operation(f.Name, f.method, "/" + (whole ? "" : "api/") + Constraint().Replace(f.Route, "{$1}"), f.Verb, f.Route))
                .OrderBy(o => o.Path, StringComparer.Ordinal)
                .ThenBy(o => o.Verb, StringComparer.Ordinal),
        ];
    }

    public static JsonObject Write(Assembly assembly)
    {
        var schemas = new ApiSchemas();
        var examples = Examples(assembly);
        var paths = new JsonObject();
        var tags = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var operation in OperationsOf(assembly))
        {
            var path = paths[operation.Path] as JsonObject ?? [];
            paths[operation.Path] = path;
            path[operation.Verb] = OperationOf(operation, schemas, examples[operation.Name] as JsonObject, tags);
        }
        schemas.Components[Problem] = ProblemSchema();
        return new JsonObject
        {
            ["openapi"] = Version,
            ["info"] = Info(),
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "Where this description was read." }),
            ["security"] = new JsonArray(new JsonObject { ["entra"] = new JsonArray() }),
            ["tags"] = new JsonArray([.. tags.Select(t => (JsonNode)new JsonObject { ["name"] = t, ["description"] = TagText(t) })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["entra"] = new JsonObject
                    {
                        ["type"] = "http",
                        ["scheme"] = "bearer",
                        ["bearerFormat"] = "JWT",
                        ["description"] =
                            "A token of Entra ID for this app. On a local run the header X-Dev-User with an object id takes its place.",
                    },
                },
                ["responses"] = new JsonObject { [Problem] = ProblemResponse() },
                ["schemas"] = new JsonObject(schemas.Components.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
            },
        };
    }

    private static JsonObject Info() =>
        new()
        {
            ["title"] = "IRFunctions",
            ["version"] = "1",
            ["summary"] = "Incident response that asks before it hurts, and can take back what it did.",
            ["description"] =
                "Lists have pages of at most 200 rows and a link `next` to the next one; a page may be empty and still have one. Unknown "
                + "query parameters are refused. Errors are problem details (RFC 9457). Times are UTC. GET decides nothing.",
            ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            ["contact"] = new JsonObject { ["name"] = "Whoever runs this pipeline", ["url"] = "https://example.org/" },
        };

    private static string TagText(string tag) => $"Everything under {tag}.";

    private static JsonObject OperationOf(Operation operation, ApiSchemas schemas, JsonObject? examples, SortedSet<string> tags)
    {
        var method = operation.Method;
        var segment = operation.Path.TrimStart('/').Split('/') is ["api", var second, ..] ? second : "pages";
        var tag = method.GetCustomAttribute<TagsAttribute>()?.Tags[0] ?? segment.Split('.')[0];
        tags.Add(tag);
        var open = method.GetCustomAttribute<OpenToAllAttribute>() is not null;
        var parameters = new JsonArray([.. PathParameters(operation, schemas), .. QueryParameters(method, schemas)]);
        if (operation.Verb != "get" && method.IsDefined(typeof(IfMatchAttribute)))
            parameters.Add(Header("If-Match", "The ETag that was seen: 412 where it has changed since."));
        var json = new JsonObject
        {
            ["operationId"] = operation.Name,
            ["summary"] = method.GetCustomAttribute<EndpointSummaryAttribute>()?.Summary ?? operation.Name,
            ["description"] =
                method.GetCustomAttribute<EndpointDescriptionAttribute>()?.Description
                ?? method.GetCustomAttribute<EndpointSummaryAttribute>()?.Summary
                ?? operation.Name,
            ["tags"] = new JsonArray(tag),
        };
        if (open)
            json["security"] = new JsonArray();
        if (parameters.Count > 0)
            json["parameters"] = parameters;
        if (Body(method, schemas, examples) is { } body)
            json["requestBody"] = body;
        json["responses"] = Responses(operation, open, schemas, examples);
        return json;
    }

    private static IEnumerable<JsonNode> PathParameters(Operation operation, ApiSchemas schemas) =>
        from Match match in Placeholder().Matches(operation.Path)
        let name = match.Groups[1].Value
        let parameter = operation.Method.GetParameters().FirstOrDefault(p => p.Name == name)
        select new JsonObject
        {
            ["name"] = name,
            ["in"] = "path",
            ["required"] = true,
            ["description"] = parameter?.GetCustomAttribute<DescriptionAttribute>()?.Description ?? $"Which {name}.",
            ["schema"] = schemas.Of(parameter?.ParameterType ?? typeof(string)),
        };

    private static IEnumerable<JsonNode> QueryParameters(MethodInfo method, ApiSchemas schemas) =>
        from parameter in QueryReader.ParametersOf(method.GetCustomAttribute<QueryAttribute>()?.Parameters ?? typeof(NoQuery))
        let type = Nullable.GetUnderlyingType(parameter.PropertyType) ?? parameter.PropertyType
        select new JsonObject
        {
            ["name"] = QueryReader.NameOf(parameter),
            ["in"] = "query",
            ["description"] = parameter.GetCustomAttribute<DescriptionAttribute>()!.Description,
            ["schema"] = Limited(schemas.Of(type), parameter),
        };

    private static JsonNode Limited(JsonNode schema, PropertyInfo parameter)
    {
        if (parameter.GetCustomAttribute<RangeAttribute>() is { } range)
            (schema["minimum"], schema["maximum"]) = (JsonValue.Create((int)range.Minimum), JsonValue.Create((int)range.Maximum));
        if (parameter.GetCustomAttribute<MaxLengthAttribute>() is { } most)
            schema["maxLength"] = most.Length;
        return schema;
    }

    private static JsonObject Header(string name, string text) =>
        new()
        {
            ["name"] = name,
            ["in"] = "header",
            ["description"] = text,
            ["schema"] = new JsonObject { ["type"] = "string" },
        };

    private static JsonObject? Body(MethodInfo method, ApiSchemas schemas, JsonObject? examples)
    {
        if (method.GetCustomAttribute<AcceptsAttribute>() is not { } accepts)
            return null;
        var content = new JsonObject
        {
            ["schema"] = accepts.Body is { } type ? schemas.Of(type) : new JsonObject { ["type"] = "string", ["format"] = "binary" },
        };
        if (accepts.Body is not null && examples?["request"] is { } example)
            content["example"] = example.DeepClone();
        return new JsonObject
        {
            ["required"] = !accepts.IsOptional,
            ["content"] = new JsonObject { [accepts.ContentType] = content },
        };
    }

    private static JsonObject Responses(Operation operation, bool open, ApiSchemas schemas, JsonObject? examples)
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

    private static IEnumerable<int> Refusals(Operation operation, bool open)
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
        var content = new JsonObject
        {
            ["schema"] = IsJson(answer) ? schemas.Of(answer.Type) : new JsonObject { ["type"] = "string" },
        };
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
        var types = new Microsoft.AspNetCore.Mvc.Formatters.MediaTypeCollection();
        ((Microsoft.AspNetCore.Mvc.ApiExplorer.IApiResponseMetadataProvider)answer).SetContentTypes(types);
        return types.FirstOrDefault() ?? Json;
    }

    private static JsonObject ProblemSchema() =>
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

    private static JsonObject ProblemResponse() =>
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

    private static JsonObject Examples(Assembly assembly)
    {
        using var file = assembly.GetManifestResourceStream(ExamplesFile);
        return file is null ? [] : JsonNode.Parse(file)!.AsObject();
    }

    [GeneratedRegex(@"\{(\w+)(?::[^}]*)?\}")]
    private static partial Regex Constraint();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Placeholder();
}

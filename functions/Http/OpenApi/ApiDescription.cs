using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Http.OpenApi;

/// <summary>
/// The OpenAPI 3.1 description of every HTTP function, from the triggers, the standard attributes on their methods and the types they
/// answer with. Examples are answers of a running world; a test writes and checks them.
/// </summary>
internal static partial class ApiDescription
{
    public const string Version = "3.1.1";

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
                .SelectMany(t =>
                    t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
                )
            let function = method.GetCustomAttribute<FunctionAttribute>()
            let trigger = method
                .GetParameters()
                .Select(p => p.GetCustomAttribute<HttpTriggerAttribute>())
                .FirstOrDefault(t => t is not null)
            where function is not null && trigger is not null
            from verb in trigger.Methods ?? []
            select (function.Name, method, Route: trigger.Route ?? function.Name, Verb: verb.ToLowerInvariant())
        ).ToList();
        // Routes are whole where the host adds no prefix; otherwise it adds its usual one.
        var whole = found.Any(f => f.Route.StartsWith("api/", StringComparison.Ordinal));
        return
        [
            .. found
                .Select(f => new Operation(
                    f.Name,
                    f.method,
                    "/" + (whole ? "" : "api/") + Constraint().Replace(f.Route, "{$1}").Replace("?}", "}", StringComparison.Ordinal),
                    f.Verb,
                    f.Route
                ))
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
        schemas.Components[ApiResponses.Problem] = ApiResponses.ProblemSchema();
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
                ["responses"] = new JsonObject { [ApiResponses.Problem] = ApiResponses.ProblemResponse() },
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
        json["responses"] = ApiResponses.Of(operation, open, schemas, examples);
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

using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Http;
using IRFunctions.Incidents;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Stories;

/// <summary>
/// What an assistant may use: reading, and proposing a containment. Each tool asks the same function as the API, as the person who is
/// signed in, so that it can see and do nothing that they cannot. There is no tool that approves, releases, confirms or stops.
/// </summary>
internal sealed class McpTools(IServiceProvider services)
{
    /// <param name="Parameters">Record whose properties are the arguments; null where <paramref name="Needed"/> says all.</param>
    /// <param name="Needed">Arguments that have to be given, with what they mean.</param>
    /// <param name="Ask">Calls the API's own function.</param>
    internal sealed record Tool(
        string Name,
        string Description,
        bool ReadsOnly,
        Type? Parameters,
        IReadOnlyList<(string Name, string Means)> Needed,
        Func<Call, Task<IActionResult>> Ask
    );

    /// <summary>One call, with what the API's functions take.</summary>
    internal sealed record Call(
        IServiceProvider Services,
        HttpRequest Request,
        DurableTaskClient Client,
        IReadOnlyDictionary<string, string> Given,
        CancellationToken Cancellation
    )
    {
        public T Api<T>() => ActivatorUtilities.CreateInstance<T>(Services);
    }

    public static IReadOnlyList<Tool> All { get; } =
    [
        new(
            "list_waiting_requests",
            "Requests that wait for people: what is asked, on whom, why, until when. Reading decides nothing.",
            true,
            typeof(ApprovalQuery),
            [],
            c => c.Api<ApprovalsApi>().ListAsync(c.Request, c.Client, c.Cancellation)
        ),
        new(
            "list_containments",
            "What is in effect, since when, until when, and for which incidents; with all=true what has ended, too.",
            true,
            typeof(ContainmentQuery),
            [],
            c => c.Api<ContainmentsApi>().ListAsync(c.Request, c.Client, c.Cancellation)
        ),
        new(
            "list_incidents",
            "Alerts, newest first, by state, severity, identity, words and time.",
            true,
            typeof(IncidentQuery),
            [],
            c => c.Api<IncidentsApi>().ListAsync(c.Request, c.Client, c.Cancellation)
        ),
        new(
            "read_story",
            "What happened in an incident, in plain words, and why.",
            true,
            typeof(StoryQuery),
            [("incident", "Key of the incident, incident-...")],
            c => c.Api<AuditApi>().StoryAsync(c.Request, c.Given["incident"], c.Cancellation)
        ),
        new(
            "find_on_record",
            "Everything on the record about a person, address or host, or in a time.",
            true,
            typeof(FindQuery),
            [],
            c => c.Api<AuditApi>().FindAsync(c.Request, c.Cancellation)
        ),
        new(
            "propose_containment",
            "Proposes a containment to people. Nothing runs by this: somebody other than the person signed in here has to approve it.",
            false,
            null,
            [
                ("action", "Name of an action of the policy."),
                ("kind", ContainmentRequest.Kinds),
                ("id", "Object id, address or message id of the target."),
                ("reason", "Why; stands on the record."),
            ],
            c => c.Api<ContainmentRequestApi>().ProposeAsync(c.Request, c.Client, c.Cancellation)
        ),
    ];

    /// <summary>What a tool answered: the API's own JSON, or its problem.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tool, or an argument is missing; the message names it.</exception>
    public async Task<(string Text, bool IsError)> CallAsync(
        string name,
        IReadOnlyDictionary<string, JsonElement> arguments,
        HttpRequest from,
        DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var tool = All.FirstOrDefault(t => t.Name == name) ?? throw new KeyNotFoundException($"There is no tool {name}.");
        var given = arguments.ToDictionary(
            a => a.Key,
            a => a.Value.ValueKind == JsonValueKind.String ? a.Value.GetString()! : a.Value.GetRawText()
        );
        if (tool.Needed.FirstOrDefault(n => !given.ContainsKey(n.Name)) is { Name: { } missing })
            throw new KeyNotFoundException($"{name} needs the argument {missing}.");
        var request = RequestOf(tool, given, from);
        var answer = await tool.Ask(new Call(services, request, client, given, cancellation));
        var (value, status) = answer is ObjectResult result ? (result.Value, result.StatusCode ?? 200) : (null, 200);
        return (JsonSerializer.Serialize(value, value?.GetType() ?? typeof(object), TaggedResult.Json), status >= 400);
    }

    /// <summary>As the caller, with their sign-in, and with the arguments where the API has them.</summary>
    private static HttpRequest RequestOf(Tool tool, Dictionary<string, string> given, HttpRequest from)
    {
        var http = new DefaultHttpContext { User = from.HttpContext.User, RequestServices = from.HttpContext.RequestServices };
        foreach (var name in (string[])["Authorization", "X-MS-CLIENT-PRINCIPAL"])
            if (from.Headers.TryGetValue(name, out var header))
                http.Request.Headers[name] = header;
        if (tool.Parameters is not null)
        {
            var query = new QueryBuilder(given.Where(g => tool.Needed.All(n => n.Name != g.Key)));
            http.Request.QueryString = query.ToQueryString();
            return http.Request;
        }
        var body = new JsonObject
        {
            ["action"] = given["action"],
            ["target"] = new JsonObject { ["kind"] = given["kind"], ["id"] = given["id"] },
            ["reason"] = given["reason"],
        };
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body.ToJsonString()));
        return http.Request;
    }

    /// <summary>JSON Schema of a tool's arguments.</summary>
    public static JsonElement SchemaOf(Tool tool)
    {
        var properties = new JsonObject();
        foreach (var (name, means) in tool.Needed)
            properties[name] = new JsonObject { ["type"] = "string", ["description"] = means };
        foreach (var parameter in QueryReader.ParametersOf(tool.Parameters ?? typeof(NoQuery)))
            properties[QueryReader.NameOf(parameter)] = SchemaOf(parameter);
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (tool.Needed.Count > 0)
            schema["required"] = new JsonArray([.. tool.Needed.Select(n => (JsonNode)n.Name)]);
        return JsonSerializer.SerializeToElement(schema);
    }

    private static JsonObject SchemaOf(PropertyInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.PropertyType) ?? parameter.PropertyType;
        var schema = new JsonObject
        {
            ["type"] =
                type == typeof(int) ? "integer"
                : type == typeof(bool) ? "boolean"
                : "string",
            ["description"] = parameter.GetCustomAttribute<System.ComponentModel.DescriptionAttribute>()!.Description,
        };
        if (type.IsEnum)
            schema["enum"] = new JsonArray([.. Enum.GetNames(type).Select(n => (JsonNode)n)]);
        return schema;
    }
}

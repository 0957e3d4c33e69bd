using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IRFunctions.Tests.Deploy;

/// <summary>A compiled template (ARM JSON), without the templates nested in it: those are modules, with files of their own.</summary>
internal sealed class Template(string path, JsonObject root)
{
    public string Path => path;

    public IReadOnlyDictionary<string, JsonNode> Parameters =>
        (root["parameters"]?.AsObject() ?? []).ToDictionary(p => p.Key, p => p.Value!);

    /// <summary>What the template creates: neither what exists already nor the deployments that modules become.</summary>
    public IEnumerable<Resource> Resources =>
        All.Where(r => r["existing"] is null && (string)r["type"]! != Deployment).Select(r => new Resource(r));

    /// <summary>Every call of a function, wherever it stands.</summary>
    public IEnumerable<ArmExpression> Calls =>
        Texts(root).Select(ArmExpression.Read).OfType<ArmExpression>().SelectMany(e => e.WithParts).Where(e => e.IsCall);

    private const string Deployment = "Microsoft.Resources/deployments";

    // A template that names its resources (language version 2.0) holds them as an object, others as an array.
    private IEnumerable<JsonObject> All =>
        (root["resources"] is JsonObject named ? named.Select(r => r.Value) : root["resources"]!.AsArray()).Select(r => r!.AsObject());

    private static IEnumerable<string> Texts(JsonNode? node) =>
        node switch
        {
            JsonObject o when (string?)(o["type"] as JsonValue) == Deployment => o.Where(p => p.Key != "properties")
                .SelectMany(p => Texts(p.Value))
                .Concat(Texts(o["properties"]!["parameters"])),
            JsonObject o => o.SelectMany(p => Texts(p.Value)),
            JsonArray a => a.SelectMany(Texts),
            JsonValue v when v.TryGetValue<string>(out var text) => [text],
            _ => [],
        };
}

/// <summary>A resource of a template or of a deployment.</summary>
internal sealed record Resource(JsonObject Body)
{
    public string Type => (string)Body["type"]!;

    /// <summary>All names from the outermost resource to this one, or an expression where only Azure knows it.</summary>
    public string Name => (string)Body["name"]!;

    public string OwnName => Name.Split('/')[^1];

    public JsonNode? this[string property] => Body["properties"]?[property];
}

/// <summary>What the compiler's snapshot predicts for one set of parameters.</summary>
internal sealed class Deployed(JsonObject snapshot)
{
    public IReadOnlyList<Resource> Resources { get; } =
    [.. snapshot["predictedResources"]!.AsArray().Select(r => new Resource(r!.AsObject()))];

    public IReadOnlyList<string> Complaints => [.. snapshot["diagnostics"]!.AsArray().Select(d => d!.ToJsonString())];

    public IEnumerable<Resource> Of(string type) => Resources.Where(r => r.Type == type);

    /// <summary>Names of the app's settings. Some values only Azure knows: the whole is an expression that unites objects.</summary>
    public IReadOnlySet<string> AppSettings()
    {
        var settings = Of("Microsoft.Web/sites/config").Single(c => c.OwnName == "appsettings").Body["properties"]!;
        if (settings is JsonObject plain)
            return plain.Select(p => p.Key).ToHashSet();
        var objects = ArmExpression.Read((string)settings!)!.WithParts.Where(e => e is { IsCall: true, Word: "createObject" });
        return objects.SelectMany(o => o.Arguments.Where((_, i) => i % 2 == 0)).Select(key => key.Word).ToHashSet();
    }

    public IEnumerable<RoleAssignment> RoleAssignments => Of("Microsoft.Authorization/roleAssignments").Select(RoleAssignment.Of);
}

/// <summary>Who (a literal id, or an expression that names the resource whose identity it is) holds which role on which resource.</summary>
internal sealed record RoleAssignment(string RoleId, string Scope, string Principal)
{
    public static RoleAssignment Of(Resource resource)
    {
        var id = (string)resource.Body["id"]!;
        // Where the name depends on an identity that does not exist yet, the id is extensionResourceId(scope, type, name).
        var scope = ArmExpression.Read(id) is { Word: "extensionResourceId" } call
            ? call.Arguments[0].Word
            : id.Split("/providers/Microsoft.Authorization/roleAssignments/")[0];
        return new RoleAssignment(((string)resource["roleDefinitionId"]!).Split('/')[^1], scope, (string)resource["principalId"]!);
    }
}

/// <summary>An expression of a template, taken apart: a call with arguments, or a text, a number or a name without any.</summary>
internal sealed partial record ArmExpression(
    string Word,
    bool IsCall,
    IReadOnlyList<ArmExpression> Arguments,
    IReadOnlyList<ArmExpression> Indexes
)
{
    public IEnumerable<ArmExpression> WithParts => Arguments.Concat(Indexes).SelectMany(a => a.WithParts).Prepend(this);

    /// <summary>Null where the text is none: an expression stands in brackets, and two of them begin a text that looks like one.</summary>
    public static ArmExpression? Read(string text) =>
        text.StartsWith('[') && !text.StartsWith("[[", StringComparison.Ordinal) && text.EndsWith(']')
            ? Next(new(Token().Matches(text[1..^1]).Select(m => m.Value)))
            : null;

    private static ArmExpression Next(Queue<string> tokens)
    {
        var token = tokens.Dequeue();
        var isText = token.StartsWith('\'');
        var isCall = !isText && tokens.TryPeek(out var open) && open == "(";
        var arguments = isCall ? Listed(tokens, ")") : [];
        List<ArmExpression> indexes = [];
        while (tokens.TryPeek(out var follows) && follows is "." or "[")
        {
            if (follows == "[")
                indexes.AddRange(Listed(tokens, "]"));
            else
                (_, _) = (tokens.Dequeue(), tokens.Dequeue());
        }
        return new ArmExpression(isText ? token[1..^1].Replace("''", "'", StringComparison.Ordinal) : token, isCall, arguments, indexes);
    }

    private static List<ArmExpression> Listed(Queue<string> tokens, string close)
    {
        List<ArmExpression> items = [];
        tokens.Dequeue();
        while (tokens.Peek() != close)
        {
            items.Add(Next(tokens));
            if (tokens.Peek() == ",")
                tokens.Dequeue();
        }
        tokens.Dequeue();
        return items;
    }

    [GeneratedRegex(@"'(?:[^']|'')*'|[A-Za-z_$]\w*|-?\d+|[()\[\],.]")]
    private static partial Regex Token();
}

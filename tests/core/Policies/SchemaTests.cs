using System.Text.Json.Nodes;
using IRFunctions.Local.CommandLine;
using IRFunctions.Policies;
using Json.Schema;

namespace IRFunctions.Tests.Policies;

/// <summary>The JSON Schemas that editors use say the same as the loader, as far as a schema can.</summary>
public sealed class SchemaTests
{
    /// <summary>Maps whose keys are names of the author's choosing, so that a schema cannot object to them.</summary>
    private static readonly string[] OpenMaps =
    [
        "actions",
        "checks",
        "groups",
        "ladders",
        "techniques",
        "criticality",
        "evidence",
        "signals",
    ];

    private static readonly IReadOnlyList<PolicyFile> Base = PolicyFolder.Read(
        Path.Combine(AppContext.BaseDirectory, "data", "policies", "base")
    );

    public static TheoryData<string> Names => [.. PolicyNames.All];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_shipped_file_satisfies_its_schema(string name)
    {
        var schema = SchemaOf(name);
        Assert.Empty(Schemas.Problems(schema, Json(Shipped.Files.Single(file => file.Name == name)).ToJsonString()));
        Assert.Empty(Schemas.Problems(schema, Json(Base.Single(file => file.Name == name)).ToJsonString()));
    }

    [Fact]
    public void Every_case_file_satisfies_its_schema()
    {
        var schema = Schemas.Load(Path.Combine(Shipped.Folder, "cases.schema.json"));
        Assert.All(PolicyFolder.ReadCases(Shipped.Folder), file => Assert.Empty(Schemas.Problems(schema, Json(file).ToJsonString())));
        Assert.Equal(PolicyNames.All.Count, PolicyFolder.ReadCases(Shipped.Folder).Count);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_misspelt_key_is_refused_by_schema_and_loader_alike(string name)
    {
        var schema = SchemaOf(name);
        var file = Base.Single(candidate => candidate.Name == name);
        var tried = 0;
        foreach (var (key, inOpenMap) in KeysOf(Json(file), open: false).Distinct())
        {
            if (inOpenMap)
                continue;
            var broken = file with { Text = System.Text.RegularExpressions.Regex.Replace(file.Text, $@"(?<=^|[\s{{,]){key}:", $"{key}x:") };
            Assert.NotEqual(file.Text, broken.Text);
            Assert.NotEmpty(Schemas.Problems(schema, Json(broken).ToJsonString()));
            var errors = PolicyLoader.Load([.. Base.Where(other => other.Name != name), broken], Shipped.Catalogue, Shipped.Today).Errors;
            Assert.Contains(errors, error => error.Key.Contains($"{key}x", StringComparison.Ordinal) && error.Intent is not null);
            tried++;
        }

        Assert.True(tried > 1, $"{tried} keys");
    }

    private static JsonSchema SchemaOf(string name) =>
        Schemas.Load(Path.Combine(Shipped.Folder, name.Replace(".yaml", ".schema.json", StringComparison.Ordinal)));

    private static JsonNode Json(PolicyFile file)
    {
        var errors = new List<PolicyError>();
        var map = YamlTree.Read(file, new PolicyErrors(file.Name, errors));
        Assert.Empty(errors);
        return PolicyJson.From(map!)!;
    }

    private static IEnumerable<(string Key, bool InOpenMap)> KeysOf(JsonNode? node, bool open) =>
        node switch
        {
            JsonObject map => map.SelectMany(pair => KeysOf(pair.Value, OpenMaps.Contains(pair.Key)).Prepend((pair.Key, open))),
            JsonArray list => list.SelectMany(item => KeysOf(item, open: false)),
            _ => [],
        };
}

using System.Reflection;
using System.Text.Json.Nodes;
using IRFunctions.Containment;
using IRFunctions.Containment.Actions;
using IRFunctions.Decisions;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Stories;
using IRFunctions.Tests.Recording;
using IRFunctions.Tests.Style;
using Json.Schema;

namespace IRFunctions.Tests.Stories;

/// <summary>What goes out in others' forms keeps to the schemas that those publish: OCSF 1.8.0, CACAO 2.0, OpenC2 1.0.</summary>
public sealed class SharedFormTests
{
    private const string Adele = "00000000-0000-4000-8000-0000000000a1";

    private static readonly Lazy<JsonSchema> OcsfSchema = new(() => Schemas.Load(PathOf("ocsf", "schema.json")));
    private static readonly Lazy<JsonSchema> OpenC2Schema = new(() => Schemas.Load(PathOf("openc2", "command.json")));
    private static readonly Lazy<JsonSchema> CacaoSchema = new(LoadCacao);
    private readonly RecordRig rig = new();

    private static string PathOf(params string[] parts) => Path.Combine([Sources.Root, "tests", "data", .. parts]);

    /// <summary>The schemas refer to each other by address; all are in one registry.</summary>
    private static JsonSchema LoadCacao()
    {
        var options = new BuildOptions { SchemaRegistry = new SchemaRegistry() };
        var folder = PathOf("cacao", "schemas");
        var open = System
            .IO.Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith("playbook.json", StringComparison.Ordinal));
        var waiting = new Queue<string>(open);
        // One is read after those it refers to: whoever refers to one that is not there yet waits.
        for (var tries = waiting.Count * waiting.Count; waiting.TryDequeue(out var file); tries--)
        {
            try
            {
                JsonSchema.FromText(File.ReadAllText(file), options);
            }
            catch (RefResolutionException) when (tries > 0)
            {
                waiting.Enqueue(file);
            }
        }
        return JsonSchema.FromText(File.ReadAllText(Path.Combine(folder, "playbook.json")), options);
    }

    public static TheoryData<string> Kinds() =>
        [
            .. typeof(AuditKinds)
                .GetFields(BindingFlags.Public | BindingFlags.Static)
                .Concat(typeof(ContainmentKinds).GetFields(BindingFlags.Public | BindingFlags.Static | BindingFlags.NonPublic))
                .Where(f => f.FieldType == typeof(string))
                .Select(f => (string)f.GetValue(null)!),
        ];

    /// <summary>On an incident's chain about an action, about nothing, and on the pipeline's own chain, by a person and by a timer.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_kind_of_entry_is_an_event_of_the_schema_and_none_is_of_class_0(string kind)
    {
        await rig.IncidentAsync("incident-1", Adele);
        var about = new About("disable_user_account_temporarily", $"account:{Adele}", "user a1");
        await rig.Chain.AppendAsync("incident-1", [RecordRig.Fact("a", kind, "text", null, about), RecordRig.Fact("b", kind)]);
        await rig.Chain.AppendAsync("pipeline", [RecordRig.Fact("c", kind), RecordRig.Fact("d", kind) with { Actor = Adele }]);
        using var stream = new MemoryStream();
        await rig.Export.WriteOcsfAsync(stream, null);
        foreach (var line in System.Text.Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.Empty(Schemas.Problems(OcsfSchema.Value, line));
            Assert.NotEqual(0, (int)JsonNode.Parse(line)!["class_uid"]!);
        }
    }

    [Fact]
    public async Task An_event_with_anything_that_the_schema_does_not_know_is_refused_by_it()
    {
        await rig.IncidentAsync("incident-1", Adele);
        using var stream = new MemoryStream();
        await rig.Export.WriteOcsfAsync(stream, "incident-1");
        var line = JsonNode.Parse(System.Text.Encoding.UTF8.GetString(stream.ToArray()).Split('\n')[0])!.AsObject();
        line["remark"] = "x";
        Assert.NotEmpty(Schemas.Problems(OcsfSchema.Value, line.ToJsonString()));
        line.Remove("remark");
        line["type_uid"] = 200499 + 1;
        Assert.NotEmpty(Schemas.Problems(OcsfSchema.Value, line.ToJsonString()));
    }

    [Fact]
    public async Task What_was_done_for_an_incident_is_a_playbook_of_the_schema()
    {
        await rig.IncidentAsync("incident-1", Adele, "Bad \u202e title");
        var about = new About("disable_user_account_temporarily", $"account:{Adele}", "user a1");
        await rig.Chain.AppendAsync("incident-1", [RecordRig.Fact("u", AuditKinds.Undone, "user can sign in again", null, about)]);
        var playbook = Cacao.Of(await rig.Chain.ReadAsync("incident-1"))!;
        Assert.Empty(Schemas.Problems(CacaoSchema.Value, playbook.ToJsonString()));
        var steps = playbook["workflow"]!.AsObject();
        Assert.Equal(["start", "action", "action", "end"], steps.Select(s => (string)s.Value!["type"]!));
        Assert.Equal("switch off the account user a1", (string)steps.ElementAt(1).Value!["name"]!);
        Assert.Equal("incident-1/6", (string)steps.ElementAt(1).Value!["external_references"]![0]!["external_id"]!);
        var next = (string)playbook["workflow_start"]!; // From the start each step leads to the next, and the last one ends.
        for (var i = 0; i < 3; i++)
            next = (string)steps[next]!["on_completion"]!;
        Assert.Equal("end", (string)steps[next]!["type"]!);
        Assert.DoesNotContain(
            '\u202e',
            playbook.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
        );
        playbook["workflow"]!.AsObject().Clear();
        playbook.Remove("created");
        Assert.NotEmpty(Schemas.Problems(CacaoSchema.Value, playbook.ToJsonString()));
    }

    [Fact]
    public async Task An_incident_for_which_nothing_was_done_is_a_playbook_without_steps()
    {
        await rig.Chain.AppendAsync("incident-2", [RecordRig.Fact("a")]);
        var playbook = Cacao.Of(await rig.Chain.ReadAsync("incident-2"))!;
        Assert.Empty(Schemas.Problems(CacaoSchema.Value, playbook.ToJsonString()));
        Assert.Null(Cacao.Of([]));
    }

    public static TheoryData<string, string> Commands()
    {
        var targets = new Dictionary<string, JsonObject>
        {
            ["ipv4"] = OpenC2.Address(new Target("ip", "203.0.113.77", "")),
            ["ipv6"] = OpenC2.Address(new Target("ip", "2001:db8::77", "")),
            ["logging"] = OpenC2.Logging(new Target("host", "h1", ""), "debug"),
            ["workload"] = OpenC2.WorkloadAspect(new Target("workload", "w1", ""), "session", "paused"),
        };
        var commands = new TheoryData<string, string> { { "pairs", OpenC2.QueryPairs("p").ToJsonString() } };
        foreach (var (name, target) in targets)
        {
            JsonObject Fresh() => target.DeepClone().AsObject();
            commands.Add($"query {name}", OpenC2.Query("q", Fresh()).ToJsonString());
            foreach (var action in (string[])["deny", "set", "contain", "stop", "delete", "copy"])
                commands.Add($"{action} {name}", OpenC2.Do(action, "d", Fresh(), "holder", TimeSpan.FromHours(2)).ToJsonString());
            commands.Add($"do for ever {name}", OpenC2.Do("contain", "d", Fresh(), "holder", null).ToJsonString());
            commands.Add($"restore {name}", OpenC2.Restore("r", Fresh(), "holder", "normal").ToJsonString());
        }
        return commands;
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_to_the_connector_keeps_to_the_schema(string name, string command)
    {
        Assert.NotEmpty(name);
        Assert.Empty(Schemas.Problems(OpenC2Schema.Value, command));
        Assert.NotEmpty(Schemas.Problems(OpenC2Schema.Value, command.Replace("command_id", "id", StringComparison.Ordinal)));
    }
}

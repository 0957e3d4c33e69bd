using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IRFunctions.Alerts;
using IRFunctions.Local.Machine;
using IRFunctions.Record;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Deploy;

/// <summary>The alerts on the pipeline look for lines it really writes, and the playbooks send what the parser takes.</summary>
[Collection(Bicep.Collection)]
public sealed partial class WatchingTests(Bicep bicep)
{
    private static readonly string[] Watched = ["rollback-failed", "expired", "stop-engaged"];

    [Fact]
    public void Alert_rules_look_for_lines_that_are_written() => Assert.Empty(Problems(bicep.Shipped, Telemetry()));

    [Theory]
    [InlineData("record: rollback-failed", "record: rollbackfailed")]
    [InlineData("startswith \"heartbeat\"", "startswith \"heart beat\"")]
    public void A_rule_that_looks_for_something_else_is_seen(string old, string changed) =>
        Assert.NotEmpty(Problems(bicep.With("bicep/modules/alerts.bicep", old, changed), Telemetry()));

    [Theory]
    [InlineData("record: {Kind}", "recorded: {Kind}")]
    [InlineData("heartbeat: policy", "alive: policy")]
    public void A_line_that_is_written_differently_is_seen(string old, string changed) =>
        Assert.NotEmpty(Problems(bicep.Shipped, Telemetry().Replace(old, changed, StringComparison.Ordinal)));

    [Fact]
    public void Dead_letters_are_watched_on_the_queue()
    {
        var rules = bicep.Shipped.Everything.Of("Microsoft.Insights/metricAlerts");
        var rule = rules.Single(r => r.Name.EndsWith("-dead-letters", StringComparison.Ordinal));
        var criterion = rule["criteria"]!["allOf"]![0]!;
        Assert.Equal("DeadletteredMessages", (string)criterion["metricName"]!);
        var queues = criterion["dimensions"]![0]!["values"]!.AsArray().Select(v => (string)v!);
        Assert.Equal([LocalMachine.AlertsQueue, LocalMachine.ActivityQueue], queues);
    }

    [Theory]
    [InlineData("sentinel-incident.json", "['object']?['name']")]
    [InlineData("sentinel-alert.json", "['SystemAlertId']")]
    [InlineData("defender-for-cloud.json", "['SystemAlertId']")]
    public void A_playbook_sends_the_whole_body_under_a_stable_message_id(string file, string id)
    {
        var actions = Playbook(file)["actions"]!;
        Assert.Contains(id, (string)actions["Message_id"]!["inputs"]!, StringComparison.Ordinal);
        var send = actions.AsObject().First(a => a.Key.StartsWith("Send", StringComparison.Ordinal)).Value!["inputs"]!;
        Assert.Equal("@triggerBody()", (string)send["body"]!);
        Assert.Equal("@parameters('queueUrl')", (string)send["uri"]!);
        Assert.Contains("outputs('Message_id')", (string)send["headers"]!["BrokerProperties"]!, StringComparison.Ordinal);
        Assert.Equal("ManagedServiceIdentity", (string)send["authentication"]!["type"]!);
        Assert.DoesNotContain("guid()", actions.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("utcNow()", actions.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_incident_that_was_too_large_still_reads_as_an_alert()
    {
        var body = Playbook("sentinel-incident.json")["actions"]!["Send_without_alerts"]!["inputs"]!["body"]!.DeepClone();
        var incident = JsonNode.Parse(File.ReadAllText(Path.Combine(Sources.Root, "samples", "sentinel-incident-trigger.json")))!;
        Fill(body, incident);
        var reading = AlertParser.Read(System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()));
        Assert.NotNull(reading.Alert);
        Assert.Equal(
            AlertParser.Read(File.ReadAllBytes(Path.Combine(Sources.Root, "samples", "sentinel-incident-trigger.json"))).Alert!.Id,
            reading.Alert!.Id
        );
    }

    private static void Fill(JsonNode node, JsonNode trigger)
    {
        foreach (var (key, value) in node.AsObject().ToList())
        {
            if (value is JsonObject inner)
                Fill(inner, trigger);
            else
                node[key] = PathPart()
                    .Matches((string)value!)
                    .Aggregate((JsonNode?)trigger, (at, part) => at?[part.Groups[1].Value])
                    ?.DeepClone();
        }
    }

    private static IEnumerable<string> Problems(BicepFolder folder, string telemetry)
    {
        var kinds = typeof(AuditKinds)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => (string)f.GetRawConstantValue()!)
            .ToHashSet();
        var rules = folder.Everything.Of("Microsoft.Insights/scheduledQueryRules");
        var queries = rules.Select(r => (string)r["criteria"]!["allOf"]![0]!["query"]!).ToList();
        var recorded = queries.SelectMany(q => Query().Matches(q)).Select(m => m.Groups[1].Value).ToList();
        foreach (var kind in recorded.Where(k => !kinds.Contains(k)))
            yield return $"a rule looks for {kind}, which is never recorded";
        foreach (var kind in Watched.Where(w => !recorded.Contains(w)))
            yield return $"nothing watches {kind}";
        if (!telemetry.Contains("Message = \"record: {Kind} ", StringComparison.Ordinal))
            yield return "the record's lines do not start with record: and the kind";
        if (!queries.Any(q => q.Contains("startswith \"heartbeat\"", StringComparison.Ordinal)))
            yield return "nothing watches the heartbeat";
        if (!telemetry.Contains("Message = \"heartbeat: ", StringComparison.Ordinal))
            yield return "no line starts with heartbeat";
    }

    private static JsonNode Playbook(string file) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Sources.Root, "bicep", "playbooks", file)))!;

    private static string Telemetry() =>
        string.Concat(
            ((string[])["Heartbeat.cs", "RecordLog.cs"]).Select(f => File.ReadAllText(Path.Combine(Sources.Root, "functions", "Health", f)))
        );

    [GeneratedRegex(@"startswith ""record: ([\w-]+)""")]
    private static partial Regex Query();

    [GeneratedRegex(@"\['(\w+)'\]")]
    private static partial Regex PathPart();
}

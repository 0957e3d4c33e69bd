using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>The collected real samples (tests/data/alerts, NOTICE beside them) and the demonstration's samples, by name.</summary>
internal static class Real
{
    public const string Adele = "00000000-0000-4000-8000-0000000000a1";
    public const string Megan = "00000000-0000-4000-8000-0000000000a2";

    public static JsonNode Data(string name) => Parse(Path.Combine(AppContext.BaseDirectory, "data", "alerts", name));

    /// <summary>An input of tests/data/alerts/cases by its number.</summary>
    public static JsonNode Case(string number) =>
        Parse(System.IO.Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "data", "alerts", "cases"), number + "-*.json").Single());

    public static JsonNode Sample(string name) => Parse(Path.Combine(AppContext.BaseDirectory, "samples", name));

    public static IEnumerable<string> SampleNames() =>
        System
            .IO.Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples"), "*.json")
            .Select(path => Path.GetFileName(path)!)
            .Order();

    public static JsonArray Rows() => Data("securityalert_table_rows.json").AsArray();

    public static JsonObject GraphAlert() => Data("alerts_v2_get.json").AsObject();

    public static JsonObject GraphIncident() =>
        Data("incidents_list.json")["example2_expand_alerts_camelCaseEnums"]!["value"]![0]!.AsObject();

    public static JsonObject ArmAlert() => Data("incident_alerts_entities_comments.json")["list_alerts"]!["value"]![0]!.AsObject();

    public static JsonArray ArmEntities() =>
        Data("incident_alerts_entities_comments.json")["entities_by_alert"]!.AsObject().First().Value!.AsArray();

    /// <summary>Every real message, each one alert, under a name that says where it comes from.</summary>
    public static IEnumerable<(string Name, JsonNode Message)> Messages()
    {
        foreach (var (row, index) in Rows().Select((row, index) => (row!, index)))
            yield return ($"row {index}", row);
        yield return ("alerts_v2", GraphAlert());
        foreach (var (name, list) in Data("incidents_list.json").AsObject())
            yield return (name, list!);
        yield return ("arm alert", ArmAlert());
        yield return ("arm alert list", Data("incident_alerts_entities_comments.json")["list_alerts"]!);
        yield return (
            "arm alert and entities",
            new JsonObject { ["alert"] = ArmAlert().DeepClone(), ["entities"] = ArmEntities().DeepClone() }
        );
        yield return ("arm incident", Data("incident_alerts_entities_comments.json")["incident"]!);
        yield return ("incident trigger", Data("incident_trigger_empty_relations.json"));
        foreach (var (message, index) in Data("xdr_incidents_api_outputs.json").AsArray().Select((message, index) => (message!, index)))
            yield return ($"xdr incident {index}", message);
        foreach (var (message, index) in Data("mde_alerts.json").AsArray().Select((message, index) => (message!, index)))
            yield return ($"mde alert {index}", message);
        foreach (var (message, index) in Data("sentinel_rest_incidents.json").AsArray().Select((message, index) => (message!, index)))
            yield return ($"sentinel rest {index}", message);
        foreach (var name in SampleNames())
            yield return (name, Sample(name));
    }

    public static byte[] Bytes(JsonNode message) => Encoding.UTF8.GetBytes(message.ToJsonString());

    public static AlertReading Read(JsonNode message) => AlertParser.Read(Bytes(message));

    public static AlertReading Read(string message) => AlertParser.Read(Encoding.UTF8.GetBytes(message));

    public static Alert Alert(JsonNode message)
    {
        var reading = Read(message);
        Assert.True(reading.IsAlert, reading.Explanation);
        return reading.Alert;
    }

    public static string Json(Alert alert) => JsonSerializer.Serialize(alert, Web);

    public static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private static JsonNode Parse(string path) => JsonNode.Parse(System.IO.File.ReadAllText(path))!;
}

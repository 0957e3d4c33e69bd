using System.Globalization;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>Alerts of one incident of Defender XDR lead to one response, whichever door each of them came through.</summary>
public sealed class OneIncidentTests
{
    private const string Tenant = "00000000-0000-4000-8000-000000000001";
    private const string Link = "https://security.microsoft.com/alerts/da41?tid=" + Tenant;

    private static JsonObject All =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "life", "one-incident.json")))!.AsObject();

    /// <summary>Names of the messages, each of which says that it is of incident 410.</summary>
    public static TheoryData<string> Shapes() => [.. All.Select(shape => shape.Key)];

    private static string Row(string properties, string? link) =>
        new JsonObject
        {
            ["TenantId"] = "aaaa0000-0000-4000-8000-00000000000a",
            ["SystemAlertId"] = "cccc0000-0000-4000-8000-000000010041",
            ["AlertName"] = "x",
            ["AlertLink"] = link,
            ["ExtendedProperties"] = properties,
            ["Entities"] = "[]",
        }.ToJsonString();

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_shape_of_an_alert_of_the_incident_has_the_incidents_key(string shape)
    {
        var graph = Real.GraphAlert();
        (graph["tenantId"], graph["incidentId"]) = (Tenant, "410");
        var alert = Real.Alert(All[shape]!);
        Assert.Equal((Tenant, "410"), (alert.TenantId, alert.IncidentId));
        Assert.Equal(Correlation.IncidentKey(Real.Alert(graph)), Correlation.IncidentKey(alert));
    }

    [Theory]
    [InlineData("""{"IncidentId":"410"}""", "https://portal.example/alerts/1?tid=" + Tenant)] // not the portal's tenant
    [InlineData("""{"IncidentId":"410"}""", null)] // a number without its tenant
    [InlineData("""{"IncidentId":"0"}""", Link)]
    [InlineData("""{"IncidentId":"33330000-0000-4000-8000-000000000005"}""", Link)] // Sentinel's own
    [InlineData("""{"Custom":"{\"IncidentId\":\"410\"}"}""", Link)]
    public void A_number_that_is_no_incident_of_defender_leaves_the_row_its_own(string properties, string? link)
    {
        var alert = Real.Alert(JsonNode.Parse(Row(properties, link))!);
        Assert.Equal(("aaaa0000-0000-4000-8000-00000000000a", null), (alert.TenantId, alert.IncidentId));
    }

    /// <summary>
    /// The collected rows are of 2019, before Defender numbered incidents in them. With the numbers that their connector writes today,
    /// alerts of one machine and day are one incident.
    /// </summary>
    [Fact]
    public void The_113_real_rows_are_as_many_incidents_as_their_source_counts()
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var real in Real.Rows())
        {
            var row = real!.DeepClone();
            var group = $"{row["CompromisedEntity"]} {row["StartTimeUtc"]!.ToString()[..10]}";
            if (!numbers.TryGetValue(group, out var number))
                numbers[group] = number = numbers.Count + 1;
            var properties = JsonNode.Parse(row["ExtendedProperties"]?.ToString() is { Length: > 0 } text ? text : "{}")!.AsObject();
            properties["IncidentId"] = number.ToString(CultureInfo.InvariantCulture);
            (row["ExtendedProperties"], row["AlertLink"]) = (properties.ToJsonString(), Link);
            keys.Add(Correlation.IncidentKey(Real.Alert(row)));
        }
        Assert.Equal(numbers.Count, keys.Count);
        Assert.InRange(keys.Count, 2, 112);
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>Alerts of one incident of Defender XDR lead to one response, whichever door each of them came through.</summary>
public sealed class OneIncidentTests
{
    private const string Tenant = "00000000-0000-4000-8000-000000000001";
    private const string Link = "https://security.microsoft.com/alerts/da41?tid=" + Tenant;

    public static TheoryData<string, string> Shapes() =>
        new()
        {
            { "row", Row($$"""{"IncidentId":"410"}""", Link) },
            { "row, a number", Row("""{"IncidentId":410}""", Link) },
            { "row, in upper case", Row("""{"IncidentId":"410"}""", Link.Replace("tid=", "TID=", StringComparison.Ordinal)) },
            {
                "row, only links",
                Row("{}", null, $$"""[{"Href":"https://security.microsoft.com/incidents/410?tid={{Tenant}}","Type":"webLink"}]""")
            },
            {
                "row, the tenant in its links",
                Row(
                    """{"IncidentId":"410"}""",
                    null,
                    $$"""[{"Href":"https://security.microsoft.com/incident2/410/overview?tid={{Tenant}}"}]"""
                )
            },
            { "Graph alert", $$"""{"id":"da41","title":"x","serviceSource":"y","incidentId":"410","tenantId":"{{Tenant}}"}""" },
            {
                "Graph incident",
                $$"""{"@odata.type":"#microsoft.graph.security.incident","id":"410","displayName":"x","tenantId":"{{Tenant}}"}"""
            },
            {
                "Defender API incident",
                $$"""{"incidentId":410,"incidentName":"x","incidentUri":"https://security.microsoft.com/incidents/410?tid={{Tenant}}","alerts":[]}"""
            },
            {
                "Defender API alert",
                $$"""{"id":"da41","incidentId":410,"title":"x","alertCreationTime":"2026-01-01T00:00:00Z","aadTenantId":"{{Tenant}}"}"""
            },
            {
                "ARM alert",
                $$"""{"kind":"SecurityAlert","name":"n","properties":{"systemAlertId":"n","alertDisplayName":"x","alertLink":"{{Link}}","extendedProperties":{"IncidentId":"410"} } }"""
            },
            {
                "synchronised incident",
                Synchronised(
                    $$""","additionalData":{"providerIncidentUrl":"https://security.microsoft.com/incidents/410?tid={{Tenant}}"}"""
                )
            },
            {
                "synchronised incident, the tenant in its alerts",
                Synchronised($$""","alerts":[{"properties":{"systemAlertId":"n","alertLink":"{{Link}}"} }]""")
            },
        };

    private static string Synchronised(string more) =>
        $$"""{"type":"Microsoft.SecurityInsights/Incidents","name":"22220000-0000-4000-8000-000000000002","properties":{"title":"x","incidentNumber":7,"providerName":"Microsoft XDR","providerIncidentId":"410"{{more}}} }""";

    private static string Row(string properties, string? link, string? links = null) =>
        new JsonObject
        {
            ["TenantId"] = "aaaa0000-0000-4000-8000-00000000000a",
            ["SystemAlertId"] = "cccc0000-0000-4000-8000-000000010041",
            ["AlertName"] = "x",
            ["AlertLink"] = link,
            ["ExtendedProperties"] = properties,
            ["ExtendedLinks"] = links,
            ["Entities"] = "[]",
        }.ToJsonString();

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_shape_of_an_alert_of_the_incident_has_the_incidents_key(string shape, string message)
    {
        var graph = Real.GraphAlert();
        (graph["tenantId"], graph["incidentId"]) = (Tenant, "410");
        var alert = AlertParser.Read(Encoding.UTF8.GetBytes(message));
        Assert.True(alert.IsAlert, $"{shape}: {alert.Explanation}");
        Assert.Equal((Tenant, "410"), (alert.Alert.TenantId, alert.Alert.IncidentId));
        Assert.Equal(Correlation.IncidentKey(Real.Alert(graph)), Correlation.IncidentKey(alert.Alert));
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

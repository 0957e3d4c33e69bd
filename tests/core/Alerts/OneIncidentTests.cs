using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Assessment;

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
    /// 189 real rows of Defender XDR, each of which used to be an incident of its own: their accounts are asked about once for each of the
    /// source's incidents.
    /// </summary>
    [Fact]
    public void The_189_real_rows_are_as_many_incidents_and_requests_as_their_source_counts()
    {
        var rows = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "life", "xdr-rows.json")))!.AsArray();
        Assert.Equal(189, rows.Count);
        var (incidents, requests, alone) = (new HashSet<string>(), new HashSet<string>(), new HashSet<string>());
        AllowedAction[] actions = [new("disable_user_account_temporarily", 2, "account", "")];
        foreach (var alert in rows.Select(row => Real.Alert(row!)))
        {
            incidents.Add(Correlation.IncidentKey(alert));
            foreach (var wanted in RuleBasedAnswer.For(alert, actions, cap: 100).Recommendations)
            {
                var account = alert.Entities.OfType<AccountEntity>().Single(a => a.Id == wanted.EntityId);
                requests.Add($"{Correlation.IncidentKey(alert)} {account.ObjectId ?? account.UserPrincipalName ?? account.Sid}");
                alone.Add($"{alert.Id} {account.ObjectId ?? account.UserPrincipalName ?? account.Sid}");
            }
        }
        // Ten numbered incidents and seven rows without a number; the same accounts asked about row by row would be 58 requests.
        Assert.Equal((17, 18, 58), (incidents.Count, requests.Count, alone.Count));
    }

    /// <summary>What people at the source made of them: closed ones, and as what.</summary>
    [Fact]
    public void Of_the_189_real_rows_the_closed_ones_are_known_with_what_they_were()
    {
        var rows = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "life", "xdr-rows.json")))!.AsArray();
        var sources = rows.Select(row => Real.Alert(row!).Source).ToList();
        Assert.Equal(145, sources.Count(s => s.IsClosed));
        Assert.Equal(81, sources.Count(s => s.IsClosedAsHarmless));
        Assert.Equal(82, sources.Count(s => s.Classification != SourceClassification.Unknown));
    }
}

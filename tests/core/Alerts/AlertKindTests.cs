using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using static IRFunctions.Tests.Alerts.Written;

namespace IRFunctions.Tests.Alerts;

/// <summary>
/// Further members of the kinds that the cases stand for, what concerns an alert as a whole: other shapes, other fields, other words.
/// </summary>
public sealed class AlertKindTests
{
    private const string Id1 = "11118379-2a59-1111-ac3c-a51eb4a3c627";

    [Theory]
    [InlineData("Critical", Severity.High)]
    [InlineData("Very High", Severity.High)]
    [InlineData("Sev0", Severity.High)]
    [InlineData("URGENT", Severity.High)]
    [InlineData("moderate", Severity.Medium)]
    [InlineData("warning", Severity.Medium)]
    [InlineData("minor", Severity.Low)]
    [InlineData("Informational", Severity.Informational)]
    [InlineData("UnSpecified", Severity.Unknown)]
    [InlineData("", Severity.Unknown)]
    public void A_severity_of_another_scale_has_its_place_on_ours(string written, Severity expected)
    {
        foreach (var alert in InEachShape(written))
        {
            Assert.Equal((expected, written), (alert.Severity, alert.SeverityText));
            Assert.DoesNotContain(alert.Notes, note => note.Contains("severity", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("catastrophic")]
    [InlineData("unknownFutureValue")]
    [InlineData("5")]
    public void A_severity_nobody_knows_is_medium_and_that_is_said(string written) =>
        Assert.All(
            InEachShape(written),
            alert =>
            {
                Assert.Equal(Severity.Medium, alert.Severity);
                Assert.Contains(alert.Notes, note => note.Contains($"severity '{written}'", StringComparison.Ordinal));
            }
        );

    private static Alert[] InEachShape(string severity) =>
        [
            GraphWith($"'severity':'{severity}'"),
            Read($"{{'SystemAlertId':'a','TenantId':'w','AlertName':'n','AlertSeverity':'{severity}'}}"),
            Read($"{{'alertId':'a','title':'t','aadTenantId':'{OwnTenant}','severity':'{severity}'}}"),
            Read($"{{'kind':'SecurityAlert','name':'a','id':'/x','properties':{{'systemAlertId':'a','severity':'{severity}'}}}}"),
        ];

    [Theory]
    [InlineData("{'Type':'ip','Address':'203.0.113.7'}")]
    [InlineData("\"{\\\"Type\\\":\\\"ip\\\",\\\"Address\\\":\\\"203.0.113.7\\\"}\"")]
    [InlineData("{'value':[{'Type':'ip','Address':'203.0.113.7'}]}")]
    [InlineData("{'$values':[{'Type':'ip','Address':'203.0.113.7'}]}")]
    [InlineData("{'entity':{'Type':'ip','Address':'203.0.113.7'}}")]
    [InlineData("{'Entity':[{'Type':'ip','Address':'203.0.113.7'}]}")]
    [InlineData("{'0':{'Type':'ip','Address':'203.0.113.7'}}")]
    [InlineData("[\"{\\\"Type\\\":\\\"ip\\\",\\\"Address\\\":\\\"203.0.113.7\\\"}\"]")]
    public void A_list_in_every_wrapping_is_a_list(string entities) =>
        Assert.Equal(
            "203.0.113.7",
            The<IpEntity>(Read($"{{'SystemAlertId':'a','TenantId':'w','AlertName':'n','Entities':{entities}}}")).Address
        );

    [Theory]
    [InlineData("'alerts':{'alert':{'id':'m1','title':'t','evidence':{'ipEvidence':'x'}}}")]
    [InlineData("'alerts':[{'id':'m1','title':'t'}]")]
    [InlineData("'alerts':{'id':'m1','title':'t'}")]
    public void An_incidents_alerts_are_members_in_every_wrapping(string alerts) =>
        Assert.Equal(["m1"], Read($"{{'id':'1','displayName':'n','tenantId':'{OwnTenant}',{alerts}}}").MemberAlertIds);

    [Fact]
    public void One_object_in_a_defender_alert_and_in_an_arm_incident_is_a_list()
    {
        Assert.Equal(
            Id1,
            The<AccountEntity>(
                Read($"{{'alertId':'a','title':'t','aadTenantId':'{OwnTenant}','entities':{{'entityType':'User','aadUserId':'{Id1}'}}}}")
            ).ObjectId
        );
        var incident = Read(
            "{'name':'i','id':'/subscriptions/s/x','type':'Microsoft.SecurityInsights/Incidents','properties':{'title':'t',"
                + "'relatedEntities':{'kind':'Ip','name':'e','properties':{'address':'203.0.113.7'}}}}"
        );
        Assert.Equal("203.0.113.7", The<IpEntity>(incident).Address);
    }

    [Theory]
    [InlineData("{'Type':'host','HostName':'pc7','MdatpDeviceId':'73e7e2de709dff64ef64b1d0c30e67fab63279db'}", typeof(HostEntity))]
    [InlineData("{'Type':'ip','Address':'203.0.113.7'}", typeof(IpEntity))]
    [InlineData("{'Type':'mailbox','MailboxPrimaryAddress':'a@c.example'}", typeof(MailboxEntity))]
    [InlineData("{'Type':'file','Name':'bad.exe','Directory':'C:\\\\bad','LastVerdict':'Malicious'}", typeof(FileEntity))]
    public void What_can_be_acted_on_and_what_is_called_malicious_outlasts_a_flood(string last, Type kind)
    {
        var flood = Enumerable.Range(0, 1200).Select(i => $"{{'Type':'file','Name':'f{i}.txt','Directory':'C:\\\\x'}}");
        var alert = Row([.. flood, last]);
        Assert.Equal(AlertLimits.MaxEntities, alert.Entities.Count);
        Assert.IsType(kind, alert.Entities[^1]);
        Assert.Equal(Enumerable.Range(1, alert.Entities.Count).Select(i => $"e{i}"), alert.Entities.Select(e => e.Id));
    }

    [Fact]
    public void A_flood_of_addresses_leaves_room_for_each_other_kind()
    {
        var flood = Enumerable.Range(0, 900).Select(i => $"{{'Type':'ip','Address':'198.51.{i / 250}.{i % 250}'}}");
        var alert = Row([.. flood, "{'Type':'url','Url':'https://bad.example/'}", "{'Type':'process','CommandLine':'x','ProcessId':'1'}"]);
        Assert.Single(alert.Entities.OfType<UrlEntity>());
        Assert.Single(alert.Entities.OfType<ProcessEntity>());
    }

    [Theory]
    [InlineData("'Verdict':'Malicious'", "Malicious")]
    [InlineData("'LastVerdict':'Unknown','ThreatAnalysisSummary':[{'Verdict':'Suspicious'},{'Verdict':'Malicious'}]", "Malicious")]
    [InlineData("'ThreatAnalysisSummary':{'Verdict':'Suspicious','AnalyzersResult':[]}", "Suspicious")]
    [InlineData("'SuspicionLevel':'Suspicious'", "Suspicious")]
    [InlineData("'isMalicious':true", "malicious")]
    [InlineData("'LastVerdict':'NoThreatsFound'", "NoThreatsFound")]
    public void The_gravest_verdict_under_every_name_is_the_sources(string fields, string verdict)
    {
        Assert.Equal(verdict, The<IpEntity>(Row($"{{'Type':'ip','Address':'203.0.113.7',{fields}}}")).SourceVerdict);
        Assert.Equal(verdict, The<IpEntity>(Graph($"ip|'ipAddress':'203.0.113.7',{fields}")).SourceVerdict);
    }

    [Fact]
    public void What_is_short_and_telling_outlasts_what_is_long()
    {
        var filler = string.Join(',', Enumerable.Range(0, 14).Select(i => $"'Field{i:00}':'{new string('y', 90)}'"));
        var row = RowWith(
            $"'ExtendedProperties':{{{filler},'Big':'{new string('z', 3000)}','IncidentId':'77','Determination':'Phish','User':'a@c'}},"
        );
        Assert.Contains("\"IncidentId\":\"77\"", row.Extra, StringComparison.Ordinal);
        Assert.Contains("\"Determination\":\"Phish\"", row.Extra, StringComparison.Ordinal);
        Assert.Contains("\"User\":\"a@c\"", row.Extra, StringComparison.Ordinal);
        Assert.Contains(row.Notes, note => note.Contains("ExtendedProperties.Big", StringComparison.Ordinal));
        var graph = GraphWith($"'additional':{{'a':'{new string('z', 1900)}','b':{{'status':'closed','c':'{new string('z', 900)}'}}}}");
        Assert.Contains("\"status\":\"closed\"", graph.Extra, StringComparison.Ordinal);
        JsonNode.Parse(graph.Extra!);
    }

    [Fact]
    public void What_is_cut_is_said_with_the_field_it_stood_in()
    {
        var alert = Read(
            $"{{'id':'1','displayName':'n','tenantId':'{OwnTenant}','incidentWebUrl':'u','summary':'{new string('s', 5000)}'}}"
        );
        Assert.Contains(alert.Notes, note => note.StartsWith("$.summary was too long", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("[{'Type':'ip','Address':'203.0.113.7'}]", 3)]
    [InlineData("[{'Type':'ip','Address':'203.0.113.7'}]", 5)]
    [InlineData("{'Type':'ip','Address':'203.0.113.7'}", 2)]
    public void Entities_encoded_more_than_once_are_opened(string entities, int times)
    {
        var node = JsonNode.Parse(Quoted(entities))!;
        for (var i = 0; i < times; i++)
            node = JsonValue.Create(node.ToJsonString())!;
        var row = new JsonObject
        {
            ["SystemAlertId"] = "a",
            ["TenantId"] = "w",
            ["AlertName"] = "n",
            ["Entities"] = node,
        };
        Assert.Equal("203.0.113.7", The<IpEntity>(Real.Alert(row)).Address);
    }

    [Fact]
    public void Entities_whose_quotation_marks_were_escaped_once_too_often_are_opened()
    {
        var row = new JsonObject
        {
            ["SystemAlertId"] = "a",
            ["TenantId"] = "w",
            ["AlertName"] = "n",
            ["Entities"] = "[{\\\"Type\\\":\\\"ip\\\",\\\"Address\\\":\\\"203.0.113.7\\\"}]",
        };
        Assert.Equal("203.0.113.7", The<IpEntity>(Real.Alert(row)).Address);
    }

    [Theory]
    [InlineData("'2026-01-02T03:04:05.123456789Z'", "2026-01-02T03:04:05.1234567+00:00")]
    [InlineData("'2026-01-02T03:04:05,123Z'", "2026-01-02T03:04:05.1230000+00:00")]
    [InlineData("'2026-01-02T03:04Z'", "2026-01-02T03:04:00.0000000+00:00")]
    [InlineData("'2026-01-02 03:04:05 UTC'", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("'2026-01-02T05:04:05+0200'", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("'Fri, 02 Jan 2026 03:04:05 GMT'", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("'/Date(1767323045000)/'", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("1767323045", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("1767323045.5", "2026-01-02T03:04:05.5000000+00:00")]
    [InlineData("1767323045000", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("'1767323045000000'", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("1767323045000000000", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("639029198450000000", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("134117966450000000", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("'20260102T030405Z'", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("20260102030405", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("'1/2/2026 3:04:05 AM'", "2026-01-02T03:04:05.0000000+00:00")]
    [InlineData("7", null)]
    [InlineData("'03:04'", null)]
    [InlineData("1e28", null)]
    [InlineData("'99999999999999999999999999'", null)]
    public void A_time_of_every_precision_is_read(string written, string? expected)
    {
        var alert = RowWith($"'StartTime':{written},");
        Assert.Equal(expected, alert.FirstActivity?.ToString("O"));
        Assert.Equal(expected is null, alert.Notes.Any(note => note.Contains("time '", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("'[\"PowerShell (T1059.001)\",\"Obfuscated Files or Information (T1027)\"]'", "T1059.001", "T1027")]
    [InlineData("['t1110','T1110']", "T1110")]
    [InlineData("'Spearphishing'", "Spearphishing")]
    public void A_technique_is_its_id_whatever_stands_around_it(string written, params string[] expected)
    {
        var text = written.Replace("\"", "\\\"", StringComparison.Ordinal);
        Assert.Equal(expected, RowWith($"'Techniques':{text},").Techniques);
    }
}

using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>
/// Families of messages known by name (tests/data/alerts/families): taken where they carry what an alert needs, else refused with the
/// family's name and the way to send it right.
/// </summary>
public sealed class FamilyTests
{
    private static JsonNode Family(string name) => Real.Data(Path.Combine("families", name + ".json"));

    private static Alert Taken(string name) => Real.Alert(Family(name));

    [Fact]
    public void An_older_graph_alert_gives_account_and_host()
    {
        var alert = Taken("legacy-graph-alert");
        Assert.Equal(("da637727919412649530_-883158861", "50ad7d3e-b889-434d-802d-13b87c68047b"), (alert.Id, alert.TenantId));
        Assert.Equal(
            ("Suspicious Process Discovery", "Microsoft Defender ATP", Severity.Low),
            (alert.Title, alert.Product, alert.Severity)
        );
        var account = Assert.Single(alert.Entities.OfType<AccountEntity>());
        Assert.Equal(("ae973ab4-1b5e-48b2-bf2f-c3bf1b3634a2", "example"), (account.ObjectId, account.Name));
        Assert.Equal("windowsvmos", Assert.Single(alert.Entities.OfType<HostEntity>()).HostName);
        Assert.Empty(alert.Entities.OfType<IpEntity>());
    }

    [Fact]
    public void An_older_graph_alert_gives_every_state_and_no_address_of_ours()
    {
        var alert = Taken("legacy-graph-alert-full");
        Assert.Equal("9001", alert.IncidentId);
        Assert.Equal(["203.0.113.10", "203.0.113.8", "203.0.113.9"], alert.Entities.OfType<IpEntity>().Select(ip => ip.Address).Order());
        Assert.Equal(Real.Adele, Assert.Single(alert.Entities.OfType<AccountEntity>()).ObjectId);
        var host = Assert.Single(alert.Entities.OfType<HostEntity>());
        Assert.Equal(("srv1", "contoso.example"), (host.HostName, host.DnsDomain));
        Assert.Equal(
            ("mimi.exe", 64),
            (alert.Entities.OfType<FileEntity>().Single().Name, alert.Entities.OfType<FileEntity>().Single().Sha256!.Length)
        );
        Assert.Equal("mimi.exe sekurlsa", Assert.Single(alert.Entities.OfType<ProcessEntity>()).CommandLine);
        Assert.Single(alert.Entities.OfType<RegistryEntity>());
        Assert.Single(alert.Entities.OfType<AzureResourceEntity>());
        Assert.Equal(
            ["CVE-2021-1675", "Mimikatz", "Office 365", "bad.example"],
            alert.Entities.OfType<OtherEntity>().Select(other => other.Display).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_risk_detection_gives_its_account()
    {
        var alert = Taken("risk-detection");
        Assert.Equal(("6a5874ca-abcd-9d82-5ad39bd71600", Severity.Medium), (alert.Id, alert.Severity));
        Assert.Equal(("Unfamiliar sign-in properties", "Microsoft Entra ID Protection"), (alert.Title, alert.Product));
        var account = Assert.Single(alert.Entities.OfType<AccountEntity>());
        Assert.Equal(("abcdefab-af90-4edf-ac4c-742ff06735d0", "olack@adatum.com"), (account.ObjectId, account.UserPrincipalName));
        Assert.Equal("Olivia Lack (olack@adatum.com)", account.Display);
        // The published example has an address that is none; it is kept, and is no target.
        Assert.Empty(alert.Entities.OfType<IpEntity>());
        Assert.Contains("123.456.7.89", alert.Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void A_risk_detection_is_read_as_a_log_row_and_as_a_diagnostic_record()
    {
        var row = Written.Read(
            "{'TenantId':'w','Id':'r1','RiskEventType':'unlikelyTravel','RiskLevel':'high','UserId':'11118379-2a59-1111-ac3c-a51eb4a3c627',"
                + "'UserPrincipalName':'a@c.example','IpAddress':'203.0.113.7','ActivityDateTime':'2026-01-02T03:04:05Z'}"
        );
        Assert.Equal(("Atypical travel", "203.0.113.7"), (row.Title, Written.The<IpEntity>(row).Address));
        var record = Written.Read(
            $"{{'records':[{{'category':'UserRiskEvents','tenantId':'{Written.OwnTenant}','operationName':'x','properties':"
                + "{'id':'r2','riskEventType':'anonymizedIPAddress','riskLevel':'medium','userId':'11118379-2a59-1111-ac3c-a51eb4a3c627',"
                + "'userPrincipalName':'a@c.example','ipAddress':'203.0.113.7',"
                + "'additionalInfo':[{'Key':'mitreTechniques','Value':'T1090.003,T1078'}]}}]}"
        );
        Assert.Equal(("Anonymous IP address", Written.OwnTenant), (record.Title, record.TenantId));
        Assert.Equal(["T1090.003", "T1078"], record.Techniques);
        var principal = Written.Read(
            "{'id':'r3','riskEventType':'leakedCredentials','riskLevel':'high','servicePrincipalId':'11118379-2a59-1111-ac3c-a51eb4a3c627',"
                + "'appId':'22228379-2a59-1111-ac3c-a51eb4a3c627','servicePrincipalDisplayName':'backup'}"
        );
        Assert.Equal("22228379-2a59-1111-ac3c-a51eb4a3c627", Written.The<ApplicationEntity>(principal).AppId);
    }

    [Fact]
    public void Streamed_records_of_one_alert_are_one_alert()
    {
        var alert = Taken("xdr-stream-alert");
        Assert.Equal(("ad0000000000000000000000000000000000000001", Written.OwnTenant), (alert.Id, alert.TenantId));
        Assert.Equal(("Malicious IP address", Severity.High, "InitialAccess"), (alert.Title, alert.Severity, alert.Category));
        Assert.Equal(["T1078"], alert.Techniques);
        var account = Assert.Single(alert.Entities.OfType<AccountEntity>());
        Assert.Equal((Real.Adele, "adelev@contoso.example"), (account.ObjectId, account.UserPrincipalName));
        Assert.Equal(["Impacted"], account.Roles);
        Assert.Equal("203.0.113.55", Assert.Single(alert.Entities.OfType<IpEntity>()).Address);
        Assert.Equal(2, alert.Entities.Count);
        Assert.DoesNotContain(alert.Notes, note => note.Contains("tenant", StringComparison.Ordinal));
        // The same records as a bare list.
        Assert.Equal(Real.Json(alert), Real.Json(Real.Alert(Family("xdr-stream-alert")["records"]!)));
    }

    [Fact]
    public void Streamed_evidence_that_names_its_alert_is_an_alert_and_other_evidence_is_not()
    {
        Assert.Equal(Real.Adele, Assert.Single(Taken("xdr-stream-evidence").Entities.OfType<AccountEntity>()).ObjectId);
        var bare = Family("xdr-stream-evidence");
        bare["properties"]!.AsObject().Remove("Title");
        Refused(bare, "without its alert (AlertInfo)", "Send both of one AlertId");
    }

    [Fact]
    public void Streamed_records_of_two_alerts_are_two_messages()
    {
        var records = Family("xdr-stream-alert");
        records["records"]![1]!["properties"]!["AlertId"] = "another";
        Assert.Equal(AlertReasons.ManyAlerts, Real.Read(records).ReasonCode);
    }

    [Fact]
    public void An_office_365_alert_record_gives_its_user_and_recipient()
    {
        var alert = Taken("office365-alert");
        Assert.Equal(("11118379-2a59-1111-ac3c-a51eb4a3c602", Written.OwnTenant), (alert.Id, alert.TenantId));
        Assert.Equal(("Creation of forwarding/redirect rule", Severity.Low), (alert.Title, alert.Severity));
        Assert.Equal("AdeleV@contoso.example", Assert.Single(alert.Entities.OfType<AccountEntity>()).UserPrincipalName);
        Assert.Equal("meganb@contoso.example", Assert.Single(alert.Entities.OfType<MailboxEntity>()).PrimaryAddress);
        Assert.Equal("A rule forwards mail outside.", alert.Description);
    }

    [Fact]
    public void A_security_incident_row_is_the_incident_without_entities_and_says_so()
    {
        var row = Taken("security-incident-row");
        Assert.Equal((AlertShape.SentinelIncident, Severity.High, "Sign-in from two countries"), (row.Shape, row.Severity, row.Title));
        Assert.Equal(["dddd0000-0000-4000-8000-000000000011", "dddd0000-0000-4000-8000-000000000012"], row.MemberAlertIds);
        Assert.Equal(["InitialAccess", "T1078"], [.. row.Tactics, .. row.Techniques]);
        Assert.Contains(row.Notes, note => note.Contains("names no entities", StringComparison.Ordinal));
        var incident = Written.Read(
            "{'id':'/subscriptions/9b8a7c6d-1111-4222-8333-444455556666/resourceGroups/rg/providers/x/Incidents/y',"
                + "'name':'44440000-0000-4000-8000-000000000099','type':'Microsoft.SecurityInsights/Incidents',"
                + "'properties':{'title':'t','incidentNumber':99}}"
        );
        Assert.Equal(Correlation.IncidentKey(incident), Correlation.IncidentKey(row));
    }

    [Theory]
    [InlineData("risky-user", "a risky user", "riskDetections")]
    [InlineData("office365-audit-record", "an audit record of the Office 365 Management Activity API", "RecordType 40")]
    [InlineData("xdr-stream-event", "Defender XDR streaming API", "AlertInfo and AlertEvidence")]
    [InlineData("event-grid-storage-scan", "an Event Grid event", "filter the event subscription")]
    [InlineData("event-grid-validation", "an Event Grid subscription validation", "Logic App")]
    public void A_family_that_is_no_alert_is_refused_by_name_with_the_way_to_send_it(string name, string named, string remedy) =>
        Refused(Family(name), named, remedy);

    [Fact]
    public void What_is_public_and_no_alert_is_refused_by_name() =>
        Assert.All(
            Real.Data("public.json").AsArray().Where(entry => (string?)entry!["is"] != "alert"),
            entry => Refused(entry!["body"]!, (string)entry!["is"]!, "")
        );

    [Fact]
    public void Every_notification_of_graph_is_refused_by_name() =>
        Assert.All(Family("graph-notifications").AsArray(), body => Refused(body!, " notification", ""));

    [Theory]
    [InlineData("{'error':{'code':'InvalidAuthenticationToken','message':'x'}}", "an error answer of an API")]
    [InlineData(
        "{'subscriptionId':'s','encryptedContent':{'data':'x'},'resource':'security/alerts_v2'}",
        "an encrypted Microsoft Graph change"
    )]
    [InlineData("{'type':'Microsoft.Security/assessments','properties':{'displayName':'x'}}", "a Defender for Cloud recommendation")]
    [InlineData("{'createdDateTime':'x','userPrincipalName':'a','conditionalAccessStatus':'success'}", "a sign-in log record")]
    [InlineData("{'activityDisplayName':'Add user','initiatedBy':{}}", "an audit log record of Entra ID")]
    [InlineData("{'operationName':'Microsoft.Compute/x','caller':'a','resourceId':'/x'}", "an Azure activity log")]
    [InlineData(
        "{'id':'/x','type':'Microsoft.SecurityInsights/Incidents/Comments','properties':{'message':'x'}}",
        "a part of a Sentinel incident"
    )]
    [InlineData("{'id':'x','detail-type':'GuardDuty Finding','source':'aws.guardduty','detail':{}}", "a finding of Amazon Web Services")]
    [InlineData("{'notificationConfigName':'x','finding':{}}", "a finding of Google")]
    [InlineData("{'@timestamp':'x','kibana.alert.uuid':'y'}", "an alert of another product")]
    [InlineData("{'machineId':'m','requestor':'a','type':'Isolate','status':'Succeeded'}", "a Defender for Endpoint machine")]
    public void Other_things_people_send_are_named(string message, string named) =>
        Refused(JsonNode.Parse(Written.Quoted(message))!, named, "");

    [Theory]
    [InlineData("legacy-graph-alert", SourceStatus.New)]
    [InlineData("risk-detection", SourceStatus.Closed)]
    [InlineData("office365-alert", SourceStatus.InProgress)]
    [InlineData("security-incident-row", SourceStatus.New)]
    public void Where_people_at_the_source_are_is_read_in_every_family(string name, SourceStatus status) =>
        Assert.Equal(status, Taken(name).Source.Status);

    private static void Refused(JsonNode message, string named, string remedy)
    {
        var reading = Real.Read(message);
        Assert.Equal(AlertReasons.UnknownShape, reading.ReasonCode);
        Assert.Contains(named, reading.Explanation, StringComparison.Ordinal);
        Assert.Contains(remedy, reading.Explanation, StringComparison.Ordinal);
        Assert.All(reading.Faults, fault => Assert.NotEmpty(fault.Remedy));
    }

    [Fact]
    public void An_alert_in_a_connectors_message_or_in_a_notification_is_the_alert()
    {
        var expected = Real.Json(Real.Alert(Real.GraphAlert()));
        var base64 = Convert.ToBase64String(Real.Bytes(Real.GraphAlert()));
        Assert.Equal(expected, Real.Json(Written.Read($"{{'ContentData':'{base64}','ContentType':'application/json','MessageId':'m'}}")));
        var notification = new JsonObject
        {
            ["value"] = new JsonArray(
                new JsonObject
                {
                    ["subscriptionId"] = "s",
                    ["changeType"] = "created",
                    ["resourceData"] = Real.GraphAlert().DeepClone(),
                }
            ),
        };
        Assert.Equal(expected, Real.Json(Real.Alert(notification)));
        Assert.Equal(expected, Real.Json(Real.Alert(new JsonObject { ["body"] = Real.GraphAlert().ToJsonString() })));
    }
}

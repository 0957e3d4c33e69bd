using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using static IRFunctions.Tests.Alerts.Written;

namespace IRFunctions.Tests.Alerts;

/// <summary>Further members of the kinds that the cases stand for: other shapes, other fields, other words for the same thing.</summary>
public sealed class KindTests
{
    private const string Id1 = "11118379-2a59-1111-ac3c-a51eb4a3c627";
    private const string Id2 = "22228379-2a59-1111-ac3c-a51eb4a3c627";
    private const string Device = "73e7e2de709dff64ef64b1d0c30e67fab63279db";
    private const string Vm =
        "/subscriptions/9b8a7c6d-1111-4222-8333-444455556666/resourceGroups/r/providers/Microsoft.Compute/virtualMachines/vm7";

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
            Read(
                $"{{'kind':'SecurityAlert','name':'a','id':'/subscriptions/s/x','properties':{{'systemAlertId':'a','severity':'{severity}'}}}}"
            ),
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

    [Theory]
    [InlineData("{'Type':'cloud-application','OAuthAppId':'11118379-2a59-1111-ac3c-a51eb4a3c627','Name':'n'}")]
    [InlineData("{'Type':'service-principal','ClientId':'11118379-2a59-1111-ac3c-a51eb4a3c627','ServicePrincipalName':'n'}")]
    [InlineData("{'Type':'OAuthApplication','AppId':'11118379-2a59-1111-ac3c-a51eb4a3c627','DisplayName':'n'}")]
    [InlineData("{'Type':'oauth-application','OAuthApplicationId':'11118379-2a59-1111-ac3c-a51eb4a3c627','AppName':'n'}")]
    public void An_application_has_its_id_under_every_name(string entity)
    {
        var application = The<ApplicationEntity>(Row(entity));
        Assert.Equal((Id1, "n"), (application.AppId, application.Name));
        Assert.Equal(Id1, Targets.Of(application)?.Id);
    }

    [Fact]
    public void A_mailboxs_owner_has_its_object_id_in_every_shape()
    {
        Alert[] alerts =
        [
            Row($"{{'Type':'mailbox','MailboxPrimaryAddress':'a@c.example','ExternalDirectoryObjectId':'{Id1}'}}"),
            Graph($"mailboxConfiguration|'mailboxPrimaryAddress':'a@c.example','upn':'a@c.example','externalDirectoryObjectId':'{Id1}'"),
            Graph($"mailbox|'primaryAddress':'a@c.example','userAccount':{{'azureAdUserId':'{Id1}','userPrincipalName':'a@c.example'}}"),
            Arm($"Mailbox|'mailboxPrimaryAddress':'a@c.example','additionalData':{{'AadUserId':'{Id1}'}}"),
            Read(
                $"{{'alertId':'a','title':'t','aadTenantId':'{OwnTenant}','entities':[{{'entityType':'MailBox','mailboxAddress':'a@c.example',"
                    + $"'userPrincipalName':'a@c.example','aadUserId':'{Id1}'}}]}}"
            ),
        ];
        Assert.All(alerts, alert => Assert.Equal((Id1, Id1), (The<MailboxEntity>(alert).ObjectId, The<AccountEntity>(alert).ObjectId)));
    }

    [Theory]
    [InlineData("{'Type':'submissionMail','NetworkMessageId':'11118379-2a59-1111-ac3c-a51eb4a3c627','Recipient':'a@c.example'}")]
    [InlineData("{'Type':'SubmissionMail','NetworkMessageId':'11118379-2a59-1111-ac3c-a51eb4a3c627','Recipient':'a@c.example'}")]
    [InlineData("{'Type':'submission-mail','NetworkMessageId':'11118379-2a59-1111-ac3c-a51eb4a3c627','Recipient':'a@c.example'}")]
    public void A_reported_mail_is_a_message_in_every_spelling(string entity)
    {
        var alert = Row(entity);
        Assert.Equal((Id1, "a@c.example"), (The<MailMessageEntity>(alert).NetworkMessageId, The<MailMessageEntity>(alert).Recipient));
        Assert.Equal("a@c.example", The<MailboxEntity>(alert).PrimaryAddress);
    }

    [Fact]
    public void A_hash_is_a_files_in_every_place()
    {
        var sha256 = new string('a', 64);
        var sha1 = new string('b', 40);
        Assert.Equal(sha256, The<FileEntity>(Arm($"FileHash|'hashValue':'{sha256}','algorithm':'SHA256'")).Sha256);
        Assert.Equal(sha1, The<FileEntity>(Row($"{{'Type':'filehash','Algorithm':'SHA1','Value':'{sha1}'}}")).Sha1);
        var file = The<FileEntity>(
            Row($"{{'Type':'file','Name':'f','FileHashes':{{'Type':'filehash','Algorithm':'SHA256','Value':'{sha256}'}}}}")
        );
        Assert.Equal(("f", sha256), (file.Name, file.Sha256));
        var md5 = The<FileEntity>(Row($"{{'Type':'filehash','Algorithm':'MD5','Value':'{new string('c', 32)}'}}"));
        Assert.Equal(new string('c', 32), md5.Display);
        Assert.Contains(md5.Display, md5.Extra, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'Name':'Müller, Jörg','UPNSuffix':'c.example'", null, "Müller, Jörg", null)]
    [InlineData("'Name':'NT AUTHORITY\\\\SYSTEM','UPNSuffix':'c.example'", null, "SYSTEM", "NT AUTHORITY")]
    [InlineData("'Name':'AzureAD\\\\adele@c.example'", "adele@c.example", "adele", "AzureAD")]
    [InlineData("'Name':'i:0#.f|membership|adele@c.example'", "adele@c.example", "adele", null)]
    [InlineData("'Name':'adele','NTDomain':'CONTOSO'", null, "adele", "CONTOSO")]
    [InlineData("'Name':'adele','UPNSuffix':'@c.example'", "adele@c.example", "adele", null)]
    [InlineData(
        "'Name':'kim_partner.example#EXT#','UPNSuffix':'c.example'",
        "kim_partner.example#EXT#@c.example",
        "kim_partner.example#EXT#",
        null
    )]
    [InlineData("'Name':'adele@c.example','UPNSuffix':'c.example'", "adele@c.example", "adele", null)]
    public void A_name_is_taken_apart_and_never_invented(string fields, string? principal, string name, string? domain)
    {
        var account = The<AccountEntity>(Row($"{{'Type':'account',{fields}}}"));
        Assert.Equal((principal, name, domain), (account.UserPrincipalName, account.Name, account.Domain));
    }

    [Fact]
    public void An_account_is_one_under_its_cloud_sid_its_guest_name_and_its_address()
    {
        // S-1-12-1-... is the object id in four numbers.
        var bySid = Row(
            $"{{'Type':'account','Name':'adele','UPNSuffix':'c.example','AadUserId':'{Id1}'}}",
            "{'Type':'account','Sid':'S-1-12-1-286360441-286337625-441531564-666281909'}".Replace(
                "286360441-286337625-441531564-666281909",
                SidNumbers(Id1),
                StringComparison.Ordinal
            )
        );
        Assert.Equal(Id1, The<AccountEntity>(bySid).ObjectId);
        var guest = Row(
            $"{{'Type':'account','AadUserId':'{Id1}','UserPrincipalName':'kim_partner.example#EXT#@c.example'}}",
            "{'Type':'account','Name':'kim@partner.example'}"
        );
        Assert.Equal(Id1, The<AccountEntity>(guest).ObjectId);
        var claim = Row(
            $"{{'Type':'account','AadUserId':'{Id1}','UserPrincipalName':'a@c.example'}}",
            "{'Type':'account','Name':'i:0#.f|membership|A@C.example'}"
        );
        Assert.Equal(Id1, The<AccountEntity>(claim).ObjectId);
    }

    private static string SidNumbers(string guid)
    {
        var bytes = Guid.Parse(guid).ToByteArray();
        return string.Join('-', Enumerable.Range(0, 4).Select(i => BitConverter.ToUInt32(bytes, 4 * i)));
    }

    [Fact]
    public void A_name_does_not_graft_a_foreign_id_onto_an_account() =>
        Assert.Equal(
            2,
            Row(
                $"{{'Type':'account','AadUserId':'{Id1}','UserPrincipalName':'a@c.example'}}",
                $"{{'Type':'account','AadUserId':'{Id2}','Name':'A@c.example'}}"
            ).Entities.Count
        );

    [Fact]
    public void An_identity_of_another_tenant_is_no_target_in_any_shape()
    {
        const string other = "eeee0000-0000-4000-8000-00000000000e";
        Alert[] alerts =
        [
            Graph($"servicePrincipal|'appId':'{Id1}','servicePrincipalObjectId':'{Id2}','tenantId':'{other}'"),
            RowWith(
                $"'AlertLink':'https://security.microsoft.com/alerts/a?tid={OwnTenant}',",
                $"{{'Type':'account','Name':'kim','AadUserId':'{Id1}','AadTenantId':'{other}'}}"
            ),
            RowWith(
                $"'ResourceIdentifiers':[{{'Type':'AAD','AadTenantId':'{OwnTenant}'}}],",
                $"{{'Type':'account','Name':'kim','AadUserId':'{Id1}','AadTenantId':'{other}'}}"
            ),
        ];
        Assert.All(
            alerts,
            alert =>
            {
                Assert.All(alert.Entities, entity => Assert.Null(Targets.Of(entity)));
                Assert.Contains(alert.Notes, note => note.Contains(other, StringComparison.Ordinal));
            }
        );
        Assert.NotNull(Targets.Of(Graph($"user|'userAccount':{{'azureAdUserId':'{Id1}','tenantId':'{OwnTenant}'}}").Entities[0]));
        Assert.NotNull(Targets.Of(Graph($"servicePrincipal|'appId':'{Id1}','appOwnerTenantId':'{other}'").Entities[0]));
    }

    [Theory]
    [InlineData(
        "'ResourceIdentifiers':\"[{\\\"$id\\\":\\\"1\\\",\\\"AzureResourceId\\\":\\\"%\\\",\\\"Type\\\":\\\"AzureResource\\\"}]\","
    )]
    [InlineData("'ResourceIdentifiers':{'AzureResourceId':'%','Type':'AzureResource'},")]
    [InlineData("'_ResourceId':'%',")]
    [InlineData("'CompromisedEntity':'%',")]
    public void A_resource_beside_the_entities_is_an_entity(string column) =>
        Assert.Equal(Vm, The<AzureResourceEntity>(RowWith(column.Replace("%", Vm, StringComparison.Ordinal))).ResourceId);

    [Theory]
    [InlineData("a@c.example", typeof(AccountEntity))]
    [InlineData("CONTOSO\\\\adele", typeof(AccountEntity))]
    [InlineData("pc7", typeof(HostEntity))]
    [InlineData("10.1.2.3", typeof(OtherEntity))]
    [InlineData("several machines of sales", typeof(OtherEntity))]
    public void A_compromised_entity_is_what_its_text_says(string text, Type kind) =>
        Assert.IsType(kind, Assert.Single(RowWith($"'CompromisedEntity':'{text}',").Entities));

    [Fact]
    public void A_compromised_entity_that_the_entities_name_is_no_second_one() =>
        Assert.Single(RowWith("'CompromisedEntity':'PC7',", "{'Type':'host','HostName':'pc7','DnsDomain':'c.example'}").Entities);

    [Fact]
    public void A_virtual_machines_host_has_its_resource()
    {
        var alert = RowWith($"'ResourceId':'{Vm}',", "{'Type':'host','HostName':'VM7'}");
        Assert.Equal(Vm, The<HostEntity>(alert).AzureResourceId);
    }

    [Theory]
    [InlineData("'EntityType':'Ip','RemoteIP':'203.0.113.7','EvidenceRole':'Related'", "ip")]
    [InlineData(
        "'EntityType':'File','FileName':'b.exe','SHA256':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
        "file"
    )]
    [InlineData("'EntityType':'Url','RemoteUrl':'https://bad.example/'", "url")]
    [InlineData(
        "'EntityType':'MailMessage','NetworkMessageId':'11118379-2a59-1111-ac3c-a51eb4a3c627','RecipientEmailAddress':'a@c.example'",
        "mailMessage"
    )]
    [InlineData(
        "'EntityType':'OAuthApplication','OAuthApplicationId':'11118379-2a59-1111-ac3c-a51eb4a3c627','Application':'n'",
        "application"
    )]
    [InlineData(
        "'EntityType':'Ip','AdditionalFields':'{\\\"Type\\\":\\\"ip\\\",\\\"Address\\\":\\\"203.0.113.7\\\",\\\"LastVerdict\\\":\\\"Malicious\\\"}'",
        "ip"
    )]
    public void A_hunting_row_gives_what_its_columns_name(string columns, string kind)
    {
        var alert = Read($"{{'AlertId':'h','Title':'t','Severity':'High',{columns}}}");
        Assert.Contains(kind, alert.Entities.Select(RealAlertTests.Kind));
    }

    [Fact]
    public void A_hunting_rows_own_address_is_no_entity() =>
        Assert.Empty(
            Read("{'AlertId':'h','Title':'t','Severity':'High','EntityType':'Machine','LocalIP':'10.0.0.5','DeviceName':'pc7'}")
                .Entities.OfType<IpEntity>()
        );

    [Theory]
    [InlineData("{'Type':'host','HostName':'pc7.c.example'}", "{'Type':'host','HostName':'PC7','DnsDomain':'c.example'}")]
    [InlineData("{'Type':'host','HostName':'pc7'}", "{'Type':'host','HostName':'pc7','DnsDomain':'c.example'}")]
    [InlineData("{'Type':'host','FQDN':'pc7.c.example'}", "{'Type':'host','NetBiosName':'PC7'}")]
    [InlineData("{'Type':'host','HostName':'pc7.c.example.'}", "{'Type':'host','HostName':'CONTOSO\\\\pc7','DnsDomain':'c.example'}")]
    [InlineData("{'Type':'host','HostName':'pc7$'}", "{'Type':'host','HostName':'pc7.c.example'}")]
    public void One_machine_under_two_names_is_one_host(string one, string two)
    {
        var host = The<HostEntity>(Row(one, two));
        Assert.Equal(("pc7", "c.example"), (host.HostName!.ToLowerInvariant(), host.DnsDomain));
    }

    [Fact]
    public void Two_machines_of_one_short_name_stay_two() =>
        Assert.Equal(2, Row("{'Type':'host','HostName':'pc7.a.example'}", "{'Type':'host','HostName':'pc7.b.example'}").Entities.Count);

    [Theory]
    [InlineData("'additionalData':{'MdatpDeviceId':'%'}")]
    [InlineData("'additionalData':{'DeviceId':'%','HostName':'other'}")]
    [InlineData("'additionalData':\"{\\\"MachineId\\\":\\\"%\\\"}\"")]
    [InlineData("'mdatpDeviceId':'%'")]
    public void An_arm_hosts_device_id_is_read_wherever_it_stands(string fields) =>
        Assert.Equal(
            Device,
            The<HostEntity>(Arm($"Host|'hostName':'pc7',{fields.Replace("%", Device, StringComparison.Ordinal)}")).DefenderDeviceId
        );

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

    [Fact]
    public void Links_of_a_message_are_entities_in_every_shape()
    {
        Alert[] alerts =
        [
            Graph(
                $"analyzedMessage|'networkMessageId':'{Id1}','recipientEmailAddress':'a@c.example','urls':['https://bad.example/a,b','https://bad.example/c']"
            ),
            Row(
                $"{{'Type':'mailMessage','NetworkMessageId':'{Id1}','Recipient':'a@c.example',"
                    + "'Urls':'[\\\"https://bad.example/a,b\\\",\\\"https://bad.example/c\\\"]'}"
            ),
            Graph(
                "teamsMessage|'subject':'s','urls':[{'@odata.type':'#microsoft.graph.security.urlEvidence','url':'https://bad.example/a,b'},{'@odata.type':'#microsoft.graph.security.urlEvidence','url':'https://bad.example/c'}]"
            ),
        ];
        Assert.All(
            alerts,
            alert =>
                Assert.Equal(
                    ["https://bad.example/a,b", "https://bad.example/c"],
                    alert.Entities.OfType<UrlEntity>().Select(url => url.Url)
                )
        );
    }

    [Theory]
    [InlineData("'NetworkMessageId':'11118379-2a59-1111-ac3c-a51eb4a3c627','Recipient':'a@c.example'")]
    [InlineData("'NetworkMessageId':'11118379-2a59-1111-ac3c-a51eb4a3c627','InternetMessageId':'<1@x>'")]
    [InlineData("'NetworkMessageId':'11118379-2a59-1111-ac3c-a51eb4a3c627','InternetMessageId':'<1@x>','Recipient':'everybody'")]
    [InlineData("'InternetMessageId':'<1@x>','Subject':'s'")]
    public void A_message_that_no_action_finds_is_no_target(string fields) =>
        Assert.Null(Targets.Of(Row($"{{'Type':'mailMessage',{fields}}}").Entities.OfType<MailMessageEntity>().Single()));

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

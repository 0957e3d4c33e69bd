using IRFunctions.Alerts;
using IRFunctions.Decisions;
using static IRFunctions.Tests.Alerts.Written;

namespace IRFunctions.Tests.Alerts;

/// <summary>Further members of the kinds that the cases stand for, what concerns single entities.</summary>
public sealed class EntityKindTests
{
    private const string Id1 = "11118379-2a59-1111-ac3c-a51eb4a3c627";
    private const string Id2 = "22228379-2a59-1111-ac3c-a51eb4a3c627";
    private const string Device = "73e7e2de709dff64ef64b1d0c30e67fab63279db";
    private const string Vm =
        "/subscriptions/9b8a7c6d-1111-4222-8333-444455556666/resourceGroups/r/providers/Microsoft.Compute/virtualMachines/vm7";

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
                $"{{'alertId':'a','title':'t','aadTenantId':'{OwnTenant}','entities':[{{'entityType':'MailBox',"
                    + "'mailboxAddress':'a@c.example',"
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
    [InlineData("'EntityType':'Ip','AdditionalFields':'{\\\"Type\\\":\\\"ip\\\",\\\"Address\\\":\\\"203.0.113.7\\\"}'", "ip")]
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
    public void Links_of_a_message_are_entities_in_every_shape()
    {
        Alert[] alerts =
        [
            Graph(
                $"analyzedMessage|'networkMessageId':'{Id1}','recipientEmailAddress':'a@c.example',"
                    + "'urls':['https://bad.example/a,b','https://bad.example/c']"
            ),
            Row(
                $"{{'Type':'mailMessage','NetworkMessageId':'{Id1}','Recipient':'a@c.example',"
                    + "'Urls':'[\\\"https://bad.example/a,b\\\",\\\"https://bad.example/c\\\"]'}"
            ),
            Graph(
                "teamsMessage|'subject':'s','urls':["
                    + "{'@odata.type':'#microsoft.graph.security.urlEvidence','url':'https://bad.example/a,b'},"
                    + "{'@odata.type':'#microsoft.graph.security.urlEvidence','url':'https://bad.example/c'}]"
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
}

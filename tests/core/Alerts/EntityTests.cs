using System.Text.Json.Nodes;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>What becomes a target and what does not (S4), in every spelling of the sources.</summary>
public sealed class EntityTests
{
    private const string Guid1 = "11118379-2a59-1111-ac3c-a51eb4a3c627";
    private const string Guid2 = "22228379-2a59-1111-ac3c-a51eb4a3c627";

    private static Alert Row(params string[] entities) =>
        Real.Alert(
            new JsonObject
            {
                ["SystemAlertId"] = "a1",
                ["TenantId"] = "t",
                ["AlertName"] = "n",
                ["Entities"] = $"[{string.Join(',', entities)}]",
            }
        );

    private static Alert Graph(params string[] evidence)
    {
        var alert = Real.GraphAlert();
        alert["evidence"] = JsonNode.Parse($"[{string.Join(',', evidence)}]");
        return Real.Alert(alert);
    }

    /// <summary>Evidence with its fields in single quotes, for legibility.</summary>
    private static string Evidence(string type, string fields) =>
        $$"""{"@odata.type":"#microsoft.graph.security.{{type}}Evidence",{{fields.Replace('\'', '"')}}}""";

    [Theory]
    [InlineData("""{"Type":"account","Name":"adele","AadUserId":"11118379-2A59-1111-AC3C-A51EB4A3C627"}""")]
    [InlineData("""{"Type":"account","Name":"adele","azureAdUserId":"11118379-2a59-1111-ac3c-a51eb4a3c627"}""")]
    [InlineData("""{"Type":"Account","Name":"adele","objectId":" 11118379-2a59-1111-ac3c-a51eb4a3c627 "}""")]
    [InlineData(
        """{"kind":"Account","name":"x","properties":{"accountName":"adele","aadUserId":"11118379-2a59-1111-ac3c-a51eb4a3c627"}}"""
    )]
    [InlineData("""{"entityType":"User","accountName":"adele","aadUserId":"11118379-2a59-1111-ac3c-a51eb4a3c627"}""")]
    [InlineData(
        """
            {"@odata.type":"#microsoft.graph.security.userEvidence",
            "userAccount":{"accountName":"adele","azureAdUserId":"11118379-2a59-1111-ac3c-a51eb4a3c627"}}
            """
    )]
    public void An_account_yields_its_object_id_in_every_spelling(string entity)
    {
        var account = Assert.IsType<AccountEntity>(Assert.Single(Row(entity).Entities));
        Assert.Equal((Guid1, "adele"), (account.ObjectId, account.Name));
    }

    [Theory]
    [InlineData("\"not-a-guid\"")]
    [InlineData("\"{11118379-2a59-1111-ac3c-a51eb4a3c627}\"")]
    [InlineData("\"00000000-0000-0000-0000-000000000000\"")]
    [InlineData("12345")]
    [InlineData("null")]
    [InlineData("{\"id\":\"11118379-2a59-1111-ac3c-a51eb4a3c627\"}")]
    public void What_is_no_object_id_is_none(string id) =>
        Assert.Null(Assert.IsType<AccountEntity>(Row($$"""{"Type":"account","Name":"adele","AadUserId":{{id}}}""").Entities[0]).ObjectId);

    [Fact]
    public void Two_object_ids_for_one_account_are_none_and_a_person_is_told()
    {
        var alert = Row($$"""{"Type":"account","Name":"adele","AadUserId":"{{Guid1}}","objectId":"{{Guid2}}"}""");
        Assert.Null(Assert.IsType<AccountEntity>(alert.Entities[0]).ObjectId);
        Assert.Contains(alert.Notes, note => note.Contains("two different object ids", StringComparison.Ordinal));
    }

    [Fact]
    public void An_entity_with_one_key_twice_is_no_target()
    {
        var alert = Row($$"""{"Type":"account","Name":"adele","AadUserId":"{{Guid1}}","AadUserId":"{{Guid2}}"}""");
        Assert.IsType<OtherEntity>(Assert.Single(alert.Entities));
        Assert.Contains(alert.Notes, note => note.Contains("cannot be a target", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_with_a_suffix_makes_a_principal_name() =>
        Assert.Equal(
            "adele@contoso.example",
            Assert
                .IsType<AccountEntity>(Row("""{"Type":"account","Name":"adele","UPNSuffix":"contoso.example"}""").Entities[0])
                .UserPrincipalName
        );

    [Theory]
    [InlineData("1.2.3.4", "1.2.3.4")]
    [InlineData("::ffff:1.2.3.4", "1.2.3.4")]
    [InlineData("::FFFF:0102:0304", "1.2.3.4")]
    [InlineData("2001:DB8:0:0:0:0:0:1", "2001:db8::1")]
    [InlineData(" 10.0.0.1 ", "10.0.0.1")]
    public void Addresses_are_written_one_way(string written, string canonical) =>
        Assert.Equal(
            canonical,
            Assert.IsType<IpEntity>(Assert.Single(Row($$"""{"Type":"ip","Address":"{{written}}"}""").Entities)).Address
        );

    [Theory]
    [InlineData("01.2.3.4")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.256")]
    [InlineData("1.2.3.4.5")]
    [InlineData("16909060")]
    [InlineData("0x7f.1.1.1")]
    [InlineData("1.2.3.0/24")]
    [InlineData("1.2.3.4:443")]
    [InlineData("[::1]:443")]
    [InlineData("fe80::1%eth0")]
    [InlineData("::ffff:01.2.3.4")]
    [InlineData("1.2.3.4, 5.6.7.8")]
    [InlineData("every address")]
    [InlineData("")]
    public void What_is_no_address_is_no_ip_entity(string written) =>
        Assert.IsType<OtherEntity>(Assert.Single(Row($$"""{"Type":"ip","Address":"{{written}}"}""").Entities));

    [Fact]
    public void The_same_address_twice_is_one_entity() =>
        Assert.Single(Row("""{"Type":"ip","Address":"1.2.3.4"}""", """{"Type":"ip","Address":"::ffff:1.2.3.4"}""").Entities);

    [Fact]
    public void The_same_account_from_two_places_is_one_entity_with_what_both_know()
    {
        var alert = Graph(
            Evidence("user", $"'roles':['compromised'],'userAccount':{{'userPrincipalName':'A@c.example','azureAdUserId':'{Guid1}'}}"),
            Evidence(
                "process",
                "'processId':1,'userAccount':{'accountName':'a','userPrincipalName':'a@c.example','userSid':'S-1-5-21-1-2-3-4'}"
            )
        );
        var account = Assert.Single(alert.Entities.OfType<AccountEntity>());
        Assert.Equal(("e1", Guid1, "S-1-5-21-1-2-3-4", "a"), (account.Id, account.ObjectId, account.Sid, account.Name));
        Assert.Equal(["compromised"], account.Roles);
    }

    [Fact]
    public void Accounts_that_contradict_each_other_stay_two() =>
        Assert.Equal(
            2,
            Graph(
                Evidence("user", $"'userAccount':{{'userPrincipalName':'a@c.example','azureAdUserId':'{Guid1}'}}"),
                Evidence("user", $"'userAccount':{{'userPrincipalName':'a@c.example','azureAdUserId':'{Guid2}'}}")
            ).Entities.Count
        );

    [Fact]
    public void Local_accounts_of_one_name_on_two_hosts_stay_two() =>
        Assert.Equal(
            2,
            Row(
                """{"$id":"1","Type":"host","HostName":"a"}""",
                """{"$id":"2","Type":"host","HostName":"b"}""",
                """{"Type":"account","Name":"admin","Host":{"$ref":"1"}}""",
                """{"Type":"account","Name":"admin","Host":{"$ref":"2"}}"""
            )
                .Entities.OfType<AccountEntity>()
                .Count()
        );

    [Fact]
    public void References_may_point_forward_into_nested_entities_and_in_circles()
    {
        var alert = Row(
            """{"$id":"1","Type":"process","ProcessId":"7","ImageFile":{"$ref":"9"},"ParentProcess":{"$ref":"1"}}""",
            """{"$ref":"2"}""",
            """
            {"$id":"3","Type":"process","ProcessId":"8","ImageFile":{"$id":"9","Type":"file","Name":"evil.exe"},
            "Account":{"$id":"2","Type":"account","Name":"bob","NTDomain":"c"}}
            """,
            """{"$id":"4","Type":"account","Name":"loop","Host":{"$id":"5","$ref":"6"}}""",
            """{"$id":"6","$ref":"5","Type":"host"}"""
        );
        Assert.Equal(["process", "process", "file", "account", "account", "other"], alert.Entities.Select(RealAlertTests.Kind));
        Assert.All(alert.Entities.OfType<ProcessEntity>(), process => Assert.Equal("evil.exe", process.ImageName));
    }

    [Fact]
    public void A_reference_to_nothing_is_noted() =>
        Assert.Contains(Row("""{"$ref":"77"}""").Notes, note => note.Contains("77", StringComparison.Ordinal));

    [Fact]
    public void A_message_gives_one_entity_for_each_recipient_and_their_mailboxes()
    {
        var alert = Graph(
            Evidence(
                "analyzedMessage",
                $"'networkMessageId':'{Guid1}','subject':'Invoice','recipientEmailAddress':'m@c.example',"
                    + $"'p2Sender':{{'emailAddress':'x@evil.example'}},'senderIp':'203.0.113.9','verdict':'malicious'"
            )
        );
        var mail = Assert.IsType<MailMessageEntity>(alert.Entities[0]);
        Assert.Equal(
            (Guid1, "m@c.example", "x@evil.example", "Invoice", "malicious"),
            (mail.NetworkMessageId, mail.Recipient, mail.Sender, mail.Subject, mail.SourceVerdict)
        );
        var mailbox = Assert.IsType<MailboxEntity>(alert.Entities[1]);
        Assert.Equal(("m@c.example", (string?)null), (mailbox.PrimaryAddress, mailbox.SourceVerdict));
        Assert.Equal(2, alert.Entities.Count);
        Assert.Equal(
            4,
            Row($$"""{"Type":"mailmessage","NetworkMessageId":"{{Guid1}}","Recipients":["a@c.example","b@c.example"]}""").Entities.Count
        );
    }

    [Fact]
    public void A_mail_cluster_gives_each_of_its_messages() =>
        Assert.Equal(
            2,
            Row($$"""{"Type":"mailcluster","NetworkMessageIds":["{{Guid1}}","{{Guid2}}"],"Query":"q"}""")
                .Entities.OfType<MailMessageEntity>()
                .Count()
        );

    [Fact]
    public void A_service_principal_yields_its_object_and_application_id()
    {
        var alert = Graph(
            Evidence("servicePrincipal", $"'appId':'{Guid1}','servicePrincipalObjectId':'{Guid2}','servicePrincipalName':'backup'"),
            Evidence("cloudApplication", "'appId':11161,'displayName':'Office 365'")
        );
        var first = Assert.IsType<ApplicationEntity>(alert.Entities[0]);
        Assert.Equal((Guid1, Guid2, "backup"), (first.AppId, first.ObjectId, first.Name));
        var second = Assert.IsType<ApplicationEntity>(alert.Entities[1]);
        Assert.Null(second.AppId);
        Assert.Contains("11161", second.Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void Logged_on_users_and_the_ends_of_a_connection_are_entities_of_their_own()
    {
        var alert = Graph(
            Evidence("device", "'deviceDnsName':'pc1.c.example','loggedOnUsers':[{'accountName':'bob','domainName':'C'}]"),
            Evidence(
                "networkConnection",
                "'sourceAddress':{'@odata.type':'#microsoft.graph.security.ipEvidence','ipAddress':'10.0.0.1'},"
                    + "'destinationAddress':{'@odata.type':'#microsoft.graph.security.ipEvidence','ipAddress':'203.0.113.1'}"
            )
        );
        Assert.Equal(["host", "account", "other", "ip", "ip"], alert.Entities.Select(RealAlertTests.Kind));
    }

    [Fact]
    public void An_unknown_entity_type_and_unknown_fields_survive()
    {
        var other = Assert.IsType<OtherEntity>(Graph(Evidence("quantumDevice", "'qubits':5,'displayName':'Q'")).Entities[0]);
        Assert.Equal(("quantum device", "Q", "{\"qubits\":5}"), (other.Type, other.Display, other.Extra));
    }

    [Fact]
    public void A_host_takes_only_ids_of_the_right_form()
    {
        var host = Assert.IsType<HostEntity>(
            Row(
                """{"Type":"host","HostName":"a","MdatpDeviceId":"73E7E2DE709DFF64EF64B1D0C30E67FAB63279DB","AzureID":"../../all"}"""
            ).Entities[0]
        );
        Assert.Equal(("73e7e2de709dff64ef64b1d0c30e67fab63279db", (string?)null), (host.DefenderDeviceId, host.AzureResourceId));
        Assert.Contains("../../all", host.Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_link_is_never_kept_as_a_link() =>
        Assert.IsType<OtherEntity>(Row($$"""{"Type":"url","Url":"http://a.example/{{new string('x', 5000)}}"}""").Entities[0]);
}

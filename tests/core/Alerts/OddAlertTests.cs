using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using static IRFunctions.Tests.Alerts.Written;

namespace IRFunctions.Tests.Alerts;

/// <summary>Odd and hostile messages that look real, written after the parser and judged with fresh eyes.</summary>
public sealed class OddAlertTests
{
    private const string Other = "eeee0000-0000-4000-8000-00000000000e";

    [Fact]
    public void Evidence_that_powershell_flattened_is_told()
    {
        var alert = GraphWith("'evidence':['@{@odata.type=#microsoft.graph.security.userEvidence; userAccount=}']");
        Assert.Empty(alert.Entities);
        Assert.Contains(alert.Notes, note => note.Contains("$.evidence[0] is not an object", StringComparison.Ordinal));
    }

    [Fact]
    public void Entities_written_by_python_are_told_and_kept()
    {
        var row = new JsonObject
        {
            ["SystemAlertId"] = "a",
            ["TenantId"] = "w",
            ["AlertName"] = "n",
            ["Entities"] = "[{'Type': 'ip', 'Address': '203.0.113.7'}]",
        };
        var alert = Real.Alert(row);
        Assert.Contains(alert.Notes, note => note.Contains("$.Entities", StringComparison.Ordinal));
        Assert.Contains("203.0.113.7", alert.Extra, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{'accounts':[{'aadUserId':'%'}],'ips':[{'address':'203.0.113.7'}]}")]
    [InlineData("{'userEvidence':{'userAccount':{'azureAdUserId':'%'}},'ipEvidence':{'ipAddress':'203.0.113.7'}}")]
    [InlineData("[{'Type':null,'AadUserId':'%'},{'Type':3,'Address':'203.0.113.7'}]")]
    [InlineData("[{'Type':'Account ','AadUserId':'%'},{'Type':' ip','Address':'203.0.113.7'}]")]
    [InlineData("[{'Type':'EntraIdUser','AadUserId':'%'},{'address':'203.0.113.7'}]")]
    public void Entities_sorted_by_kind_or_without_a_known_type_are_what_their_ids_say(string entities)
    {
        var text = entities.Replace("%", Real.Adele, StringComparison.Ordinal);
        var alert = Read($"{{'SystemAlertId':'a','TenantId':'w','AlertName':'n','Entities':{text}}}");
        Assert.Equal((Real.Adele, "203.0.113.7"), (The<AccountEntity>(alert).ObjectId, The<IpEntity>(alert).Address));
    }

    [Fact]
    public void An_object_id_of_zeros_is_none() =>
        Assert.Null(
            Targets.Of(
                The<AccountEntity>(Graph("user|'userAccount':{'accountName':'svc','azureAdUserId':'00000000-0000-0000-0000-000000000000'}"))
            )
        );

    [Fact]
    public void A_display_name_that_claims_to_be_somebody_else_stays_beside_the_sign_in_name()
    {
        var account = The<AccountEntity>(
            Graph("user|'userAccount':{'displayName':'Admin (ceo@contoso.example)','userPrincipalName':'mallory@contoso.example'}")
        );
        Assert.Equal("mallory@contoso.example", account.UserPrincipalName);
        Assert.EndsWith("(mallory@contoso.example)", account.Display, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ad\u0435le@contoso.example")]
    [InlineData("adele@contoso.example@evil.example")]
    [InlineData("adele @contoso.example")]
    [InlineData("adele@contoso.example, bob@contoso.example")]
    public void What_is_nearly_a_sign_in_name_is_none_and_stays_in_the_leftovers(string written)
    {
        var account = Graph($"user|'userAccount':{{'accountName':'x','userPrincipalName':'{written}'}}").Entities[0];
        Assert.Null(Assert.IsType<AccountEntity>(account).UserPrincipalName);
        Assert.Contains("userPrincipalName", account.Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipient_with_a_display_name_is_the_address_in_it()
    {
        var alert = Row(
            "{'Type':'mailMessage','NetworkMessageId':'1b2c3d4e-1111-4aaa-8bbb-0c0d0e0f1a1b','InternetMessageId':'<1@x>',"
                + "'Recipient':'Adele Vance <adelev@contoso.example>; meganb@contoso.example'}"
        );
        Assert.Equal(
            ["adelev@contoso.example", "meganb@contoso.example"],
            alert.Entities.OfType<MailMessageEntity>().Select(mail => mail.Recipient)
        );
    }

    [Fact]
    public void A_file_on_two_machines_keeps_both_machines()
    {
        var file = The<FileEntity>(
            Graph(
                $"file|'mdeDeviceId':'{new string('1', 40)}','fileDetails':{{'fileName':'a.exe','filePath':'C:/a'}},'verdict':'unknown'",
                $"file|'mdeDeviceId':'{new string('2', 40)}','fileDetails':{{'fileName':'a.exe','filePath':'C:/a'}},'verdict':'malicious'",
                $"file|'mdeDeviceId':'{new string('3', 40)}','fileDetails':{{'fileName':'a.exe','filePath':'C:/a'}}"
            )
        );
        Assert.Equal("malicious", file.SourceVerdict);
        var extra = JsonNode.Parse(file.Extra!)!;
        Assert.Equal(new string('1', 40), extra["mdeDeviceId"]!.GetValue<string>());
        Assert.Equal([new string('2', 40), new string('3', 40)], extra["also"]!.AsArray().Select(more => (string?)more!["mdeDeviceId"]));
    }

    [Fact]
    public void A_message_in_utf_16_is_read()
    {
        var text = "\uFEFF" + Real.GraphAlert().ToJsonString();
        var expected = Real.Json(Real.Alert(Real.GraphAlert()));
        Assert.Equal(expected, Real.Json(AlertParser.Read(Encoding.Unicode.GetBytes(text)).Alert!));
        Assert.Equal(expected, Real.Json(AlertParser.Read(Encoding.BigEndianUnicode.GetBytes(text)).Alert!));
    }

    [Theory]
    [InlineData("{'Type':'host','HostName':'10.1.2.3'}")]
    [InlineData("{'Type':'host','HostName':'my laptop'}")]
    [InlineData("{'Type':'host','HostName':'$'}")]
    [InlineData("{'Type':'host','HostName':'pc7','DeviceId':'5e4d3c2b-1111-4aaa-8bbb-0c0d0e0f1a1c'}")]
    public void A_host_without_an_id_is_shown_and_is_no_target(string entity) => Assert.Null(Targets.Of(The<HostEntity>(Row(entity))));

    [Fact]
    public void A_foreign_mention_makes_the_whole_account_no_target()
    {
        var alert = Graph(
            $"user|'userAccount':{{'azureAdUserId':'{Real.Adele}','userPrincipalName':'a@c.example'}}",
            $"user|'userAccount':{{'azureAdUserId':'{Real.Adele}','userPrincipalName':'a@c.example','tenantId':'{Other}'}}"
        );
        Assert.All(alert.Entities, entity => Assert.Null(Targets.Of(entity)));
    }

    [Fact]
    public void Fields_of_additional_data_never_overwrite_an_entitys_own()
    {
        var host = The<HostEntity>(
            Arm(
                $"Host|'hostName':'a','mdatpDeviceId':'{new string('1', 40)}',"
                    + $"'additionalData':{{'mdatpDeviceId':'{new string('2', 40)}'}}"
            )
        );
        Assert.Equal(new string('1', 40), host.DefenderDeviceId);
        Assert.Contains(new string('2', 40), host.Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_object_ids_under_two_names_are_none()
    {
        var alert = Arm($"Account|'aadUserId':'{Real.Adele}','additionalData':{{'AzureAdUserId':'{Real.Megan}'}}");
        Assert.All(alert.Entities, entity => Assert.Null(Targets.Of(entity)));
        Assert.Contains(alert.Notes, note => note.Contains("two different object ids", StringComparison.Ordinal));
    }

    [Fact]
    public void A_list_that_claims_a_hundred_thousand_entities_is_bounded()
    {
        var entities = string.Join(',', Enumerable.Range(0, 40_000).Select(i => $"{{\"Type\":\"x{i}\"}}"));
        var row = $"{{\"SystemAlertId\":\"a\",\"TenantId\":\"w\",\"AlertName\":\"n\",\"Entities\":[{entities}]}}";
        var alert = Real.Alert(JsonNode.Parse(row)!);
        Assert.Equal(AlertLimits.MaxEntities, alert.Entities.Count);
        Assert.Contains(alert.Notes, note => note.Contains("39800 more", StringComparison.Ordinal));
    }

    [Fact]
    public void Json_encoded_more_often_than_anybody_does_is_left_with_a_note()
    {
        var node = JsonNode.Parse(Quoted("[{'Type':'ip','Address':'203.0.113.7'}]"))!;
        for (var i = 0; i < 9; i++)
            node = JsonValue.Create(node.ToJsonString())!;
        var row = new JsonObject
        {
            ["SystemAlertId"] = "a",
            ["TenantId"] = "w",
            ["AlertName"] = "n",
            ["Entities"] = node,
        };
        var alert = Real.Alert(row);
        Assert.Empty(alert.Entities);
        Assert.Contains(alert.Notes, note => note.Contains("$.Entities is not a list", StringComparison.Ordinal));
    }

    [Fact]
    public void A_resource_that_only_says_where_is_no_entity() =>
        Assert.Empty(RowWith("'ResourceId':'/subscriptions/9b8a7c6d-1111-4222-8333-444455556666/resourceGroups/r',").Entities);
}

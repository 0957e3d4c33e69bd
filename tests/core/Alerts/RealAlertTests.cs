using System.Text.Json;
using IRFunctions.Alerts;

namespace IRFunctions.Tests.Alerts;

/// <summary>What the collected real messages become.</summary>
public sealed class RealAlertTests
{
    [Fact]
    public void Every_real_message_is_an_alert()
    {
        var messages = Real.Messages().ToList();
        Assert.True(messages.Count > 130, $"only {messages.Count} messages found");
        Assert.All(
            messages,
            message =>
            {
                var reading = Real.Read(message.Message);
                Assert.True(reading.IsAlert, $"{message.Name}: {reading.Explanation}");
                Assert.NotEmpty(reading.Alert.Id);
                Assert.NotEmpty(reading.Alert.TenantId);
                Assert.NotEmpty(reading.Alert.Title);
                Assert.Equal(
                    Enumerable.Range(1, reading.Alert.Entities.Count).Select(n => $"e{n}"),
                    reading.Alert.Entities.Select(e => e.Id)
                );
                Assert.All(reading.Alert.Entities, entity => Assert.NotEmpty(entity.Display));
            }
        );
    }

    [Fact]
    public void Every_alert_survives_its_own_json_without_loss() =>
        Assert.All(
            Real.Messages(),
            message =>
            {
                var alert = Real.Alert(message.Message);
                var json = Real.Json(alert);
                var back = JsonSerializer.Deserialize<Alert>(json, Real.Web)!;
                Assert.Equal(json, Real.Json(back));
                Assert.Equal(alert.Entities.Select(e => e.GetType()), back.Entities.Select(e => e.GetType()));
            }
        );

    [Fact]
    public void The_same_bytes_give_the_same_alert() =>
        Assert.All(
            Real.Messages(),
            message => Assert.Equal(Real.Json(Real.Alert(message.Message)), Real.Json(Real.Alert(message.Message)))
        );

    [Fact]
    public void All_113_table_rows_keep_their_id_severity_times_and_entities()
    {
        var rows = Real.Rows();
        Assert.Equal(113, rows.Count);
        Assert.All(
            rows,
            row =>
            {
                var alert = Real.Alert(row!);
                Assert.Equal(AlertShape.SecurityAlertRow, alert.Shape);
                Assert.Equal(row!["SystemAlertId"]!.GetValue<string>().ToLowerInvariant(), alert.Id);
                Assert.Equal("802d39e1-9d70-404d-832c-2de5e2478eda", alert.TenantId);
                Assert.Equal(row["Severity"]!.GetValue<string>(), alert.Severity.ToString());
                Assert.Equal(row["AlertDisplayName"]!.GetValue<string>().Trim(), alert.Title);
                Assert.Equal(row["StartTimeUtc"]!.GetValue<string>(), alert.FirstActivity!.Value.ToString("yyyy-MM-dd HH:mm:ss"));
                Assert.Equal(TimeSpan.Zero, alert.FirstActivity.Value.Offset);
                Assert.DoesNotContain(
                    alert.Entities,
                    entity => entity is OtherEntity other && other.Type is not ("host logon session" or "compromised entity")
                );
            }
        );
    }

    [Fact]
    public void A_table_row_with_references_gives_each_thing_once()
    {
        var alert = Real.Alert(Real.Rows()[100]!);
        Assert.Equal("Suspicious Volume Shadow Copy Activity", alert.Title);
        Assert.Equal(["host", "file", "process", "account", "file", "process", "other", "azureResource"], alert.Entities.Select(Kind));
        var process = Assert.IsType<ProcessEntity>(alert.Entities[5]);
        Assert.Equal(
            ("vssadmin.exe", "0x1be8", "vssadmin  delete shadows /all /quiet"),
            (process.ImageName, process.ProcessId, process.CommandLine)
        );
        var account = Assert.IsType<AccountEntity>(alert.Entities[3]);
        Assert.Equal(
            ("MSTICAdmin", "MSTICAlertsWin1", "S-1-5-21-996632719-2361334927-4038480536-500"),
            (account.Name, account.Domain, account.Sid)
        );
        Assert.Null(account.ObjectId);
        Assert.Equal("MSTICAlertsWin1\\MSTICAdmin", account.Display);
        Assert.Contains("resourceType", alert.Extra, StringComparison.Ordinal);
        Assert.DoesNotContain("$ref", Real.Json(alert), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_row_names_the_malicious_address()
    {
        var alert = Real.Alert(Real.Rows()[5]!);
        Assert.Equal("Network communication with a malicious machine detected", alert.Title);
        Assert.Equal("183.95.154.13", Assert.Single(alert.Entities.OfType<IpEntity>()).Address);
        Assert.Single(alert.Entities.OfType<HostEntity>());
    }

    [Fact]
    public void A_registry_value_takes_its_key_from_the_entity_it_refers_to()
    {
        var values = Real.Alert(Real.Rows()[41]!).Entities.OfType<RegistryEntity>().ToList();
        Assert.Equal(2, values.Count);
        Assert.Contains(
            values,
            value => value.Value?.StartsWith("windowposition", StringComparison.Ordinal) == true && value.Key!.Contains('\\')
        );
    }

    [Fact]
    public void A_graph_alert_gives_device_file_process_account_and_registry_key()
    {
        var alert = Real.Alert(Real.GraphAlert());
        Assert.Equal((AlertShape.GraphAlert, "da637578995287051192_756343937", "28282"), (alert.Shape, alert.Id, alert.IncidentId));
        Assert.Equal("b3c1b5fc-828c-45fa-a1e1-10d74f6d6e9c", alert.TenantId);
        Assert.Equal((Severity.Low, "low"), (alert.Severity, alert.SeverityText));
        Assert.Equal(("microsoftDefenderForEndpoint", "DefenseEvasion"), (alert.Product, alert.Category));
        Assert.Equal(["T1564.001"], alert.Techniques);
        Assert.Equal(new DateTimeOffset(2021, 4, 26, 7, 45, 50, 116, TimeSpan.Zero), alert.FirstActivity);
        Assert.Equal(["host", "file", "process", "account", "registry"], alert.Entities.Select(Kind));
        var host = Assert.IsType<HostEntity>(alert.Entities[0]);
        Assert.Equal(
            ("tempDns", "73e7e2de709dff64ef64b1d0c30e67fab63279db", "Windows10"),
            (host.HostName, host.DefenderDeviceId, host.OsPlatform)
        );
        Assert.EndsWith("/virtualMachines/NirLaviTests", host.AzureResourceId, StringComparison.Ordinal);
        Assert.Equal(("unknown", "compromised"), (host.SourceVerdict, Assert.Single(host.Roles)));
        var file = Assert.IsType<FileEntity>(alert.Entities[1]);
        Assert.Equal("8963a19fb992ad9a76576c5638fd68292cffb9aaac29eb8285f9abf6196a7dec", file.Sha256);
        var process = Assert.IsType<ProcessEntity>(alert.Entities[2]);
        Assert.Equal(("MsSense.exe", "4780"), (process.ImageName, process.ProcessId));
        var account = Assert.IsType<AccountEntity>(alert.Entities[3]);
        Assert.Equal(("SYSTEM", "NT AUTHORITY", "S-1-5-18", (string?)null), (account.Name, account.Domain, account.Sid, account.ObjectId));
        Assert.StartsWith("HKEY_LOCAL_MACHINE\\SYSTEM", Assert.IsType<RegistryEntity>(alert.Entities[4]).Key, StringComparison.Ordinal);
    }

    [Fact]
    public void The_devices_own_address_is_no_entity_since_an_entity_can_be_blocked()
    {
        var alert = Real.Alert(Real.GraphAlert());
        Assert.Empty(alert.Entities.OfType<IpEntity>());
        Assert.Contains("1.1.1.1", alert.Entities[0].Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_incident_brings_its_alerts_words_and_entities()
    {
        var alert = Real.Alert(Real.GraphIncident());
        Assert.Equal(
            (AlertShape.GraphIncident, "2972395", "2972395", Severity.Medium),
            (alert.Shape, alert.Id, alert.IncidentId, alert.Severity)
        );
        Assert.Equal("da637551227677560813_-961444813", Assert.Single(alert.MemberAlertIds));
        Assert.Equal(5, alert.Entities.Count);
        Assert.Contains("Raspberry Robin", alert.Description, StringComparison.Ordinal);
        Assert.Contains("Suspicious execution of hidden file", alert.Description, StringComparison.Ordinal);
        Assert.Equal(["T1564.001"], alert.Techniques);
    }

    [Fact]
    public void An_incident_with_pascal_case_enums_reads_the_same()
    {
        var alert = Real.Alert(Real.Data("incidents_list.json")["example1_list_PascalCaseEnums"]!);
        Assert.Equal((AlertShape.GraphIncident, Severity.Medium, "Medium"), (alert.Shape, alert.Severity, alert.SeverityText));
        Assert.Empty(alert.Entities);
    }

    [Fact]
    public void A_sentinel_alert_with_entities_gives_resource_address_and_host()
    {
        var alert = Real.Alert(Real.Sample("sentinel-alert-with-entities.json"));
        Assert.Equal((AlertShape.SentinelAlert, "8a2fe554-9e4e-8298-cd70-4159a5494b7e"), (alert.Shape, alert.Id));
        Assert.Equal("c6c712b0-dc3d-4408-945a-4bde1db6579b", alert.TenantId);
        Assert.Equal(["azureResource", "ip", "host"], alert.Entities.Select(Kind));
        Assert.Equal("1.1.1.1", Assert.IsType<IpEntity>(alert.Entities[1]).Address);
        Assert.Equal("logforwarder", alert.Entities[2].Display);
        Assert.Equal(["PreAttack"], alert.Tactics);
    }

    [Fact]
    public void A_sentinel_incident_trigger_gives_its_entities_and_alerts()
    {
        var alert = Real.Alert(Real.Sample("sentinel-incident-trigger.json"));
        Assert.Equal((AlertShape.SentinelIncident, "29293940-bec6-4549-8d8a-0f6341dc37cc"), (alert.Shape, alert.Id));
        Assert.Equal("a4b7e24a-xxxx-4d84-xxxx-89e99b336784", alert.TenantId);
        Assert.Equal("8a2fe554-9e4e-8298-cd70-4159a5494b7e", Assert.Single(alert.MemberAlertIds));
        Assert.Equal(["ip", "azureResource", "host"], alert.Entities.Select(Kind));
        Assert.Contains("Network_TrafficFromUnrecommendedIP", alert.Category, StringComparison.Ordinal);
    }

    [Fact]
    public void An_incident_trigger_without_relations_is_an_alert_without_entities()
    {
        var alert = Real.Alert(Real.Data("incident_trigger_empty_relations.json"));
        Assert.Equal(("22d80f17-3e6d-49a7-8cc4-ad88fc708c95", Severity.High), (alert.Id, alert.Severity));
        Assert.Equal("556ac391-e8b4-4a9e-8f05-024974300f27", alert.TenantId);
        Assert.Empty(alert.Entities);
    }

    [Fact]
    public void A_defender_api_alert_gives_the_account_with_its_object_id()
    {
        var alert = Real.Alert(Real.Sample("defender-alert-rundll32.json"));
        Assert.Equal(
            (AlertShape.DefenderApiAlert, "1126093", "11111111-1253-6432-9bf6-94542403f21c"),
            (alert.Shape, alert.IncidentId, alert.TenantId)
        );
        var account = alert.Entities.OfType<AccountEntity>().Single(account => account.ObjectId is not null);
        Assert.Equal(("11118379-2a59-1111-ac3c-a51eb4a3c627", "user@example.com"), (account.ObjectId, account.UserPrincipalName));
        var host = Assert.Single(alert.Entities.OfType<HostEntity>());
        Assert.Equal(
            ("test", "example.com", "111e6dd8c833c8a052ea231ec1b19adaf497b625"),
            (host.HostName, host.DnsDomain, host.DefenderDeviceId)
        );
        Assert.Equal("rundll32.exe", Assert.Single(alert.Entities.OfType<ProcessEntity>()).ImageName);
    }

    [Fact]
    public void A_defender_api_incident_gives_the_mailbox_and_its_account()
    {
        var alert = Real.Alert(Real.Sample("defender-incident-reported-mail.json"));
        Assert.Equal((AlertShape.DefenderApiIncident, "924518", Alert.UnknownTenant), (alert.Shape, alert.IncidentId, alert.TenantId));
        Assert.Equal("user@example.com", Assert.Single(alert.Entities.OfType<MailboxEntity>()).PrimaryAddress);
        Assert.Equal("user@example.com", Assert.Single(alert.Entities.OfType<AccountEntity>()).UserPrincipalName);
    }

    internal static string Kind(Entity entity)
    {
        using var json = JsonSerializer.SerializeToDocument(entity, Real.Web);
        return json.RootElement.GetProperty("kind").GetString()!;
    }
}

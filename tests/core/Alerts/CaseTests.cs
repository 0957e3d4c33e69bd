using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Tests.Alerts;

/// <summary>
/// The inputs of tests/data/alerts/cases with their right values. Each stands for a kind; more: AlertKindTests and EntityKindTests.
/// </summary>
public sealed class CaseTests
{
    private const string Other = "5e4d3c2b-1111-4aaa-8bbb-0c0d0e0f1a1c";
    private const string Message = "1b2c3d4e-1111-4aaa-8bbb-0c0d0e0f1a1b";
    private const string Device = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
    private const string Vm =
        "/subscriptions/9b8a7c6d-1111-4222-8333-444455556666/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/vm7";
    private static readonly string Hash = string.Concat(Enumerable.Repeat("ab", 32));

    private static Alert Case(string number) => Real.Alert(Real.Case(number));

    private static T The<T>(string number)
        where T : Entity => Assert.Single(Case(number).Entities.OfType<T>());

    [Fact]
    public void Case_008_critical_is_at_least_high() =>
        Assert.Equal((Severity.High, "critical"), (Case("008").Severity, Case("008").SeverityText));

    [Theory]
    [InlineData("009")]
    [InlineData("010")]
    public void Cases_009_and_010_one_object_is_a_list_of_one(string number) =>
        Assert.Equal(Real.Adele, The<AccountEntity>(number).ObjectId);

    [Fact]
    public void Case_011_the_account_after_a_flood_of_files_is_kept_and_the_files_are_counted()
    {
        var alert = Case("011");
        Assert.Equal(AlertLimits.MaxEntities, alert.Entities.Count);
        Assert.Equal(Real.Adele, Assert.Single(alert.Entities.OfType<AccountEntity>()).ObjectId);
        Assert.Contains(alert.Notes, note => note.Contains("31 more are left out (31 file)", StringComparison.Ordinal));
    }

    [Fact]
    public void Case_012_the_last_verdict_is_the_sources_verdict()
    {
        Assert.Equal("Malicious", The<IpEntity>("012").SourceVerdict);
        Assert.Equal("Suspicious", The<AccountEntity>("012").SourceVerdict);
    }

    [Fact]
    public void Case_013_the_verdict_of_a_threat_analysis_is_the_sources_verdict() =>
        Assert.Equal("Malicious", The<IpEntity>("013").SourceVerdict);

    [Fact]
    public void Case_015_an_oauth_application_has_its_ids_and_is_a_target()
    {
        var application = The<ApplicationEntity>("015");
        Assert.Equal((Other, Real.Adele, "Mail Sorter"), (application.AppId, application.ObjectId, application.Name));
        Assert.Equal("application", Targets.Of(application)?.Kind);
    }

    [Theory]
    [InlineData("016")]
    [InlineData("041")]
    public void Cases_016_and_041_the_mailboxs_id_is_its_users(string number)
    {
        Assert.Equal(Real.Adele, The<MailboxEntity>(number).ObjectId);
        var account = The<AccountEntity>(number);
        Assert.Equal((Real.Adele, "AdeleV@contoso.example"), (account.ObjectId, account.UserPrincipalName));
    }

    [Fact]
    public void Case_017_a_reported_mail_is_a_message_and_its_mailbox()
    {
        var mail = The<MailMessageEntity>("017");
        Assert.Equal(
            (Message, "AdeleV@contoso.example", "a@bad.example", "Pay", "malicious"),
            (mail.NetworkMessageId, mail.Recipient, mail.Sender, mail.Subject, mail.SourceVerdict)
        );
        Assert.Equal("AdeleV@contoso.example", The<MailboxEntity>("017").PrimaryAddress);
    }

    [Theory]
    [InlineData("018")]
    [InlineData("019")]
    public void Cases_018_and_019_a_hash_is_a_file_with_that_hash(string number) => Assert.Equal(Hash, The<FileEntity>(number).Sha256);

    [Fact]
    public void Case_020_a_display_name_makes_no_principal_name()
    {
        var account = The<AccountEntity>("020");
        Assert.Equal(((string?)null, "Adele Vance"), (account.UserPrincipalName, account.Name));
        Assert.Equal("Adele Vance", account.Display);
        Assert.Contains("contoso.example", account.Extra, StringComparison.Ordinal);
    }

    [Fact]
    public void Case_021_the_domain_before_a_name_is_its_domain()
    {
        var account = The<AccountEntity>("021");
        Assert.Equal(("adelev", "CONTOSO", (string?)null), (account.Name, account.Domain, account.UserPrincipalName));
        Assert.Equal("CONTOSO\\adelev", account.Display);
    }

    [Fact]
    public void Case_022_an_account_of_another_tenant_is_no_target_and_that_is_said()
    {
        Assert.Null(Targets.Of(The<AccountEntity>("022")));
        Assert.Contains(
            Case("022").Notes,
            note =>
                note.Contains("eeee0000-0000-4000-8000-00000000000e", StringComparison.Ordinal)
                && note.Contains("no target", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Case_026_a_defender_for_cloud_export_names_its_resource_and_tenant()
    {
        Assert.Equal(Vm, The<AzureResourceEntity>("026").ResourceId);
        Assert.Equal("00000000-0000-4000-8000-000000000001", Case("026").TenantId);
    }

    [Fact]
    public void Case_027_a_hunting_row_names_account_address_and_device()
    {
        var account = The<AccountEntity>("027");
        Assert.Equal((Real.Adele, "AdeleV@contoso.example"), (account.ObjectId, account.UserPrincipalName));
        Assert.Equal(["Impacted"], account.Roles);
        Assert.Equal("203.0.113.77", The<IpEntity>("027").Address);
        var host = The<HostEntity>("027");
        Assert.Equal((Device, "pc7", "contoso.example"), (host.DefenderDeviceId, host.HostName, host.DnsDomain));
    }

    [Theory]
    [InlineData("029")]
    [InlineData("040")]
    public void Cases_029_and_040_one_machine_is_one_host_with_its_ids(string number)
    {
        var host = The<HostEntity>(number);
        Assert.Equal(("pc7", "contoso.example", Device), (host.HostName, host.DnsDomain, host.DefenderDeviceId));
        Assert.Equal("pc7.contoso.example", host.Display);
        if (number == "040")
            Assert.Equal(Other, host.EntraDeviceId);
    }

    [Fact]
    public void Case_030_a_principal_name_written_as_name_is_the_same_account()
    {
        var account = The<AccountEntity>("030");
        Assert.Equal((Real.Adele, "adelev@contoso.example", "adelev"), (account.ObjectId, account.UserPrincipalName, account.Name));
    }

    [Fact]
    public void Case_031_what_is_short_and_telling_is_kept_and_what_is_cut_is_named()
    {
        var alert = Case("031");
        Assert.Contains("\"IncidentId\":\"410\"", alert.Extra, StringComparison.Ordinal);
        Assert.Contains("FalsePositive", alert.Extra, StringComparison.Ordinal);
        Assert.DoesNotContain(alert.Notes, note => note.EndsWith("ExtendedProperties.", StringComparison.Ordinal));
        Assert.Contains(alert.Notes, note => note.Contains("ExtendedProperties.Action", StringComparison.Ordinal));
    }

    [Fact]
    public void Case_032_an_agent_is_shown_by_its_name() => Assert.Equal("Claims helper", The<OtherEntity>("032").Display);

    [Fact]
    public void Case_033_cloud_resources_are_shown_by_their_names() =>
        Assert.Equal(["i-0abc", "registry.contoso.example/shop:1.2"], Case("033").Entities.Select(entity => entity.Display));

    [Fact]
    public void Case_034_entities_encoded_twice_are_opened() => Assert.Equal("203.0.113.77", The<IpEntity>("034").Address);

    [Fact]
    public void Case_035_links_of_a_message_are_entities() => Assert.Equal("https://bad.example/a", The<UrlEntity>("035").Url);

    [Fact]
    public void Case_036_only_a_message_that_can_be_found_is_a_target()
    {
        var alert = Case("036");
        var mail = alert.Entities.OfType<MailMessageEntity>().ToList();
        Assert.Equal(5, mail.Count);
        Assert.Equal(Message, Assert.Single(mail, m => Targets.Of(m) is not null).NetworkMessageId);
        Assert.Contains(alert.Notes, note => note.Contains("4 messages", StringComparison.Ordinal));
    }

    [Fact]
    public void Case_037_the_compromised_entity_and_the_resource_of_a_row_are_entities()
    {
        var host = The<HostEntity>("037");
        Assert.Equal(("vm7", "contoso.example", Vm), (host.HostName, host.DnsDomain, host.AzureResourceId));
    }

    [Fact]
    public void Case_038_nanoseconds_are_read() =>
        Assert.Equal("2026-01-02T03:04:05.1234567+00:00", Case("038").FirstActivity?.ToString("O"));
}

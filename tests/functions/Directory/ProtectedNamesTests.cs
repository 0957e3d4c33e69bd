using System.Text.Json.Nodes;
using IRFunctions.Containment;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Directory;

/// <summary>
/// The attack on the running pipeline, kind 3 (S9): what is protected is protected under every name the directory knows, one thing under
/// two names is one target, and what the directory cannot name asks a person.
/// </summary>
public sealed class ProtectedNamesTests
{
    private const string Phish = "<phish-1@evil.example>";

    [Theory]
    [InlineData(TenantSeed.BreakGlass, "breakglass1@contoso.example")]
    [InlineData(TenantSeed.BreakGlass, "emergency@contoso.example")]
    [InlineData(TenantSeed.Alex, "AlexA@contoso.example")]
    [InlineData(TenantSeed.Alex, "alex.alias@contoso.example")]
    [InlineData(TenantSeed.Admin, "admin.patti@contoso.example")]
    public async Task Mail_of_the_break_glass_account_an_approver_or_an_administrator_is_not_moved_alone(string owner, string address)
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        await AliasAsync(world, TenantSeed.BreakGlass, "emergency@contoso.example");
        await AliasAsync(world, TenantSeed.Alex, "alex.alias@contoso.example");
        await world.Machine.Tenant.DeliverAsync(owner, "Overdue invoice", "billing@evil.example", Phish);
        await Named.SendAsync(world, Named.Mail(address, Phish));
        Assert.Empty(world.Effects("message.move"));
    }

    [Fact]
    public async Task Mail_of_anybody_else_is_moved_alone()
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        await Named.SendAsync(world, Named.Mail("MeganB@contoso.example", TenantSeed.PhishingMail));
        Assert.Single(world.Effects("message.move"));
    }

    [Fact]
    public async Task Mail_of_a_mailbox_that_is_registered_by_its_object_id_or_by_another_address_is_not_moved_alone()
    {
        foreach (var registered in (string[])[TenantSeed.Megan, "orders@contoso.example"])
        {
            await using var world = await World.CreateAsync(options =>
                options with
                {
                    Model = ScriptedModel.Recommending("quarantine_email", World.NewClock()),
                    EditPolicy = files =>
                        [
                            .. files.Select(f =>
                                f.Name == "protected.yaml"
                                    ? f with
                                    {
                                        Text = f.Text.Replace("id: orders@contoso.example", $"id: {registered}", StringComparison.Ordinal),
                                    }
                                    : f
                            ),
                        ],
                }
            );
            await AliasAsync(world, TenantSeed.Megan, "orders@contoso.example");
            await Named.SendAsync(world, Named.Mail("MeganB@contoso.example", TenantSeed.PhishingMail));
            Assert.Empty(world.Effects("message.move"));
            Assert.Single(await world.PendingAsync());
        }
    }

    public static TheoryData<string, string> NamesOfTheDatabase() =>
        new()
        {
            { "MdatpDeviceId", TenantSeed.ErpDatabase },
            { "HostName", "erp-db-01" },
            { "HostName", "ERP-DB-01.contoso.example." },
            { "AzureID", TenantSeed.ErpResource },
        };

    [Theory]
    [MemberData(nameof(NamesOfTheDatabase))]
    public async Task A_host_that_is_never_to_be_touched_is_not_touched_under_any_of_its_names(string field, string name)
    {
        await using var world = await Named.WorldAsync("increase_logging_verbosity");
        await Named.SendAsync(world, Named.Host((field, name)));
        Assert.Empty(world.Effects("connector.set"));
        Assert.Empty(await world.PendingAsync());
        var decision = (await world.IncidentsAsync())[0].Decisions.Single(d => d.Action == "increase_logging_verbosity");
        Assert.Equal(Ending.Notified, decision.Ending);
    }

    [Theory]
    [InlineData(TenantSeed.PayrollApp)]
    [InlineData(TenantSeed.PayrollAppId)]
    [InlineData(TenantSeed.PayrollPrincipal)]
    public async Task An_application_that_is_never_to_be_touched_is_not_even_asked_about_under_any_of_its_ids(string id)
    {
        await using var world = await World.CreateAsync(options =>
            options with
            {
                Model = ScriptedModel.Recommending("revoke_api_key", World.NewClock()),
                EditPolicy = files =>
                    [
                        .. files.Select(f =>
                            f.Name == "protected.yaml"
                                ? f with
                                {
                                    Text = f.Text.Replace(
                                        "id: 00000000-0000-4000-8000-0000000000c3",
                                        $"id: {TenantSeed.PayrollPrincipal}",
                                        StringComparison.Ordinal
                                    ),
                                }
                                : f
                        ),
                    ],
            }
        );
        await Named.SendAsync(world, Named.Application(("AppId", id), ("Name", "whatever")));
        Assert.Empty(await world.PendingAsync());
        Assert.Empty(world.Effects("application.removePassword"));
    }

    [Fact]
    public async Task One_application_under_two_of_its_ids_is_one_request()
    {
        await using var world = await Named.WorldAsync("revoke_api_key", null, "e1", "e2");
        await Named.SendAsync(
            world,
            Named.Application(("AppId", TenantSeed.PayrollAppId)),
            Named.Application(("ObjectId", TenantSeed.PayrollPrincipal), ("Name", "Payroll export"))
        );
        var (_, view) = Assert.Single(await world.PendingAsync());
        Assert.Equal($"application:{TenantSeed.PayrollApp}", view.Request.Decision.Target.Key);
    }

    [Fact]
    public async Task One_account_under_its_object_id_another_address_and_its_SID_is_one_request()
    {
        await using var world = await Named.WorldAsync("disable_user_account_temporarily", null, "e1", "e2", "e3");
        const string sid = "S-1-12-1-1234567890-1234567890-1234567890-1234567890";
        await AliasAsync(world, World.Adele, "adele.vance@contoso.example");
        await world.Machine.Tenant.ChangeUserAsync(World.Adele, new JsonObject { ["securityIdentifier"] = sid });
        await Named.SendAsync(
            world,
            Named.Account(("AadUserId", World.Adele)),
            Named.Account(("UPNSuffix", "contoso.example"), ("Name", "adele.vance")),
            Named.Account(("Sid", sid))
        );
        var (_, view) = Assert.Single(await world.PendingAsync());
        Assert.Equal($"account:{World.Adele}", view.Request.Decision.Target.Key);
    }

    [Theory]
    [InlineData("shared@contoso.example", null, "several accounts")]
    [InlineData("MeganB@contoso.example", FaultKind.Unavailable, "the service failed with 503")]
    [InlineData("MeganB@contoso.example", FaultKind.Forbid, "not permitted")]
    public async Task Whose_mailbox_it_is_that_nobody_can_say_asks_a_person_and_says_so(string recipient, FaultKind? fault, string why)
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        await AliasAsync(world, World.Adele, "shared@contoso.example");
        await AliasAsync(world, World.Megan, "shared@contoso.example");
        if (fault is { } kind)
            world.Machine.Tenant.Faults.Add(new Fault(kind, "/graph/v1.0/users", "GET"));
        var run = Named.SendAsync(world, Named.Mail(recipient, TenantSeed.PhishingMail));
        while (!run.IsCompleted) // The client waits before it asks Graph again.
        {
            if (world.Time.NextDue is { } due)
                world.Time.AdvanceTo(due);
            await Task.Yield();
        }
        await run;
        Assert.Empty(world.Effects("message.move"));
        var (_, view) = Assert.Single(await world.PendingAsync());
        var reason = Assert.Single(view.Request.Decision.Reasons, r => r.Rule == "identity-lookup");
        Assert.Contains(why, reason.Text, StringComparison.Ordinal);
        Assert.NotEmpty(world.Effects("ticket.create"));
    }

    [Fact]
    public async Task A_message_to_nobody_of_ours_is_left_to_people()
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        await Named.SendAsync(world, Named.Mail("nobody@contoso.example", TenantSeed.PhishingMail));
        Assert.Empty(world.Effects("message.move"));
        Assert.Empty(await world.PendingAsync());
        Assert.Contains(world.Pages(), p => p.Contains("no account of this name", StringComparison.Ordinal));
        Assert.NotEmpty(world.Effects("ticket.create"));
    }

    [Fact]
    public async Task Of_two_hosts_with_one_short_name_none_is_touched_alone()
    {
        await using var world = await Named.WorldAsync("increase_logging_verbosity");
        await world.Machine.Tenant.AddMachineAsync("4a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b", "vm1.branch.example");
        await Named.SendAsync(world, Named.Host(("HostName", "vm1")));
        Assert.Empty(world.Effects("connector.set"));
    }

    private static Task AliasAsync(World world, string user, string address) =>
        world.Machine.Tenant.ChangeUserAsync(
            user,
            new JsonObject
            {
                ["proxyAddresses"] = new JsonArray(
                    $"SMTP:{(string?)world.Machine.Tenant.FindUser(user)!["userPrincipalName"]}",
                    $"smtp:{address}"
                ),
            }
        );
}

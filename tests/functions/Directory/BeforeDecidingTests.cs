using System.Text.Json.Nodes;
using IRFunctions.Decisions;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;

namespace IRFunctions.Tests.Directory;

/// <summary>
/// Who it really is, and what the action would say, is known before anybody is asked: nobody approves what is then refused (S12, S14).
/// </summary>
public sealed class BeforeDecidingTests
{
    [Theory]
    [InlineData("023", "this tenant's directory has no account of this id")]
    [InlineData("024", "is synchronised from on-premises")]
    [InlineData("025", "is privileged (")]
    public async Task What_the_action_would_refuse_is_told_at_once(string number, string why)
    {
        await using var world = await World.CreateAsync();
        await Life.SendAsync(world, Life.Message(number));
        await IsToldAsync(world, why);
    }

    [Fact]
    public async Task An_account_known_by_its_sign_in_name_only_is_a_target_under_the_directorys_id()
    {
        await using var world = await World.CreateAsync();
        await Life.SendAsync(world, Life.Message("039"));
        var target = Assert.Single(await world.PendingAsync()).View.Request.Decision.Target;
        Assert.Equal($"account:{World.Adele}", target.Key);
    }

    [Theory]
    [InlineData("userPrincipalName", "adele.vance@contoso.example")]
    [InlineData("onPremisesSecurityIdentifier", "S-1-5-21-1111111111-2222222222-3333333333-1104")]
    [InlineData("securityIdentifier", "S-1-12-1-1111111111-2222222222-3333333333-1104")]
    public async Task An_account_is_found_by_whatever_the_directory_can_be_asked_for(string kind, string value)
    {
        await using var world = await Named.WorldAsync("disable_user_account_temporarily");
        await world.Machine.Tenant.ChangeUserAsync(
            World.Adele,
            kind == "userPrincipalName"
                ? new JsonObject { ["proxyAddresses"] = new JsonArray($"smtp:{value}") }
                : new JsonObject { [kind] = value }
        );
        var alert = Life.Message("039");
        var account = alert["evidence"]![0]!["userAccount"]!.AsObject();
        account["userPrincipalName"] = kind == "userPrincipalName" ? value : null;
        account["userSid"] = kind == "userPrincipalName" ? null : value;
        await Life.SendAsync(world, alert);
        Assert.Equal($"account:{World.Adele}", Assert.Single(await world.PendingAsync()).View.Request.Decision.Target.Key);
    }

    [Fact]
    public async Task A_name_that_no_account_has_is_told_and_a_well_known_sid_is_no_account()
    {
        await using var world = await World.CreateAsync();
        var alert = Life.Message("039");
        alert["evidence"]![0]!["userAccount"]!["userPrincipalName"] = "nobody@contoso.example";
        await Life.SendAsync(world, alert);
        await IsToldAsync(world, "this tenant's directory has no account of this name");

        alert["id"] = "other";
        alert["evidence"]![0]!["userAccount"]!["userPrincipalName"] = null;
        alert["evidence"]![0]!["userAccount"]!["userSid"] = "S-1-5-18";
        await Life.SendAsync(world, alert);
        Assert.Empty(await world.PendingAsync());
    }

    [Fact]
    public async Task An_application_that_the_directory_does_not_know_is_told()
    {
        await using var world = await Named.WorldAsync("revoke_api_key");
        await Named.SendAsync(world, Named.Application(("AppId", "7b2c3d4e-1111-4aaa-8bbb-0c0d0e0f1a1b"), ("Name", "Payroll export")));
        await IsToldAsync(world, "this tenant's directory has no application of this id");
    }

    [Fact]
    public async Task An_application_with_several_secrets_is_told_since_nobody_knows_which_leaked()
    {
        await using var world = await Named.WorldAsync("revoke_api_key");
        await Named.SendAsync(
            world,
            Named.Application(("ObjectId", TenantSeed.BuildApp), ("AppId", "00000000-0000-4000-8000-000000000212"))
        );
        await IsToldAsync(world, "has 2 secrets");
    }

    [Fact]
    public async Task An_address_of_a_trusted_location_is_told_and_not_asked_about()
    {
        await using var world = await Named.WorldAsync("block_ip_at_firewall");
        await world.SendAsync(Given.MaliciousAddress(address: "203.0.113.8"));
        await world.RunAsync();
        await IsToldAsync(world, "is inside the trusted named location");
    }

    [Fact]
    public async Task What_somebody_else_did_already_is_not_asked_for()
    {
        await using var world = await World.CreateAsync();
        await world.SwitchAccountAsync(World.Adele, enabled: false);
        await Life.SendAsync(world, Life.Alert("new"));
        Assert.Empty(await world.PendingAsync());
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Contains(
            incident.Decisions,
            d => d.Kind == DecisionKind.Hold && d.Text.Contains("was disabled already", StringComparison.Ordinal)
        );
        Assert.NotEmpty(world.Effects("ticket.create"));
    }

    [Fact]
    public async Task What_we_hold_for_another_incident_is_asked_for_so_that_both_hold_it_S6()
    {
        await using var world = await Incidents.StolenAccountTests.ApprovedAsync();
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        Assert.Single(await world.PendingAsync());
    }

    [Fact]
    public async Task A_directory_that_does_not_answer_is_a_doubt_and_asks()
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/graph/v1.0/users", "GET"));
        await Life.SendAsync(world, Life.Alert("new"));
        Assert.Single(await world.PendingAsync());
    }

    private static async Task IsToldAsync(World world, string why)
    {
        Assert.Empty(await world.PendingAsync());
        Assert.Empty(world.Containing());
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Contains(incident.Decisions, d => d.Kind == DecisionKind.Tell);
        Assert.Contains(
            await world.RecordAsync(incident.Incident),
            e =>
                e.Kind == AuditKinds.Decided
                && e.Text.StartsWith("tell", StringComparison.Ordinal)
                && e.Text.Contains(why, StringComparison.Ordinal)
        );
        Assert.Contains(world.Pages(), p => p.Contains(why, StringComparison.Ordinal));
        Assert.NotEmpty(world.Effects("ticket.create"));
    }
}

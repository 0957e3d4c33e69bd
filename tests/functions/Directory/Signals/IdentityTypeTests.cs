using System.Text.Json.Nodes;
using IRFunctions.Decisions;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using IRFunctions.Tests.Directory;

namespace IRFunctions.Tests.Signals;

/// <summary>What stands behind an identity, as directory and owners say, chooses its playbook; whole incidents.</summary>
public sealed class IdentityTypeTests
{
    private const string Principal = "00000000-0000-4000-8000-000000000301";
    private const string Client = "00000000-0000-4000-8000-000000000302";

    [Theory]
    [InlineData(World.Megan, null, null, "person", "person")]
    [InlineData(TenantSeed.Admin, null, null, "privileged_person", "privileged_person")]
    [InlineData(World.Megan, "userType", "Guest", "guest", "guest")]
    [InlineData(World.Megan, "employeeType", "Service", "person", "shared")] // by sign
    [InlineData(World.Megan, "mail", "reception@contoso.example", "person", "shared")] // by policy
    public async Task Accounts_are_what_the_directory_or_a_registration_says(
        string user,
        string? property,
        string? value,
        string type,
        string playbook
    )
    {
        await using var world = await Named.WorldAsync("disable_user_account_temporarily");
        if (property is not null)
            await world.Machine.Tenant.ChangeUserAsync(user, new JsonObject { [property] = value });
        await Named.SendAsync(world, Named.Account(("AadUserId", user)));
        await AssertAsync(world, "disable_user_account_temporarily", type, playbook);
    }

    [Theory]
    [InlineData("Application", "service_principal")]
    [InlineData("ManagedIdentity", "managed_identity")]
    [InlineData("AgentIdentity", "ai_agent")]
    public async Task Applications_are_what_their_service_principal_says(string kind, string type)
    {
        await using var world = await Named.WorldAsync("revoke_api_key");
        await world.Machine.Tenant.AddPrincipalAsync(Principal, kind == "AgentIdentity" ? null : Client, "Something", kind);
        await Named.SendAsync(world, Named.Application(("AppId", kind == "AgentIdentity" ? Principal : Client)));
        await AssertAsync(world, "revoke_api_key", type, type);
    }

    [Fact]
    public async Task An_application_that_its_owner_registered_is_a_known_workload_and_asks_two_people()
    {
        await using var world = await Named.WorldAsync("revoke_api_key");
        // Of two secrets the action would not choose one; then people are told, not asked.
        await world.RemoveKeyAsync(TenantSeed.BuildApp, "00000000-0000-4000-8000-000000000214");
        await Named.SendAsync(
            world,
            Named.Application(("ObjectId", TenantSeed.BuildApp), ("AppId", "00000000-0000-4000-8000-000000000212"))
        );
        var decision = await AssertAsync(world, "revoke_api_key", "known_workload", "known_workload");
        Assert.Equal(2, decision.Quorum);
        Assert.Contains(
            decision.Reasons,
            r => r.Rule == "registered" && r.Text.Contains("platform@contoso.example", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Five_devices_in_a_day_are_a_sign_of_a_shared_account()
    {
        await using var world = await Named.WorldAsync("disable_user_account_temporarily");
        for (var device = 1; device <= 5; device++)
            await world.Machine.Tenant.AddLogRowAsync(
                "EntraIdSignInEvents",
                world.Time.GetUtcNow().AddHours(-device),
                new JsonObject
                {
                    ["AccountObjectId"] = World.Megan,
                    ["IPAddress"] = "203.0.113.10",
                    ["Country"] = "CH",
                    ["EntraIdDeviceId"] = $"device-{device}",
                    ["SessionId"] = $"session-{device}",
                    ["ErrorCode"] = 0,
                }
            );
        await Named.SendAsync(world, Named.Account(("AadUserId", World.Megan)));
        Assert.Equal(2, (await AssertAsync(world, "disable_user_account_temporarily", "person", "shared")).Quorum);
    }

    [Fact]
    public async Task What_is_registered_as_break_glass_is_of_that_type_under_any_of_its_names()
    {
        await using var world = await Named.WorldAsync("disable_user_account_temporarily");
        await Named.SendAsync(world, Named.Account(("UserPrincipalName", "breakglass1@contoso.example")));
        var decision = await DecisionAsync(world, "disable_user_account_temporarily");
        Assert.Equal(DecisionKind.Tell, decision.Kind);
        Assert.Contains(decision.Reasons, r => r.Text.StartsWith("This is a break-glass account", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Owners_of_an_application_decide_nothing_about_it()
    {
        await using var world = await Named.WorldAsync("revoke_api_key");
        await world.Machine.Tenant.AddPrincipalAsync(Principal, Client, "Something", "Application", World.Alex);
        await Named.SendAsync(world, Named.Application(("AppId", Client)));
        var (request, view) = Assert.Single(await world.PendingAsync());
        Assert.Contains(World.Alex, view.Request.Decision.Target.People!);
        Assert.Equal(403, await world.AnswerAsync(request, World.Alex, "approve", actionHash: view.Request.ActionHash));
    }

    [Fact]
    public async Task A_mailbox_gets_facts_like_the_account_it_belongs_to()
    {
        await using var world = await Named.WorldAsync("quarantine_email");
        await world.Machine.Tenant.ChangeUserAsync(World.Megan, new JsonObject { ["userType"] = "Guest" });
        await Named.SendAsync(world, Named.Mail("MeganB@contoso.example", TenantSeed.PhishingMail));
        Assert.NotEmpty((await DecisionAsync(world, "quarantine_email")).Reasons);
    }

    private static async Task<Decision> AssertAsync(World world, string action, string type, string playbook)
    {
        var decision = await DecisionAsync(world, action);
        Assert.Contains(
            decision.Reasons,
            r =>
                r.Rule == "risk" && r.Text.Contains($"identity {type} +", StringComparison.Ordinal)
                || decision.Kind == DecisionKind.Tell && r.Rule == "playbook"
        );
        Assert.Contains(
            decision.Reasons,
            r => r.Rule == "playbook" && r.Text.Contains($"The playbook {playbook} ", StringComparison.Ordinal)
        );
        return decision;
    }

    private static async Task<Decision> DecisionAsync(World world, string action)
    {
        var incident = Assert.Single(await world.IncidentsAsync());
        var entry = Assert.Single(
            await world.RecordAsync(incident.Incident),
            e => e.Kind == AuditKinds.Decided && e.Text.Contains(action, StringComparison.Ordinal)
        );
        return System.Text.Json.JsonSerializer.Deserialize<Decision>(entry.Data!, System.Text.Json.JsonSerializerOptions.Web)!;
    }
}

using System.Text.Json;
using IRFunctions.Alerts;
using IRFunctions.Assessment;
using IRFunctions.Directory;
using IRFunctions.Local.Tenant;
using IRFunctions.Record;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Directory;

/// <summary>
/// Active directory roles and the criticality of accounts and hosts: learned before judging and deciding, and a missing fact asks (S12).
/// </summary>
public sealed class RightsAndCriticalityTests
{
    private const string Device = "0f4a1b2c3d4e5f60718293a4b5c6d7e8f9012345";
    private static readonly Dictionary<string, string?> NoGroups = new() { ["Directory:PrivilegedGroups"] = "" };

    [Theory]
    [InlineData("29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator", "Exchange Administrator is active")]
    [InlineData("00000000-0000-4000-8000-00000000beef", "A role made tomorrow", "A role made tomorrow is active")]
    [InlineData(null, null, "(not shown to us) is active")] // what Graph shows without RoleManagement.Read.Directory
    public async Task Whoever_holds_an_active_role_that_administers_something_is_privileged(string? template, string? name, string told)
    {
        await using var world = await World.CreateAsync(o => o with { Settings = NoGroups });
        await world.Machine.Tenant.ActivateRoleAsync(World.Adele, template, name);
        var rights = await world.Machine.Services.GetRequiredService<DirectoryRights>().ReadAsync(World.Adele, default);
        Assert.Contains(told, rights.Privilege, StringComparison.Ordinal);

        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        Assert.Empty(await world.PendingAsync()); // The action would refuse, so nobody is asked.
        var incident = Assert.Single(await world.IncidentsAsync());
        var decided = (await world.RecordAsync(incident.Incident)).Single(e =>
            e.Kind == AuditKinds.Decided && e.Text.StartsWith("tell", StringComparison.Ordinal)
        );
        Assert.Contains("is privileged (", decided.Text, StringComparison.Ordinal);
        Assert.Contains("identity privileged_person +25 (identity)", decided.Text, StringComparison.Ordinal);
        // beside the job title
        Assert.Contains("The playbook several_roles", decided.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_only_reads_makes_nobody_privileged_and_stands_among_the_roles()
    {
        await using var world = await World.CreateAsync(o => o with { Settings = NoGroups });
        await world.Machine.Tenant.ActivateRoleAsync(World.Adele, "4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader");
        var rights = await world.Machine.Services.GetRequiredService<DirectoryRights>().ReadAsync(World.Adele, default);
        Assert.Null(rights.Privilege);
        Assert.Equal(["Reports Reader"], rights.Roles);
        Assert.Equal(
            "the directory role Global Administrator is active",
            (await world.Machine.Services.GetRequiredService<DirectoryRights>().ReadAsync(TenantSeed.Admin, default)).Privilege
        );
    }

    [Fact]
    public async Task Roles_that_cannot_be_read_ask_a_person_S12()
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "*/transitiveMemberOf/*"));
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        var decision = Assert.Single(await world.PendingAsync()).View.Request.Decision;
        Assert.Contains(decision.Reasons, r => r.Rule == "identity-lookup");
        Assert.Contains(decision.Reasons, r => r.Text.Contains("identity unknown +15", StringComparison.Ordinal));
        Assert.NotEmpty(world.Effects("ticket.create"));
    }

    [Theory]
    [InlineData(0, "criticality critical +15 (target)")]
    [InlineData(1, "criticality high +10 (target)")]
    [InlineData(2, "criticality medium +5 (target)")]
    public async Task Defenders_criticality_of_an_account_adds_to_the_risk_and_stands_in_the_decision(int level, string told)
    {
        await using var world = await World.CreateAsync();
        await world.Machine.Tenant.SetCriticalityAsync(World.Adele, level);
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        Assert.Contains(
            Assert.Single(await world.PendingAsync()).View.Request.Decision.Reasons,
            r => r.Rule == "risk" && r.Text.Contains(told, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(FaultKind.Forbid)]
    [InlineData(FaultKind.Throttle)]
    [InlineData(FaultKind.Error)]
    public async Task Criticality_that_cannot_be_learned_is_said_and_asks_with_a_ticket_and_a_page_S12(FaultKind fault)
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(fault, "*/security/*"));
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        Assert.Contains(Assert.Single(await world.PendingAsync()).View.Request.Decision.Reasons, r => r.Rule == "criticality-lookup");
        Assert.NotEmpty(world.Effects("ticket.create"));
        Assert.NotEmpty(world.Pages());
    }

    [Fact]
    public async Task Where_it_is_switched_off_no_query_is_sent_and_nothing_is_missing()
    {
        await using var world = await World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?> { ["Defender:Criticality"] = "false" },
            }
        );
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "*/security/*"));
        var facts = await CriticalityOf(world, Account(World.Adele));
        Assert.Equal(new CriticalityFact(null), facts["account:" + World.Adele]);
    }

    [Fact]
    public async Task Devices_are_known_by_Defenders_id_and_an_unknown_kind_of_id_is_said_to_be_unknown()
    {
        await using var world = await World.CreateAsync();
        await world.Machine.Tenant.SetCriticalityAsync(Device, 0);
        await world.Machine.Tenant.SetCriticalityAsync(World.Megan, null);
        var facts = await CriticalityOf(
            world,
            Host(Device),
            Host("00000000-0000-4000-8000-00000000dddd"),
            Account(World.Adele),
            Account(World.Megan),
            new("ip", "203.0.113.7", "")
        );
        Assert.Equal("critical", facts["host:" + Device].Word);
        Assert.NotNull(facts["host:00000000-0000-4000-8000-00000000dddd"].Failed);
        Assert.Equal(new CriticalityFact(null), facts["account:" + World.Adele]); // the register does not list it
        Assert.Equal(new CriticalityFact(null), facts["account:" + World.Megan]); // it does, without a level
        Assert.Equal(4, facts.Count);
    }

    [Fact]
    public async Task An_answer_serves_for_an_hour_and_a_failure_is_asked_again()
    {
        await using var world = await World.CreateAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "*/security/*", Count: 1));
        Assert.NotNull((await CriticalityOf(world, Account(World.Adele)))["account:" + World.Adele].Failed);
        await world.Machine.Tenant.SetCriticalityAsync(World.Adele, 1);
        Assert.Equal("high", (await CriticalityOf(world, Account(World.Adele)))["account:" + World.Adele].Word);
        await world.Machine.Tenant.SetCriticalityAsync(World.Adele, 0);
        Assert.Equal("high", (await CriticalityOf(world, Account(World.Adele)))["account:" + World.Adele].Word);
        await world.PassAsync(TimeSpan.FromMinutes(61));
        Assert.Equal("critical", (await CriticalityOf(world, Account(World.Adele)))["account:" + World.Adele].Word);
    }

    [Fact]
    public async Task A_register_that_never_answers_is_left_after_seconds()
    {
        await using var world = await World.CreateAsync();
        using var http = new HttpClient(new SilentHunting());
        var graph = new Microsoft.Graph.GraphServiceClient(
            http,
            (Microsoft.Kiota.Abstractions.Authentication.IAuthenticationProvider?)null,
            "https://graph.example/v1.0"
        );
        var asking = new Criticality(new Hunting(graph), new CriticalitySource(true), world.Time).OfAsync([Account(World.Adele)], default);
        var began = world.Time.GetUtcNow();
        while (!asking.IsCompleted)
        {
            if (world.Time.NextDue is { } due && due <= began + TimeSpan.FromSeconds(10))
                world.Time.AdvanceTo(due);
            await Task.Yield();
        }
        Assert.Contains("did not answer within 10 seconds", (await asking)["account:" + World.Adele].Failed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_model_is_told_roles_and_criticality_in_the_trusted_frame()
    {
        await using var world = await World.CreateAsync();
        await world.Machine.Tenant.SetCriticalityAsync(TenantSeed.Admin, 0);
        var alert = AlertParser.Read(JsonSerializer.SerializeToUtf8Bytes(Given.StolenAccount(TenantSeed.Admin))).Alert!;
        var context = await world
            .Machine.Services.GetRequiredService<ContextGatherer>()
            .GatherAsync(alert, world.Machine.Policy, world.Client, default);
        using var trusted = JsonDocument.Parse(AlertMessage.Write(alert, context).Split('\n')[1]);
        var known = trusted.RootElement.GetProperty("known").EnumerateObject().Single().Value;
        Assert.Equal("critical", known.GetProperty("criticality").GetString());
        Assert.Equal("privileged_person", known.GetProperty("type").GetString());
        Assert.Equal(["global_administrator"], known.GetProperty("directory_roles").EnumerateArray().Select(r => r.GetString()));
    }

    [Fact]
    public async Task What_an_owner_registered_is_critical_to_the_model_and_named_in_the_decision_without_weakening_it()
    {
        await using var world = await World.CreateAsync();
        const string chief = "00000000-0000-4000-8000-0000000000c2"; // registered in policies/protected.yaml
        await world.Machine.Tenant.AddUserAsync(chief, "Chief Executive", "chief@contoso.example");
        var alert = AlertParser.Read(JsonSerializer.SerializeToUtf8Bytes(Given.StolenAccount(chief))).Alert!;
        var context = await world
            .Machine.Services.GetRequiredService<ContextGatherer>()
            .GatherAsync(alert, world.Machine.Policy, world.Client, default);
        Assert.Equal("critical", Assert.Single(context.Entities).Criticality);

        await world.SendAsync(Given.StolenAccount(chief));
        await world.RunAsync();
        Assert.Empty(world.Containing());
        var incident = Assert.Single(await world.IncidentsAsync());
        Assert.Contains(
            await world.RecordAsync(incident.Incident),
            e => e.Text.Contains("registered as critical, which adds caution and no points", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Only_ids_of_the_register_stand_in_a_query()
    {
        var queries = new List<string>();
        using var http = new HttpClient(new RecordedHunting(queries));
        var graph = new Microsoft.Graph.GraphServiceClient(
            http,
            (Microsoft.Kiota.Abstractions.Authentication.IAuthenticationProvider?)null,
            "https://graph.example/v1.0"
        );
        await new Hunting(graph).AccountCriticalityAsync([World.Adele, "x\") | take 1 //"], default);
        await new Hunting(graph).DeviceCriticalityAsync([Device, "erp-db-01\") | take 1", Device[..39] + "\""], default);
        Assert.Equal(
            $"IdentityInfo | where AccountObjectId in (\"{World.Adele}\") | summarize Level = min(CriticalityLevel) by Key = "
                + $"AccountObjectId",
            queries[0]
        );
        Assert.EndsWith(
            $"| where DeviceId in (\"{Device}\") | summarize Level = "
                + $"min(toint(NodeProperties.rawData.criticalityLevel.criticalityLevel)) by Key = DeviceId",
            queries[1],
            StringComparison.Ordinal
        );
        Assert.Empty(await new Hunting(graph).DeviceCriticalityAsync(["nothing"], default));
        Assert.Equal(2, queries.Count);
    }

    private static IRFunctions.Decisions.Target Account(string id) => new("account", id, "");

    private static IRFunctions.Decisions.Target Host(string id) => new("host", id, "");

    private static Task<IReadOnlyDictionary<string, CriticalityFact>> CriticalityOf(
        World world,
        params IRFunctions.Decisions.Target[] targets
    ) => world.Machine.Services.GetRequiredService<Criticality>().OfAsync(targets, default);
}

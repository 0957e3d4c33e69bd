using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using DurableTask.Core;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Engine.Stores;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Storage;

/// <summary>
/// One row that cannot be read keeps neither a timer nor a list from the others, and people hear of it, once a day (issue 14, fault 6: a
/// nameless instance made `/api/approvals` answer 500 and the watchdog fail for ever).
/// </summary>
public sealed class BadRowTests
{
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_nameless_request_hides_no_other_request()
    {
        await using var world = await AskedAsync();
        await NamelessAsync(world, "approval-00f0deadbeef", OrchestrationStatus.Running);
        await Table(world, ApprovalRegister.TableName).UpsertEntityAsync(new TableEntity("pending", "approval-00f0deadbeef"));
        var list = await ListApprovalsAsync(world);
        Assert.Single(list["approvals"]!.AsArray());
        Assert.Equal("approval-00f0deadbeef", (string)Assert.Single(list["unreadable"]!.AsArray())!["id"]!);
        Assert.Contains(
            world.Pages(),
            p =>
                p.StartsWith("CANNOT BE READ: instance approval-00f0deadbeef", StringComparison.Ordinal)
                && p.Contains("decide by hand", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("View0", "{")]
    [InlineData("View0", "null")]
    [InlineData("View0", "{}")]
    [InlineData("View0", """{"state":"Perhaps"}""")]
    [InlineData("View0", 7)]
    public async Task A_request_whose_row_is_broken_hides_no_other_request(string property, object value)
    {
        await using var world = await AskedAsync();
        await world.SendAsync(Given.StolenAccount(World.Megan, "alert-2", "incident-2"));
        await world.RunAsync();
        var broken = (await world.PendingAsync())[0].Id;
        await BreakAsync(world, ApprovalRegister.TableName, broken, "view", property, value);
        var list = await ListApprovalsAsync(world);
        Assert.Single(list["approvals"]!.AsArray());
        Assert.Equal(broken, (string)Assert.Single(list["unreadable"]!.AsArray())!["id"]!);
        Assert.Contains(world.Pages(), p => p.Contains($"row {broken}/view of table approvals", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_watchdog_looks_at_everything_else_and_pages_once_a_day()
    {
        await using var world = await AskedAsync();
        await NamelessAsync(world, "approval-00f0deadbeef", OrchestrationStatus.Running);
        await NamelessAsync(world, "incident-00f0deadbeef", OrchestrationStatus.Failed);
        await FailedAsync(world, "incident-77aa", null, null);
        await world.PassAsync(FiveMinutes);
        await world.PassAsync(FiveMinutes);

        Assert.Contains(world.Pages(), p => p.StartsWith("WATCHDOG: incident-77aa", StringComparison.Ordinal));
        Assert.Equal(1, Sent(world, "CANNOT BE READ: an orchestration whose id begins with approval-00f0"));
        Assert.Equal(1, Sent(world, "CANNOT BE READ: an orchestration whose id begins with incident-00f0"));
        await world.PassAsync(TimeSpan.FromDays(1));
        Assert.Equal(2, Sent(world, "CANNOT BE READ: an orchestration whose id begins with approval-00f0"));
    }

    [Fact]
    public async Task The_watchdog_tells_everything_that_is_known_of_a_failure_without_details()
    {
        await using var world = await AskedAsync();
        await FailedAsync(world, "undo-aa", null, null);
        await FailedAsync(
            world,
            "incident-77bb",
            null,
            """{"message":"Function 'AlertOrchestrator' failed with an unhandled exception.","details":"System.ArgumentException: """
                + """CustomStatus is too large\n at Host"}"""
        );
        await world.PassAsync(FiveMinutes);
        Assert.Contains(
            world.Pages(),
            p =>
                p.Contains(
                    "undo-aa (RollbackOrchestrator) failed for good: the engine gave no reason; look at the host's log for instance "
                        + "undo-aa. Begun 2026-",
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(
            world.Pages(),
            p =>
                p.Contains(
                    "failed with an unhandled exception. System.ArgumentException: CustomStatus is too large. Begun",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task A_failed_incident_is_paged_with_where_it_stood()
    {
        await using var world = await AskedAsync();
        var incident = Assert.Single(await world.IncidentsAsync());
        await ChangeAsync(world, incident.Incident, r => r with { Status = OrchestrationStatus.Failed, CustomStatus = null });
        await world.PassAsync(FiveMinutes);
        Assert.Contains(
            world.Pages(),
            p =>
                p.Contains($"{incident.Incident} (AlertOrchestrator) failed for good", StringComparison.Ordinal)
                && p.Contains("It stood at Awaiting; alert: Unfamiliar sign-in properties", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_request_whose_orchestration_is_gone_waits_no_longer()
    {
        await using var world = await AskedAsync();
        var id = Assert.Single(await world.PendingAsync()).Id;
        await ChangeAsync(world, id, r => r with { Status = OrchestrationStatus.Failed });
        Assert.Empty((await ListApprovalsAsync(world))["approvals"]!.AsArray());
        await world.PassAsync(FiveMinutes);
        Assert.Equal(ApprovalState.Expired, (await world.ViewAsync(id))!.State);
        Assert.NotEqual(202, await world.AnswerAsync(id, World.Alex, "approve"));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"status":"Sideways"}""")]
    [InlineData("""{"status":"Live","action":"x"}""")]
    [InlineData("[]")]
    public async Task A_containment_whose_state_is_broken_hides_no_other(string state)
    {
        await using var world = await AskedAsync();
        await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Alex, "approve");
        await world.RunAsync();
        await PutAsync(
            world,
            new InstanceRecord
            {
                Id = "@scheduledrollback@broken",
                Name = "scheduledrollback",
                Status = OrchestrationStatus.Running,
                CreatedAt = Now(world),
                UpdatedAt = Now(world),
                Execution = 987_654,
                Output = state,
            }
        );
        var api = ActivatorUtilities.CreateInstance<ContainmentsApi>(world.Machine.Services);
        var list = Json(await api.ListAsync(World.Request(World.Alex, new { }), world.Client, default));
        Assert.Equal(World.DisableOf(World.Adele), (string)Assert.Single(list["containments"]!.AsArray())!["id"]!);
        await world.PassAsync(TimeSpan.FromHours(2) + FiveMinutes);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(1, Sent(world, "CANNOT BE READ: the state of containment broken"));
    }

    [Fact]
    public async Task An_incident_whose_row_or_instance_is_broken_hides_no_other()
    {
        await using var world = await AskedAsync();
        await world.SendAsync(Given.MaliciousAddress());
        await world.SendAsync(Given.StolenAccount(World.Megan, "alert-2", "incident-2"));
        await world.RunAsync();
        var incidents = await world.IncidentsAsync();
        await BreakAsync(world, IncidentTable.TableName, incidents[0].Incident, "000001", "View0", "{");
        await ChangeAsync(world, incidents[1].Incident, r => r with { Name = "" });
        var api = ActivatorUtilities.CreateInstance<IncidentsApi>(world.Machine.Services);
        var list = Json(await api.ListAsync(World.Request(World.Alex, new { }), world.Client, default))["incidents"]!.AsArray();
        Assert.Equal(3, list.Count);
        Assert.Null(list.Single(i => (string)i!["id"]! == incidents[0].Incident)!["view"]);
        Assert.Equal("Unreadable", (string)list.Single(i => (string)i!["id"]! == incidents[1].Incident)!["status"]!);
        Assert.NotNull(list.Single(i => (string)i!["id"]! == incidents[2].Incident)!["view"]);
        foreach (var id in incidents.Take(2).Select(i => i.Incident))
            Assert.Single(Json(await api.GetAsync(World.Request(World.Alex, new { }), id, world.Client, default))["alerts"]!.AsArray());
        Assert.Contains(world.Pages(), p => p.Contains($"row {incidents[0].Incident}/000001 of table incidents", StringComparison.Ordinal));
        Assert.Contains(world.Pages(), p => p.Contains($"instance {incidents[1].Incident}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_drill_whose_instance_is_broken_keeps_no_other_from_taking_place()
    {
        await using var world = await World.CreateAsync(o =>
            o with
            {
                Settings = new Dictionary<string, string?>
                {
                    ["Drills:Targets"] =
                        $"revoke_user_sessions=account:{World.Adele};disable_user_account_temporarily=account:{World.Adele}",
                },
            }
        );
        await NamelessAsync(world, "drill-revoke_user_sessions-20261123", OrchestrationStatus.Running);
        await world.PassAsync(TimeSpan.FromHours(2));
        Assert.NotNull(await world.Client.GetInstanceAsync("drill-disable_user_account_temporarily-20261123"));
        Assert.Contains(
            world.Pages(),
            p => p.StartsWith("CANNOT BE READ: instance drill-revoke_user_sessions-20261123", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task While_nobody_can_be_paged_the_list_is_shown_and_the_page_comes_later()
    {
        await using var world = await AskedAsync();
        await BreakAsync(world, ApprovalRegister.TableName, Assert.Single(await world.PendingAsync()).Id, "view", "View0", "{");
        world.Machine.Tenant.Faults.Add(new Local.Tenant.Fault(Local.Tenant.FaultKind.Unavailable, "/pager*", Count: 1));
        Assert.Single((await ListApprovalsAsync(world))["unreadable"]!.AsArray());
        Assert.Equal(0, Sent(world, "CANNOT BE READ"));
        await ListApprovalsAsync(world);
        Assert.Equal(1, Sent(world, "CANNOT BE READ"));
    }

    private static async Task<World> AskedAsync()
    {
        var world = await World.CreateAsync();
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        Assert.Single(await world.PendingAsync());
        return world;
    }

    private static async Task<JsonNode> ListApprovalsAsync(World world)
    {
        var api = ActivatorUtilities.CreateInstance<ApprovalsApi>(world.Machine.Services);
        return Json(await api.ListAsync(World.Request(World.Alex, new { }), world.Client, default));
    }

    private static JsonNode Json(IActionResult answer) =>
        JsonSerializer.SerializeToNode(Assert.IsAssignableFrom<OkObjectResult>(answer).Value, JsonSerializerOptions.Web)!;

    /// <summary>How often a page that begins so was sent, repetitions included.</summary>
    private static int Sent(World world, string start) =>
        world.Machine.Tenant.Journal.Of("page.trigger").Count(e => e.Detail.StartsWith(start, StringComparison.Ordinal));

    private static TableClient Table(World world, string name) =>
        world.Machine.Services.GetRequiredService<TableServiceClient>().GetTableClient(name);

    private static async Task BreakAsync(World world, string table, string partition, string row, string property, object value) =>
        await Table(world, table)
            .UpdateEntityAsync(new TableEntity(partition, row) { [property] = value }, Azure.ETag.All, TableUpdateMode.Merge);

    private static Task NamelessAsync(World world, string id, OrchestrationStatus status) =>
        PutAsync(
            world,
            new InstanceRecord
            {
                Id = id,
                Name = "",
                Status = status,
                CreatedAt = Now(world),
                UpdatedAt = Now(world),
                Execution = (uint)id.GetHashCode(StringComparison.Ordinal) | (1L << 40),
            }
        );

    private static Task FailedAsync(World world, string id, FailureDetails? failure, string? output) =>
        PutAsync(
            world,
            new InstanceRecord
            {
                Id = id,
                Name = id.StartsWith("undo", StringComparison.Ordinal) ? nameof(RollbackOrchestrator) : nameof(AlertOrchestrator),
                Status = OrchestrationStatus.Failed,
                CreatedAt = Now(world),
                UpdatedAt = Now(world),
                Execution = 123_456,
                Failure = failure,
                Output = output,
            }
        );

    private static async Task PutAsync(World world, InstanceRecord record) =>
        Assert.True(
            await world
                .Machine.Services.GetRequiredService<IDurableStore>()
                .CommitAsync(new StepCommit { InstanceId = record.Id, Record = record })
        );

    private static async Task ChangeAsync(World world, string id, Func<InstanceRecord, InstanceRecord> change)
    {
        var store = world.Machine.Services.GetRequiredService<IDurableStore>();
        var record = store.Read(id)!;
        Assert.True(
            await store.CommitAsync(
                new StepCommit
                {
                    InstanceId = id,
                    ExpectedExecution = record.Execution,
                    Record = change(record),
                }
            )
        );
    }

    private static long Now(World world) => world.Time.GetUtcNow().UtcTicks;
}

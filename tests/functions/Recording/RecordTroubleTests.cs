using Azure;
using Azure.Data.Tables;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Local.Machine;
using IRFunctions.PolicyVersions;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Tests.Incidents;
using IRFunctions.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Recording;

/// <summary>
/// The record comes before the effect: where it cannot be written nothing happens (S11), and what was refused stands on it.
/// </summary>
public sealed class RecordTroubleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task While_the_record_refuses_writes_nothing_happens_and_afterwards_it_does_once_S11()
    {
        var (world, tables) = await StubbornAsync();
        await using var _ = world;
        await world.SendAsync(Given.MaliciousAddress("warm-up", "203.0.113.1"));
        await world.RunAsync();
        tables.Refuses = (table, _) => table == AuditChain.TableName;
        await world.SendAsync(Given.MaliciousAddress("a-1", "203.0.113.2"));
        await world.PassAsync(10 * Minute);

        Assert.True(tables.Refused > 3);
        Assert.Single(world.Effects("watchlistItem.put"));
        Assert.DoesNotContain(await world.ContainmentsAsync(), c => c.Id.EndsWith("203.0.113.2", StringComparison.Ordinal));
        tables.Refuses = (_, _) => false;
        await world.PassAsync(15 * Minute);
        Assert.Equal(2, world.Effects("watchlistItem.put").Count);
        await world.AssertAllAccountedAsync(2);
        await world.AssertRecordsWholeAsync();
    }

    [Fact]
    public async Task A_record_that_refuses_just_the_entry_before_the_effect_keeps_the_effect_from_happening_S11()
    {
        var (world, tables) = await StubbornAsync();
        await using var _ = world;
        var request = await StolenAccountTests.AskedAsync(world);
        await world.AnswerAsync(request, World.Alex, "approve");
        tables.Refuses = (table, chain) => table == AuditChain.TableName && chain.StartsWith("incident-", StringComparison.Ordinal);
        await world.PassAsync(5 * Minute);
        Assert.True(await world.CanSignInAsync(World.Adele));
        tables.Refuses = (_, _) => false;
        await world.PassAsync(15 * Minute);

        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Single(world.Effects("user.update", World.Adele));
        await AssertRecordedBeforeAsync(world);
    }

    [Fact]
    public async Task A_record_that_refuses_for_hours_hands_the_alert_to_people_and_contains_nothing_S11_S12()
    {
        var (world, tables) = await StubbornAsync();
        await using var _ = world;
        await world.SendAsync(Given.MaliciousAddress("warm-up", "203.0.113.1"));
        await world.RunAsync();
        var pages = world.Pages().Count;
        tables.Refuses = (table, _) => table == AuditChain.TableName;
        await world.SendAsync(Given.MaliciousAddress("a-1", "203.0.113.2"));
        await world.SendAsync(Given.StolenAccount());
        await world.PassAsync(TimeSpan.FromHours(6));

        Assert.Single(world.Effects("watchlistItem.put"));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.True(world.Pages().Count >= pages + 2);
        await world.AssertAllAccountedAsync(3);
    }

    [Fact]
    public async Task A_rollback_waits_for_the_record_no_longer_than_it_must_and_ends_rolled_back_S7_S11()
    {
        var (world, tables) = await StubbornAsync();
        await using var _ = world;
        await world.AnswerAsync(await StolenAccountTests.AskedAsync(world), World.Alex, "approve");
        await world.PassAsync(Minute);
        tables.Refuses = (table, _) => table == AuditChain.TableName;
        await world.PassAsync(TimeSpan.FromHours(5));
        Assert.Equal(ContainmentStatus.RollbackFailed, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Contains(world.Pages(), p => p.StartsWith("ROLLBACK FAILED", StringComparison.Ordinal));
        Assert.False(await world.CanSignInAsync(World.Adele));
        tables.Refuses = (_, _) => false;
        await world.PassAsync(TimeSpan.FromHours(2));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.RolledBack, (await world.ContainmentOfAsync(World.Adele)).Status);
    }

    [Fact]
    public async Task An_undo_for_two_incidents_stands_on_both_records_and_refusals_lose_neither_S11()
    {
        var (world, tables) = await StubbornAsync();
        await using var _ = world;
        await world.AnswerAsync(await StolenAccountTests.AskedAsync(world), World.Alex, "approve");
        await world.RunAsync();
        await world.SendAsync(Given.StolenAccount(alert: "alert-2", incident: "incident-2"));
        await world.RunAsync();
        await world.AnswerAsync(Assert.Single(await world.PendingAsync()).Id, World.Sam, "approve");
        await world.RunAsync();
        var every = 0;
        tables.Refuses = (table, chain) => table == AuditChain.TableName && every++ % 2 == 0; // every second write
        await world.PassAsync(TimeSpan.FromHours(3));

        Assert.True(await world.CanSignInAsync(World.Adele));
        foreach (var (incident, _) in await world.RegistersAsync())
        {
            var kinds = await world.KindsAsync(incident);
            Assert.Single(kinds, AuditKinds.Undoing);
            Assert.Single(kinds, AuditKinds.Undone);
        }
    }

    [Fact]
    public async Task A_record_that_lost_its_facts_is_refused_S11()
    {
        await using var world = await World.CreateAsync();
        foreach (var empty in (RecordInput[])[new("", []), new("incident-x", [])])
            await Assert.ThrowsAsync<InvalidOperationException>(() =>
                ActivatorUtilities.CreateInstance<RecordActivities>(world.Machine.Services).Record(empty, default)
            );
    }

    [Fact]
    public async Task A_policy_that_could_not_be_archived_at_first_is_archived_by_the_next_delivery()
    {
        var (world, tables) = await StubbornAsync();
        await using var _ = world;
        var left = 3;
        tables.Refuses = (table, _) => table == PolicyArchive.TableName && left-- > 0;
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        for (var delivery = 2; delivery <= 4; delivery++)
            await world.PassAsync(LocalMachine.AlertsOptions.LockDuration);
        await world.AssertAllAccountedAsync(1);
        // A process that starts anew finds it.
        var archive = new PolicyArchive(tables, world.Machine.Services.GetRequiredService<ActionCatalog>().Capabilities, world.Time);
        Assert.Equal(world.Machine.Policy.Hash, (await archive.FindAsync(world.Machine.Policy.Hash)).Hash);
    }

    [Fact]
    public async Task An_archived_policy_that_somebody_changed_decides_nothing()
    {
        await using var world = await World.CreateAsync();
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        var tables = world.Machine.Services.GetRequiredService<Azure.Data.Tables.TableServiceClient>();
        var row = (
            await tables
                .GetTableClient(PolicyArchive.TableName)
                .GetEntityAsync<Azure.Data.Tables.TableEntity>(world.Machine.Policy.Hash, "0000")
        ).Value;
        var text = row.GetString("Text")!;
        var line = text.IndexOf("\\n", StringComparison.Ordinal);
        row["Text"] = text.Insert(line, " # changed");
        await tables.GetTableClient(PolicyArchive.TableName).UpdateEntityAsync(row, ETag.All, Azure.Data.Tables.TableUpdateMode.Replace);
        // as a process that starts anew
        var archive = new PolicyArchive(tables, world.Machine.Services.GetRequiredService<ActionCatalog>().Capabilities, world.Time);
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => archive.FindAsync(world.Machine.Policy.Hash));
        Assert.Contains("somebody changed the table policies", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_whose_change_cannot_be_recorded_hears_of_it_and_nothing_changes_S11()
    {
        var (world, tables) = await StubbornAsync();
        await using var _ = world;
        await world.AnswerAsync(await StolenAccountTests.AskedAsync(world), World.Alex, "approve");
        await world.RunAsync();
        tables.Refuses = (table, _) => table == AuditChain.TableName;
        await Assert.ThrowsAsync<RequestFailedException>(() => world.ChangeAsync(World.DisableOf(World.Adele), "confirm"));
        await world.RunAsync();
        Assert.Equal(ContainmentStatus.Live, (await world.ContainmentOfAsync(World.Adele)).Status);
    }

    [Fact]
    public async Task Every_refused_answer_leaves_its_entry_S11()
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        var refusals = 0;
        await AssertRefusedAsync(world, 401, null, "approve");
        await AssertRefusedAsync(world, 403, World.Outsider, "approve");
        await AssertRefusedAsync(world, 409, World.Alex, "approve", hash: new string('0', 64));
        await AssertRefusedAsync(world, 403, World.Alex, "approve", reason: " ");
        await world.PassAsync(TimeSpan.FromMinutes(31));
        await AssertRefusedAsync(world, 409, World.Alex, "approve"); // expired: late

        async Task AssertRefusedAsync(World world, int status, string? by, string decision, string reason = "r", string? hash = null)
        {
            Assert.Equal(status, await world.AnswerAsync(request, by, decision, reason, hash));
            Assert.Equal(++refusals, (await world.KindsAsync(RecordChains.Pipeline)).Count(k => k == AuditKinds.Refused));
        }
    }

    [Theory]
    [InlineData(World.Outsider, "not-an-approver", 0)]
    [InlineData(World.Alex, "late", 60)]
    public async Task An_answer_that_does_not_count_leaves_its_entry_on_the_incident_S11(string by, string rule, int minutesLate)
    {
        await using var world = await World.CreateAsync();
        var request = await StolenAccountTests.AskedAsync(world);
        var view = (await world.PendingAsync())[0].View;
        await world.Client.RaiseEventAsync(
            request,
            view.AnswerEvent,
            new ApprovalAnswer(by, true, "r", world.Time.GetUtcNow().AddMinutes(minutesLate), "api")
        );
        await world.RunAsync();

        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Contains(
            await world.RecordAsync(view.Request.Incident),
            e => e.Kind == AuditKinds.Refused && e.Actor == by && e.Data!.Contains(rule, StringComparison.Ordinal)
        );
    }

    private static async Task<(World World, StubbornTables Tables)> StubbornAsync()
    {
        var time = World.NewClock();
        var tables = new StubbornTables(time);
        return (await World.CreateAsync(time: time, replace: services => services.AddSingleton<TableServiceClient>(tables)), tables);
    }

    /// <summary>The entry that announces the effect is older than the effect.</summary>
    private static async Task AssertRecordedBeforeAsync(World world)
    {
        var incident = Assert.Single((await world.IncidentsAsync()).Select(i => i.Incident).Distinct());
        var announced = (await world.RecordAsync(incident)).Single(e =>
            e.Kind == AuditKinds.Executing && e.Text.Contains("disable_user", StringComparison.Ordinal)
        );
        Assert.True(announced.At <= world.Effects("user.update", World.Adele)[0].At);
    }
}

using IRFunctions.Containment;

namespace IRFunctions.Tests.TakeBack;

/// <summary>
/// The holds of live containments survive the loss of the engine's state, and of all storage where there is a backup (S7).
/// </summary>
public sealed class HoldsCommandTests : IDisposable
{
    private readonly Rehearsed rehearsed = new();

    private string Backup => rehearsed.File("holds.jsonl");

    public void Dispose() => rehearsed.Dispose();

    private async Task BackedUpAsync()
    {
        await using (var world = await rehearsed.StartAsync())
            await Rehearsed.ContainAsync(world);
        var (code, text) = await Rehearsed.TypeAsync("holds", "backup", "--tables", rehearsed.State, "--out", Backup);
        Assert.True(code == 0, text);
        Assert.Contains("1 live hold(s)", text, StringComparison.Ordinal);
    }

    private async Task RestoreAsync(params string[] more)
    {
        var (code, text) = await Rehearsed.TypeAsync(["holds", "restore", "--tables", rehearsed.State, .. more]);
        Assert.True(code == 0, text);
        Assert.Contains(World.Adele, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_storage_gone_a_backup_makes_them_live_again_with_their_timers()
    {
        await BackedUpAsync();
        var held = rehearsed.Time.GetUtcNow();
        rehearsed.Lose("durable.db", "tables.db", "queue.db");
        await using (await rehearsed.StartAsync()) { } // A new app on empty storage.
        await RestoreAsync("--from", Backup);
        await using var world = await rehearsed.StartAsync();
        await world.PassAsync(TimeSpan.FromMinutes(6));
        var state = await world.ContainmentOfAsync(World.Adele);
        Assert.Equal(ContainmentStatus.Live, state.Status);
        Assert.Equal(held + TimeSpan.FromHours(2), state.UndoAt!.Value, TimeSpan.FromMinutes(1));
        Assert.False(await world.CanSignInAsync(World.Adele));
        Assert.Contains(ContainmentKinds.Restored, await world.KindsAsync(state.Incidents[0]));
        await world.PassAsync(TimeSpan.FromMinutes(110));
        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(TimeSpan.FromMinutes(10));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.RolledBack, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Equal(2, world.Effects("user.update", World.Adele).Count); // Disabled once, undone once.
    }

    [Fact]
    public async Task What_has_run_out_meanwhile_is_undone_at_once()
    {
        await BackedUpAsync();
        rehearsed.Lose("durable.db", "tables.db", "queue.db");
        rehearsed.Time.Advance(TimeSpan.FromDays(1));
        await using (await rehearsed.StartAsync()) { }
        await RestoreAsync("--from", Backup);
        await using var world = await rehearsed.StartAsync();
        await world.PassAsync(TimeSpan.FromMinutes(6));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Equal(ContainmentStatus.RolledBack, (await world.ContainmentOfAsync(World.Adele)).Status);
    }

    [Fact]
    public async Task With_only_the_engines_state_lost_people_are_paged_and_the_tables_are_backup_enough()
    {
        await using (var first = await rehearsed.StartAsync())
            await Rehearsed.ContainAsync(first);
        rehearsed.Lose("durable.db");
        await using (var lost = await rehearsed.StartAsync())
        {
            await lost.PassAsync(TimeSpan.FromMinutes(6));
            Assert.Contains(lost.Pages(), p => p.Contains("1 containment(s) may be in effect", StringComparison.Ordinal));
            Assert.False(await lost.CanSignInAsync(World.Adele)); // Another app may own it: nothing is done unasked.
        }
        await RestoreAsync();
        await using var world = await rehearsed.StartAsync();
        await world.PassAsync(TimeSpan.FromMinutes(6));
        Assert.Equal(ContainmentStatus.Live, (await world.ContainmentOfAsync(World.Adele)).Status);
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
        await world.RunAsync();
        Assert.True(await world.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task An_owner_that_knows_better_keeps_what_it_knows()
    {
        await BackedUpAsync();
        await using (var world = await rehearsed.StartAsync())
        {
            Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
            await world.RunAsync();
            await world.SwitchAccountAsync(World.Adele, enabled: false);
        }
        await RestoreAsync("--from", Backup);
        await using var later = await rehearsed.StartAsync();
        await later.PassAsync(TimeSpan.FromDays(1));
        Assert.False(await later.CanSignInAsync(World.Adele)); // Released; what came after is somebody else's.
        Assert.Equal(ContainmentStatus.Released, (await later.ContainmentOfAsync(World.Adele)).Status);
    }

    [Fact]
    public async Task A_backup_that_was_cut_or_changed_restores_nothing()
    {
        await BackedUpAsync();
        var lines = await File.ReadAllLinesAsync(Backup);
        string[][] broken =
        [
            lines[..^1],
            [lines[0], lines[^1]],
            [lines[0], lines[1].Replace(World.Adele, World.Megan, StringComparison.Ordinal), lines[2]],
        ];
        foreach (var those in broken)
        {
            await File.WriteAllLinesAsync(Backup, those);
            var (code, text) = await Rehearsed.TypeAsync("holds", "restore", "--tables", rehearsed.State, "--from", Backup);
            Assert.Equal(2, code);
            Assert.Matches("is no backup of holds|is not whole", text);
        }
    }
}

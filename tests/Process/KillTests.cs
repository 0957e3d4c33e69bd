using System.Globalization;

namespace IRFunctions.Tests.RealProgram;

/// <summary>The real program, killed with SIGKILL and started again: nothing is lost, nothing happens twice.</summary>
public sealed class KillTests
{
    private const string Disabled = "user.update";
    private static readonly string Containment = World.DisableOf(World.Adele);

    [Fact]
    public async Task Killed_while_an_approval_is_pending_it_is_asked_once_and_contained_once()
    {
        using var folder = new TempFolder();
        string approval;
        await using (var program = await LocalProgram.StartAsync(folder.Path))
        {
            await program.SendAlertAsync(Given.StolenAccount());
            approval = await program.PendingApprovalAsync();
            await program.KillAsync();
        }
        await using var again = await LocalProgram.StartAsync(folder.Path);
        Assert.Equal(approval, await again.PendingApprovalAsync());
        Assert.Equal(0, await again.EffectsAsync(Disabled, World.Adele));
        await again.PostAsync($"api/approvals/{approval}", new { decision = "approve", reason = "looks stolen" });
        await again.UntilAsync(
            async () => await again.StatusOfAsync(Containment) == "Live" && await again.EffectsAsync(Disabled, World.Adele) == 1,
            "it is contained"
        );

        var incident = (await again.GetAsync("api/incidents")).GetProperty("incidents")[0].GetProperty("id").GetString();
        await again.UntilAsync(
            async () =>
                (await again.GetAsync("api/incidents")).GetProperty("incidents")[0].GetProperty("status").GetString() == "Completed",
            "the incident ends"
        );
        var audit = await again.GetAsync($"api/audit/{incident}");
        Assert.Equal(0, audit.GetProperty("problems").GetArrayLength());
        Assert.Single(audit.GetProperty("entries").EnumerateArray(), e => e.GetProperty("kind").GetString() == "asked");
        Assert.Equal(1, await again.EffectsAsync(Disabled, World.Adele));
    }

    [Fact]
    public async Task Killed_while_the_rollback_timer_runs_it_is_rolled_back_once_and_its_clock_never_goes_back()
    {
        using var folder = new TempFolder();
        await using (var program = await LocalProgram.StartAsync(folder.Path))
        {
            await program.SendAlertAsync(Given.StolenAccount());
            await program.PostAsync(
                $"api/approvals/{await program.PendingApprovalAsync()}",
                new { decision = "approve", reason = "looks stolen" }
            );
            await program.UntilAsync(async () => await program.EffectsAsync(Disabled, World.Adele) == 1, "it is contained");
            await program.KillAsync();
        }
        // Two hours in 12 seconds; killed after one of them, when the reminder has been sent.
        DateTimeOffset seen = default;
        await using (var fast = await LocalProgram.StartAsync(folder.Path, "--clock", (600).ToString(CultureInfo.InvariantCulture)))
        {
            var start = await fast.TimeAsync();
            await fast.UntilAsync(async () => (seen = await fast.TimeAsync()) > start + TimeSpan.FromMinutes(40), "40 minutes pass");
            Assert.Equal("Live", await fast.StatusOfAsync(Containment));
            await fast.KillAsync();
        }
        await using var last = await LocalProgram.StartAsync(folder.Path, "--clock", "2400");
        Assert.True(
            await last.TimeAsync() > seen - TimeSpan.FromMinutes(15),
            "the clock went back by more than the second between two notes"
        ); // 1 s at 600 is 10 minutes
        await last.UntilAsync(async () => await last.StatusOfAsync(Containment) == "RolledBack", "it is rolled back");
        Assert.Equal(2, await last.EffectsAsync(Disabled, World.Adele)); // off once, on once
    }
}

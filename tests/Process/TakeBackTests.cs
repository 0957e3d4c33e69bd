namespace IRFunctions.Tests.RealProgram;

/// <summary>The real program is killed over a containment and its durable state deleted: a second real program takes it back.</summary>
public sealed class TakeBackTests
{
    private const string Disabled = "user.update";

    [Fact]
    public async Task Killed_and_its_durable_state_lost_what_was_live_is_taken_back_by_another_program_and_stays_so()
    {
        using var folder = new TempFolder();
        var log = Path.Combine(folder.Path, "..", $"{Path.GetFileName(folder.Path)}.jsonl");
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
        foreach (var file in new DirectoryInfo(folder.Path).EnumerateFiles("durable.db*"))
            file.Delete();
        try
        {
            var (code, text) = await LocalProgram.RunAsync("take-back", "--tables", folder.Path, "--log", log);
            Assert.True(code == 0, text);
            Assert.Contains("TAKEN BACK (1)", text, StringComparison.Ordinal);
            (code, text) = await LocalProgram.RunAsync("take-back", "import", "--tables", folder.Path, "--log", log);
            Assert.True(code == 0, text);
        }
        finally
        {
            File.Delete(log);
        }
        await using var again = await LocalProgram.StartAsync(folder.Path);
        Assert.Equal(2, await again.EffectsAsync(Disabled, World.Adele)); // Off by the pipeline, on by hand.
        var chain = (await again.GetAsync("api/incidents")).GetProperty("incidents")[0].GetProperty("id").GetString();
        var audit = await again.GetAsync($"api/audit/{chain}");
        Assert.Equal(0, audit.GetProperty("problems").GetArrayLength());
        Assert.Contains(audit.GetProperty("entries").EnumerateArray(), e => e.GetProperty("kind").GetString() == "taken-back");
    }
}

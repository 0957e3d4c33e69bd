using IRFunctions.Local.Azurite;
using IRFunctions.Tests.RealProgram;

namespace IRFunctions.Tests.OnAzurite;

/// <summary>How --azurite starts, refuses to start, and ends.</summary>
[Collection(nameof(AzuriteRun))] // One after the other: each has an engine and an Azurite.
public sealed class CommandTests
{
    [Fact]
    public async Task Each_wait_is_told_and_the_record_can_be_exported_and_verified_afterwards_with_the_sealing_in_blobs()
    {
        using var exported = new TempFolder();
        var file = Path.Combine(exported.Path, "record.jsonl");
        await using var run = await AzuriteRun.StartAsync();
        await run.Program.SendAlertAsync(Given.MaliciousAddress());
        await run.UntilEndedAsync(1);
        await run.Program.SignalAsync("TERM");
        Assert.Equal(0, await run.Program.EndAsync());
        foreach (
            var wait in (string[])
                ["starting Azurite", "listens", "starting the engine on Azurite", "first step after", "work in progress is waited for"]
        )
            Assert.Contains(wait, run.Program.Output, StringComparison.Ordinal);

        var (code, output) = await LocalProgram.RunAsync("audit", "export", "--state", run.State, "--out", file);
        Assert.True(code == 0, output);
        (code, output) = await LocalProgram.RunAsync(
            "audit",
            "verify",
            "--from",
            file,
            "--key",
            Path.Combine(run.State, "record", "checkpoints.key.pub")
        );
        Assert.True(code == 0, output);
        Assert.Contains("received", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.False(System.IO.Directory.Exists(Path.Combine(run.State, "record", "checkpoints")), "checkpoints are files");
    }

    [Theory]
    [InlineData("keeps real time", "--azurite", "--clock", "60")]
    public async Task Options_that_cannot_be_are_refused_with_the_reason(string reason, params string[] options)
    {
        using var folder = new TempFolder();
        await LocalProgram.AssertRefusedAsync(folder, reason, options);
    }

    [Fact]
    public async Task A_state_is_gone_on_with_by_the_engine_that_began_it()
    {
        using var folder = new TempFolder();
        System.IO.Directory.CreateDirectory(Path.Combine(folder.Path, "azurite"));
        await LocalProgram.AssertRefusedAsync(folder, "holds a run with --azurite");
        System.IO.Directory.Delete(Path.Combine(folder.Path, "azurite"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "durable.db"), "");
        await LocalProgram.AssertRefusedAsync(folder, "holds a run without --azurite", "--azurite");
    }

    /// <summary>What was acknowledged is there again, also where Azurite's own program did not end it.</summary>
    [Fact]
    public async Task Azurite_keeps_what_it_acknowledged_and_starts_on_the_folder_of_the_last_run()
    {
        using var folder = new TempFolder();
        for (var run = 1; run <= 2; run++)
        {
            await using var azurite = await AzuriteProcess.StartAsync(folder.Path);
            var table = new Azure.Data.Tables.TableClient(azurite.ConnectionString, "kept");
            await table.CreateIfNotExistsAsync();
            await table.AddEntityAsync(new Azure.Data.Tables.TableEntity("p", $"{run}"));
            Assert.Equal(run, (await table.QueryAsync<Azure.Data.Tables.TableEntity>().ToListAsync()).Count);
        }
    }
}

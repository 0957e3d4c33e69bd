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

    /// <summary>
    /// As against the real tenant: settings and sign-in from the environment, Graph over HTTP, an export and no tables at all.
    /// </summary>
    [Fact]
    public async Task With_the_settings_and_the_sign_in_of_the_app_an_export_is_taken_back_through_Graph()
    {
        using var folder = new TempFolder();
        using var work = new TempFolder();
        var export = Path.Combine(work.Path, "record.jsonl");
        await using var program = await LocalProgram.StartAsync(folder.Path);
        await program.SendAlertAsync(Given.StolenAccount());
        await program.PostAsync(
            $"api/approvals/{await program.PendingApprovalAsync()}",
            new { decision = "approve", reason = "looks stolen" }
        );
        await program.UntilAsync(
            async () =>
                await program.StatusOfAsync(World.DisableOf(World.Adele)) == "Live"
                && await program.EffectsAsync(Disabled, World.Adele) == 1,
            "it is contained"
        );
        var copy = System.IO.Directory.CreateDirectory(Path.Combine(work.Path, "copy"));
        foreach (var file in new DirectoryInfo(folder.Path).EnumerateFiles("tables.db*"))
            file.CopyTo(Path.Combine(copy.FullName, file.Name));
        var (code, text) = await LocalProgram.RunAsync("audit", "export", "--state", copy.FullName, "--out", export);
        Assert.True(code == 0, text);
        var address = program.Http.BaseAddress!;
        var settings = new Dictionary<string, string>
        {
            ["Graph__Endpoint"] = new Uri(address, "graph/v1.0").ToString(),
            ["IDENTITY_ENDPOINT"] = new Uri(address, "msi/token").ToString(),
            ["IDENTITY_HEADER"] = "local",
        };
        (code, text) = await LocalProgram.RunAsync(settings, "take-back", "--from", export, "--log", Path.Combine(work.Path, "log.jsonl"));
        Assert.True(code == 0, text);
        Assert.Contains("TAKEN BACK (1)", text, StringComparison.Ordinal);
        Assert.Equal(2, await program.EffectsAsync(Disabled, World.Adele));
        foreach (var file in new DirectoryInfo(work.Path).EnumerateFiles("*", SearchOption.AllDirectories))
            file.Attributes = FileAttributes.Normal;
    }

    [Fact]
    public async Task Tables_that_do_not_answer_are_told_in_words_with_exit_code_2()
    {
        var port = LocalProgram.FreePort();
        var connection =
            $"DefaultEndpointsProtocol=http;AccountName=some;AccountKey={Convert.ToBase64String(new byte[32])};"
            + $"TableEndpoint=http://127.0.0.1:{port}/some;";
        var (code, text) = await LocalProgram.RunAsync("take-back", "--tables", connection, "--dry-run");
        Assert.True(code == 2, text);
        Assert.Contains("The tables cannot be read", text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }
}

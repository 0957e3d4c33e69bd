using System.CommandLine;
using System.Text.Json;
using IRFunctions.Local.CommandLine;
using IRFunctions.Local.Storage;
using IRFunctions.Local.Tables;
using IRFunctions.Record;
using IRFunctions.Tests.Record;
using IRFunctions.Tests.Recording;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.CommandLine;

/// <summary>
/// `audit export`, `verify`, `story`, `find` and `attack` as people type them, on the state folder of a run that has ended.
/// </summary>
#pragma warning disable CA1001 // xunit deletes the folder.
public sealed class AuditCommandTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("irf-audit-");

    private string State => Path.Combine(folder.FullName, "state");

    private string Out => Path.Combine(folder.FullName, "record.jsonl");

    public async Task InitializeAsync()
    {
        System.IO.Directory.CreateDirectory(State);
        await File.WriteAllTextAsync(Path.Combine(State, "clock.txt"), "2026-11-23T03:10:00Z"); // As a run with a faster clock leaves it.
        await using var file = new SqliteFile(Path.Combine(State, "tables.db"), "");
        var rig = new RecordRig(new EmbeddedTableServiceClient(file, TimeProvider.System));
        await rig.IncidentAsync("incident-1");
        await rig.IncidentAsync("incident-2", title: "Suspicious inbox rule", tactic: "LateralMovement");
    }

    public Task DisposeAsync()
    {
        foreach (var file in folder.EnumerateFiles("*", SearchOption.AllDirectories))
            file.Attributes = FileAttributes.Normal;
        folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    private static async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        var text = new StringWriter();
        var code = await RunCommand.Create().Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = text, Error = text });
        return (code, text.ToString());
    }

    [Fact]
    public async Task An_export_verifies_and_says_how_many_entries_a_second()
    {
        var (code, text) = await RunAsync("audit", "export", "--state", State, "--out", Out);
        Assert.True(code == 0, text);
        Assert.StartsWith("14 entries and 1 checkpoints", text, StringComparison.Ordinal);
        (code, text) = await RunAsync("audit", "verify", "--from", Out);
        Assert.True(code == 0, text);
        Assert.Contains("note: signatures were checked with the key in the file itself", text, StringComparison.Ordinal);
        Assert.Contains("entries a second", text, StringComparison.Ordinal);
        (code, text) = await RunAsync("audit", "verify", "--from", Out, "--key", Path.Combine(State, "record", "checkpoints.key.pub"));
        Assert.True(code == 0, text);
        Assert.DoesNotContain("note:", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_record_as_a_log_checks_and_proves_an_entry_and_that_it_continues()
    {
        var (log, proof, keys) = (Path.Combine(folder.FullName, "log"), Path.Combine(folder.FullName, "entry.tlog-proof"), KeysOfLog);
        var (code, text) = await RunAsync("audit", "tlog", "--state", State, "--out", log);
        Assert.True(code == 0, text);
        Assert.StartsWith("14 entries in", text, StringComparison.Ordinal);
        await RunAsync("audit", "export", "--state", State, "--out", Out);
        (code, text) = await RunAsync("audit", "check", "--log", log, "--key", keys, "--export", Out);
        Assert.True(code == 0, text);
        Assert.StartsWith("the log is whole (14 entries on 2 chains of local.invalid/", text, StringComparison.Ordinal);

        (code, text) = await RunAsync("audit", "prove", "--state", State, "--incident", "incident-2", "--sequence", "6", "--out", proof);
        Assert.True(code == 0, text);
        (code, text) = await RunAsync("audit", "check", "--proof", proof, "--key", keys);
        Assert.True(code == 0, text);
        Assert.StartsWith("incident-2 entry 6 is in the log of local.invalid/", text, StringComparison.Ordinal);
        Assert.Contains("executed by pipeline at 2026-11-23T03:00:04", text, StringComparison.Ordinal);

        var since = Path.Combine(folder.FullName, "since");
        (code, text) = await RunAsync("audit", "prove", "--state", State, "--earlier", "14", "--out", since);
        Assert.True(code == 0, text);
        (code, text) = await RunAsync("audit", "check", "--proof", since, "--earlier", Path.Combine(log, "checkpoint"), "--key", keys);
        Assert.Equal((0, "the log of 14 entries continues the one of 14\n"), (code, text));
    }

    [Fact]
    public async Task A_forged_log_or_proof_is_exit_code_1_and_no_file_at_all_is_2()
    {
        var (log, proof) = (Path.Combine(folder.FullName, "log"), Path.Combine(folder.FullName, "entry.tlog-proof"));
        await RunAsync("audit", "tlog", "--state", State, "--out", log);
        await RunAsync("audit", "prove", "--state", State, "--incident", "incident-2", "--sequence", "6", "--out", proof);
        var lines = await File.ReadAllLinesAsync(proof);
        lines[2] = "index 3";
        await File.WriteAllTextAsync(proof, string.Join('\n', lines) + "\n");
        var (code, text) = await RunAsync("audit", "check", "--proof", proof, "--key", KeysOfLog);
        Assert.Equal(1, code);
        Assert.Contains("does not lead from the entry at 3", text, StringComparison.Ordinal);
        File.Delete(Path.Combine(log, "checkpoint"));
        Assert.Equal(1, (await RunAsync("audit", "check", "--log", log, "--key", KeysOfLog)).Code);
        Assert.Equal(2, (await RunAsync("audit", "check", "--proof", Path.Combine(folder.FullName, "no"), "--key", KeysOfLog)).Code);
        Assert.Equal(2, (await RunAsync("audit", "tlog", "--state", State, "--out", log)).Code); // It is there already.
    }

    private string KeysOfLog => Path.Combine(State, "record", "log.vkeys");

    [Fact]
    public async Task Where_anything_is_wrong_the_exit_code_is_1_and_what_is_wrong_is_said_and_since_when()
    {
        await RunAsync("audit", "export", "--state", State, "--out", Out);
        var lines = await File.ReadAllLinesAsync(Out);
        var at = Array.FindIndex(lines, l => l.Contains("user can no longer sign in", StringComparison.Ordinal));
        lines[at] = lines[at].Replace("can no longer", "can", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(Out, lines);
        var (code, text) = await RunAsync("audit", "verify", "--from", Out);
        Assert.Equal(1, code);
        Assert.Contains(
            "edited: incident-1 entry 6 (executed): its words are not those that were written. Done after",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("THE RECORD IS NOT WHOLE: 1 finding(s)", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_vector_on_file_is_refused_on_the_command_line_too()
    {
        foreach (var file in System.IO.Directory.GetFiles(Path.Combine(Sources.Root, "tests", "record", "vectors"), "*.json"))
        {
            var vector = JsonSerializer.Deserialize<AttackVectors.Vector>(await File.ReadAllTextAsync(file), AttackVectors.Json)!;
            await File.WriteAllLinesAsync(Out, vector.Export);
            var key = Path.Combine(folder.FullName, "key.pem");
            await File.WriteAllTextAsync(
                key,
                System.Security.Cryptography.PemEncoding.WriteString("PUBLIC KEY", Convert.FromBase64String(vector.Key))
            );
            List<string> arguments = ["audit", "verify", "--from", Out, "--key", key];
            if (vector.Seen is { } seen)
            {
                await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "seen.json"), seen.ToJson());
                arguments.AddRange(["--seen", Path.Combine(folder.FullName, "seen.json")]);
            }
            var (code, text) = await RunAsync([.. arguments]);
            Assert.True(code == (vector.Expect.Count == 0 ? 0 : 1), $"{vector.Attack}: exit code {code}\n{text}");
        }
    }

    [Fact]
    public async Task What_is_no_record_or_no_state_is_said_with_exit_code_2()
    {
        await File.WriteAllTextAsync(Out, "hello");
        Assert.Equal(2, (await RunAsync("audit", "verify", "--from", Out)).Code);
        Assert.Equal(2, (await RunAsync("audit", "verify", "--from", Path.Combine(folder.FullName, "none"))).Code);
        Assert.Equal(2, (await RunAsync("audit", "story", "--state", folder.FullName)).Code);
    }

    [Fact]
    public async Task Stories_finds_attacks_and_recovery_points_are_printed()
    {
        Assert.Contains("Why did this happen?", (await RunAsync("audit", "story", "--state", State)).Text, StringComparison.Ordinal);
        var (code, found) = await RunAsync(
            "audit",
            "find",
            "--state",
            State,
            "--about",
            "USERA1@example.com",
            "--kind",
            AuditKinds.Received,
            "--to",
            "2026-11-24T00:00:00Z"
        );
        Assert.Equal(0, code);
        Assert.Contains("2 entries", found, StringComparison.Ordinal);
        var html = Path.Combine(folder.FullName, "attack.html");
        Assert.Equal(0, (await RunAsync("audit", "attack", "--state", State, "--incident", "incident-2", "--html", html)).Code);
        Assert.Contains("2 incidents that hang together", await File.ReadAllTextAsync(html), StringComparison.Ordinal);
        Assert.Contains("verified", (await RunAsync("audit", "recovery-points", "--state", State)).Text, StringComparison.Ordinal);
        var ocsf = await RunAsync("audit", "export", "--state", State, "--out", Out, "--format", "ocsf");
        Assert.StartsWith("14 events", ocsf.Text, StringComparison.Ordinal);
    }
}

using IRFunctions.Tests.Recording;
using IRFunctions.Tests.Style;

namespace IRFunctions.Tests.Record;

/// <summary>The program in go/logcheck, written from the formats on another's libraries, comes to the same verdicts as ours.</summary>
public sealed class GoVerifierTests
{
    private static async Task<Dictionary<string, string>> VerdictsAsync(string folder)
    {
        var (code, text) = await GoTools.RunAsync(await GoTools.LogCheckAsync(), "-vectors", folder);
        Assert.True(code == 0, text);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(": ", 2)).ToDictionary(l => l[0], l => l[1]);
    }

    [GoFact]
    public async Task Every_forged_log_is_refused_and_every_whole_one_is_not()
    {
        var verdicts = await VerdictsAsync(LogVectorTests.OnFile.Folder);
        Assert.NotEmpty(verdicts);
        foreach (var (attack, verdict) in verdicts)
            Assert.True(LogVectorTests.OnFile.Read(attack).Expect.Length == 0 == (verdict == "whole"), $"{attack}: {verdict}");
    }

    /// <summary>
    /// The log beside each vector was not touched: what an export says otherwise is refused. What is only written otherwise says the same,
    /// and is found by our verifier alone, which holds exporters to their bytes.
    /// </summary>
    [GoFact]
    public async Task Every_forged_export_is_refused_beside_its_log()
    {
        string[] same = ["escaped-letters"];
        var verdicts = await VerdictsAsync(Path.Combine(Sources.Root, "tests", "record", "vectors"));
        var accepted = verdicts.Where(v => v.Value == "whole").Select(v => v.Key).Order(StringComparer.Ordinal);
        Assert.Equal(((string[])["lawfully-shredded", "whole", "whole-part", .. same]).Order(StringComparer.Ordinal), accepted);
    }

    [GoFact]
    public async Task A_log_of_several_levels_is_whole_and_with_any_tile_or_bundle_changed_it_is_not()
    {
        var rig = new RecordRig();
        for (var chain = 0; chain < 20; chain++)
        {
            await rig.Chain.AppendAsync(
                $"incident-{chain:D2}",
                [.. Enumerable.Range(1, 29).Select(i => RecordRig.Fact($"incident-{chain:D2}-{i}"))]
            );
            if (chain % 3 == 0)
                Assert.Empty((await rig.Checkpointer.RunAsync()).Findings);
        }
        Assert.Empty((await rig.Checkpointer.RunAsync()).Findings);
        var folder = System.IO.Directory.CreateTempSubdirectory("irf-log-");
        try
        {
            await WriteAsync(rig, folder.FullName);
            Assert.Equal((0, "whole: 580 entries\n"), await CheckAsync(folder.FullName));
            foreach (var path in (await rig.LogAsync()).Keys)
            {
                var file = Path.Combine(folder.FullName, path);
                var bytes = await File.ReadAllBytesAsync(file);
                var changed = (byte[])bytes.Clone();
                changed[^3] ^= 1;
                await File.WriteAllBytesAsync(file, changed);
                var (code, text) = await CheckAsync(folder.FullName);
                Assert.True(code == 1, $"{path}: {text}");
                await File.WriteAllBytesAsync(file, bytes);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task WriteAsync(RecordRig rig, string folder)
    {
        foreach (var (path, bytes) in await rig.LogAsync())
        {
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            await File.WriteAllBytesAsync(Path.Combine(folder, path), bytes);
        }
        await File.WriteAllLinesAsync(Path.Combine(folder, "keys"), (await rig.NewLog().KeysAsync(default)).Select(k => k.ToString()));
        await File.WriteAllTextAsync(Path.Combine(folder, "export.jsonl"), string.Concat((await rig.ExportAsync()).Select(l => l + "\n")));
    }

    private static async Task<(int Code, string Text)> CheckAsync(string folder) =>
        await GoTools.RunAsync(
            await GoTools.LogCheckAsync(),
            ["-log", folder, "-key", Path.Combine(folder, "keys"), "-export", Path.Combine(folder, "export.jsonl")]
        );
}

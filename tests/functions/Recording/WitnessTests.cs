using System.Net;
using System.Net.Sockets;
using System.Text;
using IRFunctions.Local.CommandLine;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Tests.Record;

namespace IRFunctions.Tests.Recording;

/// <summary>Two witnesses on loopback: ours as `audit witness` runs it, and one in Go that shares no line with it.</summary>
#pragma warning disable CA1001 // xunit disposes of it.
public sealed class WitnessTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource stop = new();
    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("irf-witness-");
    private readonly List<Task> serving = [];
    private System.Diagnostics.Process? witnessProcess;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(serving);
        if (witnessProcess?.HasExited == false)
            witnessProcess.Kill();
        witnessProcess?.Dispose();
        stop.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task<LogWitness> OursAsync(RecordRig rig, int number, IWitnessMemory? memory = null)
    {
        var witness = new Witness(
            $"witness.example/{number}",
            ForgedLog.Ed25519(number),
            await rig.NewLog().KeysAsync(default),
            memory ?? new WitnessCommand.WitnessFolder(Path.Combine(folder.FullName, $"{number}")),
            TimeProvider.System
        );
        var port = FreePort();
        serving.Add(WitnessCommand.ServeAsync(witness, port, stop.Token));
        return LogWitness.Parse($"{witness.Key} http://127.0.0.1:{port}")[0];
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<IReadOnlyList<Finding>> GrowAsync(RecordRig rig, string chain)
    {
        await rig.IncidentAsync(chain);
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        return (await rig.NewCheckpointer().RunAsync()).Findings;
    }

    private static async Task<LogReport> VerifyAsync(RecordRig rig, params LogWitness[] witnesses)
    {
        var files = await rig.LogAsync();
        var trust = new LogTrust(await rig.NewLog().KeysAsync(default), [.. witnesses.Select(w => w.Key)], witnesses.Length);
        return await LogVerifier.VerifyAsync(p => files.GetValueOrDefault(p), trust);
    }

    [Fact]
    public async Task Two_witnesses_cosign_every_checkpoint_of_a_log_that_continues()
    {
        var rig = new RecordRig();
        LogWitness[] witnesses = [await OursAsync(rig, 1), await OursAsync(rig, 2)];
        rig.Identity = rig.Identity with { Witnesses = witnesses };
        for (var i = 1; i <= 3; i++)
        {
            Assert.Empty(await GrowAsync(rig, $"incident-{i}"));
            var report = await VerifyAsync(rig, witnesses);
            Assert.Empty(report.Findings);
            Assert.Equal(["witness.example/1", "witness.example/2"], report.Witnesses.Select(w => w.Name));
        }
        Assert.Equal(2, folder.EnumerateFiles("*.checkpoint", SearchOption.AllDirectories).Count());
    }

    [GoFact]
    public async Task A_witness_in_another_language_cosigns_beside_ours_and_the_verifier_there_asks_for_both()
    {
        var rig = new RecordRig();
        await GrowAsync(rig, "incident-0");
        var keys = Path.Combine(folder.FullName, "keys");
        await File.WriteAllTextAsync(keys, (await rig.NewLog().KeysAsync(default))[0] + "\n");
        var process = GoTools.Start(await GoTools.WitnessAsync(), "-key", keys);
        witnessProcess = process;
        LogWitness[] both = [LogWitness.Parse(await process.StandardOutput.ReadLineAsync())[0], await OursAsync(rig, 1)];
        rig.Identity = rig.Identity with { Witnesses = both };
        foreach (var chain in (string[])["incident-1", "incident-2"])
            Assert.Empty(await GrowAsync(rig, chain));
        Assert.Empty((await VerifyAsync(rig, both)).Findings);

        var log = folder.CreateSubdirectory("log").FullName;
        foreach (var (path, bytes) in await rig.LogAsync())
        {
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(log, path))!);
            await File.WriteAllBytesAsync(Path.Combine(log, path), bytes);
        }
        var witnesses = Path.Combine(folder.FullName, "witnesses");
        await File.WriteAllLinesAsync(witnesses, both.Select(w => w.Key.ToString()));
        Assert.Equal(
            (0, "whole: 21 entries\n"),
            await GoTools.RunAsync(await GoTools.LogCheckAsync(), "-log", log, "-key", keys, "-witness", witnesses, "-quorum", "2")
        );

        // The same key signs another history; neither witness cosigns it.
        var fork = await ForkAsync(rig, "incident-5", "incident-6", "incident-7");
        Assert.All(await GrowAsync(fork, "incident-4"), f => Assert.Equal(Attacks.Forked, f.Attack));
        Assert.Contains("2 must have", Assert.Single((await VerifyAsync(fork, both)).Findings).What, StringComparison.Ordinal);
        process.StandardInput.Close(); // It ends by itself.
        await process.WaitForExitAsync();
    }

    /// <summary>Whoever has the key and the storage makes another record of as many entries or more.</summary>
    private static async Task<RecordRig> ForkAsync(RecordRig rig, params string[] chains)
    {
        var fork = new RecordRig { Identity = rig.Identity };
        foreach (var chain in chains)
            await fork.IncidentAsync(chain);
        return fork;
    }

    [Theory]
    [InlineData(1, Attacks.Truncated)] // fewer entries than the witness saw
    [InlineData(2, Attacks.Forked)] // as many
    [InlineData(3, Attacks.Forked)] // more
    public async Task A_fork_shown_to_a_witness_is_refused_and_found(int incidents, string attack)
    {
        var rig = new RecordRig();
        var witness = await OursAsync(rig, 1);
        rig.Identity = rig.Identity with { Witnesses = [witness] };
        await GrowAsync(rig, "incident-1");
        Assert.Empty(await GrowAsync(rig, "incident-2"));
        var before = (await VerifyAsync(rig, witness)).Checkpoint!;

        var fork = await ForkAsync(rig, [.. Enumerable.Range(5, incidents - 1).Select(i => $"incident-{i}")]);
        var finding = Assert.Single(await GrowAsync(fork, "incident-9"));
        Assert.Equal((attack, "the log"), (finding.Attack, finding.Where));
        Assert.Contains("witness.example/1", finding.What, StringComparison.Ordinal);
        Assert.Contains(await fork.Chain.ReadAsync(RecordChains.Pipeline), e => e.Kind == AuditKinds.RecordBroken);
        Assert.Contains("1 must have", Assert.Single((await VerifyAsync(fork, witness)).Findings).What, StringComparison.Ordinal);

        Assert.Empty(await GrowAsync(rig, "incident-3")); // The true one goes on.
        Assert.True((await VerifyAsync(rig, witness)).Checkpoint!.Size > before.Size);
    }

    [Fact]
    public async Task A_witness_that_is_down_does_not_hold_the_record_up_and_cosigns_the_next_checkpoint()
    {
        var rig = new RecordRig();
        var witness = await OursAsync(rig, 1);
        var down = witness with { Prefix = new Uri($"http://127.0.0.1:{FreePort()}/") };
        rig.Identity = rig.Identity with { Witnesses = [down] };
        Assert.Empty(await GrowAsync(rig, "incident-1"));
        Assert.Empty((await VerifyAsync(rig)).Findings);
        rig.Identity = rig.Identity with { Witnesses = [witness] };
        Assert.Empty(await GrowAsync(rig, "incident-2"));
        Assert.Empty((await VerifyAsync(rig, witness)).Findings);
    }

    [Theory]
    [InlineData(200, "\u2014 witness.example/1 AAAAAAAA\n")]
    [InlineData(200, "")]
    [InlineData(200, "noise")]
    [InlineData(409, "many\n")]
    [InlineData(409, "-1\n")]
    [InlineData(500, "")]
    public async Task A_witness_that_answers_nonsense_is_left_aside(int status, string body)
    {
        var rig = new RecordRig();
        var witness = await OursAsync(rig, 1);
        rig.Http = new HttpClient(new Answering((HttpStatusCode)status, body));
        rig.Identity = rig.Identity with { Witnesses = [witness] };
        Assert.Empty(await GrowAsync(rig, "incident-1"));
        Assert.Empty((await VerifyAsync(rig)).Findings);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("old 0\n\nnoise", 400)]
    [InlineData("old -1\n\n", 400)]
    [InlineData("old 99\n\nCHECKPOINT", 400)]
    [InlineData("old 7\n\nCHECKPOINT", 409)]
    [InlineData("old 0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nCHECKPOINT", 422)]
    [InlineData("old 0\n\nOTHER", 404)]
    [InlineData("old 0\n\nUNSIGNED", 403)]
    [InlineData("old 0\n\nCHECKPOINT", 200)]
    public async Task Each_answer_is_the_one_of_the_specification(string request, int status)
    {
        var rig = new RecordRig();
        await GrowAsync(rig, "incident-1");
        await GrowAsync(rig, "incident-2");
        var note = Encoding.UTF8.GetString((await rig.LogAsync())["checkpoint"]);
        var witness = new Witness(
            "witness.example/1",
            ForgedLog.Ed25519(1),
            await rig.NewLog().KeysAsync(default),
            new WitnessCommand.WitnessFolder(folder.FullName),
            TimeProvider.System
        );
        var text = request
            .Replace("CHECKPOINT", note, StringComparison.Ordinal)
            .Replace("OTHER", note.Replace("record.example", "other.example", StringComparison.Ordinal), StringComparison.Ordinal)
            .Replace("UNSIGNED", note.Replace("\n14\n", "\n15\n", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(status, witness.Add(Encoding.UTF8.GetBytes(text)).Status);
    }

    [Theory]
    [InlineData("key")]
    [InlineData("witness.example+00000000+AAAA https://witness.example/")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k https://witness.example/")] // no witness's key
    public void A_setting_that_names_no_witness_is_refused(string setting) =>
        Assert.Throws<FormatException>(() => LogWitness.Parse(setting));

    private sealed class Answering(HttpStatusCode status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body) });
    }
}

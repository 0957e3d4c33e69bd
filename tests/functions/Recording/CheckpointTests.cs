using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Tests.Recording;

public sealed class CheckpointTests
{
    private readonly RecordRig rig = new();

    [Fact]
    public async Task Only_what_changed_goes_into_the_next_checkpoint()
    {
        for (var i = 0; i < 300; i++)
            await rig.Chain.AppendAsync($"incident-{i}", [RecordRig.Fact("a")]);
        rig.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(300, Assert.Single((await rig.Checkpointer.RunAsync()).Made).Changes!.Count);
        await rig.Chain.AppendAsync("incident-7", [RecordRig.Fact("b")]);
        rig.Time.Advance(TimeSpan.FromMinutes(30));
        var second = Assert.Single((await rig.Checkpointer.RunAsync()).Made);
        Assert.Equal("incident-7", Assert.Single(second.Changes!).Chain);
        Assert.Equal(300, second.Chains);
        Assert.Empty((await rig.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Where_nothing_changes_a_checkpoint_is_made_once_an_hour()
    {
        await rig.Chain.AppendAsync("incident-1", [RecordRig.Fact("a")]);
        Assert.Single((await rig.Checkpointer.RunAsync()).Made);
        rig.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.Empty((await rig.Checkpointer.RunAsync()).Made);
        rig.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.Empty(Assert.Single((await rig.Checkpointer.RunAsync()).Made).Changes!);
        Assert.Empty((await rig.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task A_crash_after_the_checkpoint_was_stored_and_before_it_was_noted_is_caught_up()
    {
        await rig.IncidentAsync("incident-1");
        var crashing = rig.NewCheckpointer(new CrashingAfterStore(rig.Store));
        await Assert.ThrowsAsync<IOException>(() => crashing.RunAsync());
        await rig.IncidentAsync("incident-2");
        rig.Time.Advance(TimeSpan.FromMinutes(5));
        var run = await rig.NewCheckpointer().RunAsync();
        Assert.Empty(run.Findings);
        Assert.Equal(2, Assert.Single(run.Made).Number);
        Assert.Empty((await rig.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Two_at_once_make_one_line_of_checkpoints()
    {
        var (one, two) = (rig.NewCheckpointer(), rig.NewCheckpointer());
        for (var i = 0; i < 10; i++)
        {
            await rig.IncidentAsync($"incident-{i}");
            rig.Time.Advance(TimeSpan.FromMinutes(5));
            await Task.WhenAll(Task.Run(() => one.RunAsync()), Task.Run(() => two.RunAsync()));
        }
        await one.RunAsync();
        var report = await rig.VerifyAsync();
        Assert.Empty(report.Findings);
        Assert.Equal(10, report.Chains);
    }

    [Fact]
    public async Task An_export_of_one_incident_proves_itself_and_a_false_proof_shows()
    {
        for (var i = 0; i < 11; i++)
            await rig.IncidentAsync($"incident-{i}");
        await rig.Checkpointer.RunAsync();
        using var stream = new MemoryStream();
        await rig.Export.WriteChainsAsync(stream, ["incident-7"]);
        var lines = Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var key = await rig.Key.PublicAsync(default);
        Assert.Empty((await RecordRig.VerifyAsync(lines, key)).Findings);
        var proof = Array.FindIndex(lines, l => l.StartsWith("{\"type\":\"proof\"", StringComparison.Ordinal));
        lines[proof] = lines[proof].Replace("\"length\":7", "\"length\":6", StringComparison.Ordinal);
        Assert.Contains((await RecordRig.VerifyAsync(lines, key)).Findings, f => f.Attack == Attacks.FalseProof);
    }

    [Fact]
    public async Task The_local_key_is_made_once_for_its_owner_only()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("irf-key-");
        try
        {
            var path = Path.Combine(folder.FullName, "record", "checkpoints.key");
            using var first = LocalCheckpointKey.Open(path);
            using var second = LocalCheckpointKey.Open(path);
            Assert.Equal(await first.PublicAsync(default), await second.PublicAsync(default));
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.StartsWith("-----BEGIN PUBLIC KEY-----", await File.ReadAllTextAsync(path + ".pub"), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_file_checkpoint_is_written_once()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("irf-checkpoints-");
        try
        {
            var store = new FileCheckpoints(folder.FullName);
            Assert.True(await store.TryAddAsync(1, [1], default));
            Assert.False(await store.TryAddAsync(1, [2], default));
            Assert.Equal([1], (await store.ReadAsync(1, default))!);
            Assert.Null(await store.ReadAsync(2, default));
            Assert.True(File.GetAttributes(Path.Combine(folder.FullName, "checkpoint-0000000001.json")).HasFlag(FileAttributes.ReadOnly));
        }
        finally
        {
            foreach (var file in folder.EnumerateFiles())
                file.Attributes = FileAttributes.Normal;
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Key_vault_is_asked_to_sign_with_the_version_of_the_key_that_is_named()
    {
        using var inVault = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var http = new HttpClient(new Vault(inVault));
        var key = new KeyVaultCheckpointKey(http, new Uri("https://v.vault.azure.net/keys/record"));
        var signature = await key.SignAsync([1, 2, 3], default);
        using var known = ECDsa.Create();
        known.ImportSubjectPublicKeyInfo(await key.PublicAsync(default), out _);
        Assert.True(known.VerifyData((byte[])[1, 2, 3], signature, HashAlgorithmName.SHA256));
    }

    /// <summary>What Key Vault answers, by its REST reference (7.4): get key, sign.</summary>
    private sealed class Vault(ECDsa key) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var q = key.ExportParameters(false).Q;
            object answer;
            if (request.Method == HttpMethod.Get)
            {
                Assert.Equal("https://v.vault.azure.net/keys/record?api-version=7.4", request.RequestUri!.AbsoluteUri);
                answer = new
                {
                    key = new
                    {
                        kid = "https://v.vault.azure.net/keys/record/0123",
                        kty = "EC",
                        crv = "P-256",
                        x = Url(q.X!),
                        y = Url(q.Y!),
                    },
                };
            }
            else
            {
                Assert.Equal("https://v.vault.azure.net/keys/record/0123/sign?api-version=7.4", request.RequestUri!.AbsoluteUri);
                using var body = JsonDocument.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken));
                Assert.Equal("ES256", body.RootElement.GetProperty("alg").GetString());
                var digest = System.Buffers.Text.Base64Url.DecodeFromChars(body.RootElement.GetProperty("value").GetString());
                answer = new { kid = "https://v.vault.azure.net/keys/record/0123", value = Url(key.SignHash(digest)) };
            }
            return new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(answer)),
            };
        }

        private static string Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    private sealed class CrashingAfterStore(ICheckpointStore inner) : ICheckpointStore
    {
        public async Task<bool> TryAddAsync(long number, byte[] checkpoint, CancellationToken cancellation)
        {
            await inner.TryAddAsync(number, checkpoint, cancellation);
            throw new IOException("the process ends here");
        }

        public Task<byte[]?> ReadAsync(long number, CancellationToken cancellation) => inner.ReadAsync(number, cancellation);
    }
}

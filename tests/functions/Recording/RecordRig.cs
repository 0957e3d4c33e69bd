using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tables;
using IRFunctions.Local.Time;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Extensions.Logging.Abstractions;

namespace IRFunctions.Tests.Recording;

/// <summary>
/// The record by itself, under virtual time: what the pipeline would write, and the storage beneath for whoever attacks it.
/// </summary>
internal sealed class RecordRig
{
    public RecordRig(TableServiceClient? tables = null, ECDsa? key = null)
    {
        Tables = tables ?? new EmbeddedTableServiceClient(Time);
        foreach (var name in (string[])[AuditChain.TableName, ChainKeys.TableName, ChangeJournal.TableName, RecordIndex.TableName])
            Tables.GetTableClient(name).CreateIfNotExistsAsync().GetAwaiter().GetResult();
        Keys = new ChainKeys(Tables, Time);
        Journal = new ChangeJournal(Tables);
        Chain = new AuditChain(Tables, Time, Keys, Journal);
        Index = new RecordIndex(Tables, Chain, Journal);
        Key = new LocalCheckpointKey(key);
        Identity = new LogIdentity("record.example/checkpoints", [new EcdsaLogSigner(Key)], []);
        Checkpointer = NewCheckpointer();
        Export = new RecordExport(Chain, new HeadIndex(Tables), Store, Key, Time);
    }

    public VirtualTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));

    public TableServiceClient Tables { get; }

    public ChainKeys Keys { get; }

    public ChangeJournal Journal { get; }

    public AuditChain Chain { get; }

    public RecordIndex Index { get; }

    public MemoryCheckpoints Store { get; } = new();

    public LocalCheckpointKey Key { get; }

    public Checkpointer Checkpointer { get; }

    public RecordExport Export { get; }

    /// <summary>A checkpointer as a new process would have it: nothing in memory.</summary>
    public Checkpointer NewCheckpointer(ICheckpointStore? store = null) =>
        new(Chain, Journal, new HeadIndex(Tables), Index, Key, store ?? Store, NewLog(store), Time);

    /// <summary>The log as a new process would have it.</summary>
    public TransparencyLog NewLog(ICheckpointStore? store = null) =>
        new(Tables, Chain, store ?? Store, Identity, new WitnessClient(Http, NullLogger<WitnessClient>.Instance));

    /// <summary>Who signs the log; the record's own key alone unless a test adds to it.</summary>
    public LogIdentity Identity { get; set; }

    /// <summary>What reaches witnesses.</summary>
    public HttpClient Http { get; set; } = new();

    /// <summary>The log in its tiles, by path.</summary>
    public async Task<Dictionary<string, byte[]>> LogAsync()
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await new LogExport(NewLog(), Chain).WriteAsync(
            (path, bytes) =>
            {
                files[path] = bytes.ToArray();
                return Task.CompletedTask;
            }
        );
        return files;
    }

    public static AuditFact Fact(
        string id,
        string kind = AuditKinds.Received,
        string text = "something",
        object? data = null,
        About? about = null
    ) => new(id, kind, text, "pipeline", AuditJson.Of(data, about));

    /// <summary>An incident as the pipeline records it: seen, judged, decided, captured, done, verified.</summary>
    public async Task IncidentAsync(
        string chain,
        string user = "00000000-0000-4000-8000-0000000000a1",
        string title = "Unfamiliar sign-in properties",
        string tactic = "InitialAccess"
    )
    {
        var about = new About("disable_user_account_temporarily", $"account:{user}", $"user {user[^2..]}");
        await Chain.AppendAsync(
            chain,
            [
                Fact(
                    $"{chain}-1",
                    AuditKinds.Received,
                    $"High alert \"{title}\"",
                    new
                    {
                        id = $"alert of {chain}",
                        title,
                        severity = "High",
                        product = "Entra ID Protection",
                        tactics = new[] { tactic },
                        techniques = new[] { "T1078" },
                        entities = new[]
                        {
                            new
                            {
                                id = "e1",
                                type = "account",
                                display = $"user {user[^2..]}",
                                names = new[] { user, $"user{user[^2..]}@example.com" },
                            },
                        },
                    }
                ),
                Fact(
                    $"{chain}-2",
                    AuditKinds.Assessed,
                    "the model (m): TruePositive at 92%. New country, new device.",
                    new
                    {
                        by = "Model",
                        verdict = "TruePositive",
                        confidence = 92,
                        reasoning = "New country, new device.",
                        promptHash = "p",
                    }
                ),
                Fact(
                    $"{chain}-3",
                    AuditKinds.Decided,
                    "run: disable_user_account_temporarily",
                    new
                    {
                        kind = "Run",
                        tier = 1,
                        policyHash = "h",
                        reasons = new[] { new { rule = "tier", text = "the action is reversible and the confidence is high" } },
                    },
                    about
                ),
            ]
        );
        Time.Advance(TimeSpan.FromSeconds(2));
        await Chain.AppendAsync(
            chain,
            [
                Fact(
                    $"{chain}-4",
                    AuditKinds.Captured,
                    "before: user could sign in",
                    new
                    {
                        alreadySo = false,
                        summary = "user could sign in",
                        value = "enabled",
                    },
                    about
                ),
            ]
        );
        await Chain.AppendAsync(chain, [Fact($"{chain}-5", AuditKinds.Executing, "about to run", new { order = "o" }, about)]);
        await Chain.AppendAsync(
            chain,
            [
                Fact($"{chain}-6", AuditKinds.Executed, "user can no longer sign in", null, about),
                Fact($"{chain}-7", AuditKinds.Verified, "read back: it is in effect", null, about),
            ]
        );
    }

    public async Task<string[]> ExportAsync()
    {
        using var stream = new MemoryStream();
        await Export.WriteAllAsync(stream);
        return Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>An export of single chains.</summary>
    public async Task<string[]> ExportAsync(params string[] chains)
    {
        using var stream = new MemoryStream();
        await Export.WriteChainsAsync(stream, chains);
        return Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public async Task<VerifyReport> VerifyAsync(Checkpoint? seen = null) =>
        await VerifyAsync(await ExportAsync(), await Key.PublicAsync(default), seen);

    public static async Task<VerifyReport> VerifyAsync(IEnumerable<string> lines, byte[]? key, Checkpoint? seen = null)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines) + '\n'));
        return await RecordVerifier.VerifyAsync(stream, key is null ? [] : [key], seen);
    }

    /// <summary>Rows as an attacker with write access to the storage sees them.</summary>
    public TableClient Table => Tables.GetTableClient(AuditChain.TableName);

    public static string RowOf(int sequence) => $"n{sequence:D10}";
}

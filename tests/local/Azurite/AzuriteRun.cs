using System.Diagnostics;
using System.Globalization;
using IRFunctions.Record;
using IRFunctions.Tests.RealProgram;

namespace IRFunctions.Tests.OnAzurite;

/// <summary>The real program with --azurite, and the state that it leaves behind.</summary>
internal sealed class AzuriteRun : IAsyncDisposable
{
    public static readonly string Containment = World.DisableOf(World.Adele);

    // 30 seconds in host.json; nothing here takes ten of them.
    private static readonly KeyValuePair<string, string>[] ShortStall =
    [
        new("AzureFunctionsJobHost__extensions__durableTask__storageProvider__controlQueueVisibilityTimeout", "00:00:10"),
        new("AzureFunctionsJobHost__extensions__durableTask__storageProvider__workItemQueueVisibilityTimeout", "00:00:10"),
    ];

    private readonly TempFolder folder = new();

    private AzuriteRun() { }

    public LocalProgram Program { get; private set; } = null!;

    public string State => folder.Path;

    public static async Task<AzuriteRun> StartAsync(params string[] more)
    {
        var run = new AzuriteRun();
        await run.StartAgainAsync(more);
        return run;
    }

    public async Task StartAgainAsync(params string[] more) =>
        Program = await LocalProgram.StartAsync(ShortStall, ["--azurite", "--no-feed", "--state", State, .. more]);

    public Task AnswerAsync(string approval, string decision) =>
        Program.PostAsync($"api/approvals/{approval}", new { decision, reason = "looked at it" });

    public Task ReleaseAsync() =>
        Program.PostAsync($"api/containments/{Uri.EscapeDataString(Containment)}/release", new { reason = "false alarm" });

    public Task<int> EffectsAsync() => Program.EffectsAsync("user.update", World.Adele);

    public Task UntilAsync(string status) =>
        Program.UntilAsync(async () => await Program.StatusOfAsync(Containment) == status, $"the containment is {status}");

    public async Task<int> HoldsAsync() =>
        (await Program.GetAsync("api/containments"))
            .GetProperty("containments")
            .EnumerateArray()
            .Single(c => c.GetProperty("id").GetString() == Containment)
            .GetProperty("state")
            .GetProperty("holds")
            .GetArrayLength();

    public async Task<IReadOnlyList<string>> IncidentsAsync() =>
        [
            .. (await Program.GetAsync("api/incidents"))
                .GetProperty("incidents")
                .EnumerateArray()
                .Select(i => i.GetProperty("id").GetString()!),
        ];

    public Task UntilEndedAsync(int count) =>
        Program.UntilAsync(
            async () =>
                (await Program.GetAsync("api/incidents"))
                    .GetProperty("incidents")
                    .EnumerateArray()
                    .Count(i => i.GetProperty("status").GetString() == "Completed") == count,
            $"{count} incidents have ended"
        );

    /// <summary>Of an incident's record, which must be whole.</summary>
    public async Task<IReadOnlyList<(string Kind, string Text)>> RecordAsync(string incident)
    {
        var record = await Program.GetAsync($"api/audit/{incident}");
        Assert.Equal(0, record.GetProperty("problems").GetArrayLength());
        return
        [
            .. record
                .GetProperty("entries")
                .EnumerateArray()
                .Select(e => (e.GetProperty("kind").GetString()!, e.GetProperty("text").GetString()!)),
        ];
    }

    /// <summary>What the record says is about to be done to the account.</summary>
    public Task UntilExecutingAsync() =>
        Program.UntilAsync(
            async () =>
                (await IncidentsAsync()) is [var incident]
                && (await RecordAsync(incident)).Any(e =>
                    e.Kind == AuditKinds.Executing && e.Text.Contains("disable_user", StringComparison.Ordinal)
                ),
            "the record says that the account is about to be disabled"
        );

    /// <summary>Some incident's record has an entry of the kind.</summary>
    public Task UntilRecordedAsync(string kind, string what) =>
        Program.UntilAsync(
            async () =>
            {
                foreach (var incident in await IncidentsAsync())
                    if ((await RecordAsync(incident)).Any(e => e.Kind == kind))
                        return true;
                return false;
            },
            what
        );

    /// <summary>Azurite closes by itself when its program was killed, and until then writes into the folder.</summary>
    public static async Task UntilAzuriteEndedAsync(string state)
    {
        var file = Path.Combine(state, "azurite", "process.id");
        if (!File.Exists(file))
            return;
        try
        {
            using var azurite = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(file), CultureInfo.InvariantCulture));
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
            await azurite.WaitForExitAsync(limit.Token);
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        await UntilAzuriteEndedAsync(State);
        folder.Dispose();
    }
}

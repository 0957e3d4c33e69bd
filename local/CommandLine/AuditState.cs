using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Local.Azurite;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Storage;
using IRFunctions.Local.Tables;
using IRFunctions.Record;
using IRFunctions.Recording;
using IRFunctions.Stories;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.CommandLine;

/// <summary>The record in the state folder of a run that has ended, without the rest of the pipeline.</summary>
internal sealed class AuditState : IAsyncDisposable
{
    private readonly IDisposable only;
    private readonly AzuriteProcess? azurite;
    private readonly ServiceProvider services;

    private AuditState(IDisposable only, AzuriteProcess? azurite, ServiceProvider services, string folder)
    {
        (this.only, this.azurite, this.services) = (only, azurite, services);
        PublicKeyPath = Path.Combine(folder, "record", "checkpoints.key.pub");
    }

    public AuditChain Audit => services.GetRequiredService<AuditChain>();

    public Checkpointer Checkpointer => services.GetRequiredService<Checkpointer>();

    public RecordExport Export => services.GetRequiredService<RecordExport>();

    public LogExport Log => services.GetRequiredService<LogExport>();

    public TransparencyLog Transparency => services.GetRequiredService<TransparencyLog>();

    public RecordIndex Index => services.GetRequiredService<RecordIndex>();

    public AttackChains Attacks => services.GetRequiredService<AttackChains>();

    public RecoveryPoints Points => services.GetRequiredService<RecoveryPoints>();

    public TimeProvider Time => services.GetRequiredService<TimeProvider>();

    public string PublicKeyPath { get; }

    /// <exception cref="IOException">There is no state in this folder.</exception>
    /// <exception cref="InvalidOperationException">A run uses it.</exception>
    public static async Task<AuditState> OpenAsync(string folder)
    {
        var onAzurite = System.IO.Directory.Exists(StateFolder.AzuriteOf(folder));
        if (!onAzurite && !File.Exists(Path.Combine(folder, "tables.db")))
            throw new IOException($"{folder} holds no state of a local run. Give its folder with --state.");
        var only = StateFolder.Lock(folder);
        var azurite = onAzurite
            ? await AzuriteProcess.StartAsync(StateFolder.AzuriteOf(folder), line => Console.Error.WriteLine(line))
            : null;
        var services = new ServiceCollection();
        services.AddSingleton(await StateFolder.ClockAsync(folder, 1));
        if (azurite is not null)
            AzuriteState.Add(services, azurite.ConnectionString);
        else
        {
            services.AddSingleton(_ => new SqliteFile(Path.Combine(folder, "tables.db"), ""));
            services.AddSingleton<Azure.Data.Tables.TableServiceClient>(s => new EmbeddedTableServiceClient(
                s.GetRequiredService<SqliteFile>(),
                s.GetRequiredService<TimeProvider>()
            ));
        }
        services.AddSingleton<AttackChains>();
        services.AddSingleton<RecoveryPoints>();
        services.AddSingleton(_ => LocalCatalogue.Provider().GetRequiredService<ActionCatalog>()); // What can be undone at all.
        services.AddRecord(
            new ConfigurationBuilder().AddInMemoryCollection([new("Record:Folder", Path.Combine(folder, "record"))]).Build()
        );
        return new AuditState(only, azurite, services.BuildServiceProvider(), folder);
    }

    /// <summary>Keys of all incidents, in the order in which they began.</summary>
    public async Task<IReadOnlyList<string>> IncidentsAsync(CancellationToken cancellation)
    {
        var first = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        await foreach (var entry in Audit.ReadAllAsync(cancellation))
        {
            if (entry.Chain != RecordChains.Pipeline)
                first.TryAdd(entry.Chain, entry.At);
        }
        return [.. first.OrderBy(f => f.Value).ThenBy(f => f.Key, StringComparer.Ordinal).Select(f => f.Key)];
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        if (azurite is not null)
            await azurite.DisposeAsync();
        only.Dispose();
    }
}

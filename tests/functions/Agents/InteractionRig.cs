using Azure.Data.Tables;
using IRFunctions.Agents;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tables;
using IRFunctions.Local.Time;
using IRFunctions.Policies;
using IRFunctions.Recording;
using IRFunctions.Storage;
using IRFunctions.Tests.Policies;

namespace IRFunctions.Tests.Agents;

/// <summary>The evidence of interactions by itself, over storage that outlives a death of its process.</summary>
internal sealed class InteractionRig
{
    private static readonly string[] Others = ["risk-agent", "news-agent", "desk-agent"];
    private readonly TableServiceClient tables;
    private readonly IRetainedBlobs blobs;
    private readonly string prefix = $"t{Guid.NewGuid():N}";
    private readonly PolicyStore policies = PolicyStore.Open(Shipped.Files, Shipped.Catalogue, Shipped.Today);
    private long sequence;

    public InteractionRig(TableServiceClient? tables = null, IRetainedBlobs? blobs = null)
    {
        (this.tables, this.blobs) = (tables ?? new EmbeddedTableServiceClient(Time), blobs ?? new MemoryBlobs());
        foreach (
            var name in (string[])
                [InteractionStore.TableName, InteractionParts.TableName, AuditChain.TableName, ChainKeys.TableName, ChangeJournal.TableName]
        )
            this.tables.GetTableClient(prefix + name).CreateIfNotExistsAsync().GetAwaiter().GetResult();
        Restart();
    }

    public VirtualTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));

    public InteractionRules Rules => policies.Current.Breaker.Interactions;

    public InteractionStore Store { get; private set; } = null!;

    public InteractionMover Mover { get; private set; } = null!;

    public InteractionEvidence Evidence { get; private set; } = null!;

    public AuditChain Audit { get; private set; } = null!;

    /// <summary>Identities that were risky in every hour.</summary>
    public HashSet<string> Risky { get; } = [];

    /// <summary>Starts the process anew: nothing in memory.</summary>
    public void Restart(Death? death = null)
    {
        death ??= new Death();
        var (storage, bytes) = (new DyingTables(tables, death, prefix), new DyingBlobs(blobs, death));
        Audit = new AuditChain(storage, Time);
        Store = new InteractionStore(storage, policies, Time);
        var parts = new InteractionParts(storage, bytes);
        Mover = new InteractionMover(Store, parts, Audit, policies, Time);
        Evidence = new InteractionEvidence(Store, parts);
    }

    public ActivityBatch Batch(
        IReadOnlyList<ActivityEvent> events,
        string identity = "trading-agent",
        string source = "gateway-1",
        long? number = null
    ) => new(identity, "ai_agent", source, number ?? ++sequence, events);

    /// <summary>So many calls to other agents in the last minutes; every tenth failed to sign in.</summary>
    public IReadOnlyList<ActivityEvent> Calls(int count, int first = 0) =>
        [
            .. Enumerable
                .Range(first, count)
                .Select(i => Call(i) with { Authentication = i % 10 == 3 ? Authentication.Failed : Authentication.Ok }),
        ];

    public ActivityEvent Call(int i) =>
        new(
            Time.GetUtcNow() - TimeSpan.FromSeconds(60 - i % 60),
            "POST /ask",
            "ask",
            "mesh.example",
            100,
            Authentication.Ok,
            5,
            $"task-{i / 2}",
            Others[i % Others.Length]
        );

    public Task<IReadOnlyList<string>> MoveAsync() =>
        Mover.MoveAsync(
            (identity, _) =>
                Task.FromResult<RiskyHours?>(
                    Risky.Contains(identity)
                        ? new RiskyHours(Enumerable.Range(0, 24 * 40).Select(h => RiskyHours.Of(Start) + h).ToArray())
                        : new RiskyHours()
                ),
            CancellationToken.None
        );

    public static readonly DateTimeOffset Start = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The day of the start.</summary>
    public Task<InteractionReading> ReadAsync(string identity = "trading-agent") => Evidence.ReadAsync(identity, Start, Start.AddDays(1));

    public void Age(TimeSpan by) => Time.Advance(by);
}

using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Storage;

namespace IRFunctions.Containment;

/// <summary>A containment that is not over, as its owner wrote it down.</summary>
/// <param name="Key">Key of the entity that owns it: action and target.</param>
/// <param name="KeptAt">When this was written.</param>
public sealed record KeptContainment(string Key, RollbackState State, DateTimeOffset KeptAt)
{
    /// <summary>Task hub of the app whose entity owns it; two apps may stand beside each other during an upgrade.</summary>
    public string Hub { get; init; } = "";
}

/// <summary>What was taken back without the pipeline (`take-back`).</summary>
/// <param name="Generation">Which containment of this action and target.</param>
/// <param name="At">When it was read back, by the clock of whoever did it.</param>
/// <param name="By">Who claims it.</param>
public sealed record TakenBack(int Generation, DateTimeOffset At, string By);

/// <summary>Somebody wants a containment to be live again whose owner remembers nothing.</summary>
/// <param name="AskedAt">When it was asked.</param>
/// <param name="By">Who claims to have asked.</param>
/// <param name="From">What the copy was read from.</param>
public sealed record RestoreMark(DateTimeOffset AskedAt, string By, string From);

/// <summary>
/// The table "holds": each containment that is not over, with the state before it, in a form that can be read without the durable engine.
/// Its row is there before the effect begins (S5), so that what is live can be taken back, and made live again, where the engine's state
/// is lost. The entity decides; the row follows it.
/// </summary>
/// <remarks>
/// Three partitions: "live" (an entity's state, by its key and task hub), "taken-back" and "restore" (what somebody outside did or wants,
/// by the entity's key).
/// </remarks>
/// <param name="hub">Task hub of this app; empty where it has no name.</param>
public sealed class HoldTable(TableServiceClient tables, string hub)
{
    public const string TableName = "holds";

    private const string Live = "live";
    private const string Taken = "taken-back";
    private const string Restore = "restore";
    private const string Value = "Value";

    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Task hub of this app.</summary>
    public string Hub => hub;

    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public Task KeepAsync(KeptContainment kept, CancellationToken cancellation = default) =>
        WriteAsync(Live, RowOf(kept.Key, kept.Hub), kept, cancellation);

    /// <summary>What an entity of this app owns is over: nothing is to be taken back, nor to be made live again.</summary>
    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public async Task DropAsync(string key, CancellationToken cancellation = default)
    {
        await DropRowAsync(key, hub, cancellation);
        foreach (var partition in (string[])[Restore, Taken])
            await table.DeleteEntityAsync(partition, RowOf(key), cancellationToken: cancellation);
    }

    /// <summary>Only the row of one app, whose entity will not be heard of again.</summary>
    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public Task DropRowAsync(string key, string ofHub, CancellationToken cancellation = default) =>
        table.DeleteEntityAsync(Live, RowOf(key, ofHub), cancellationToken: cancellation);

    /// <summary>The row of this app's entity, or of another's; null where there is none.</summary>
    /// <exception cref="UnreadableRowException">The row is not what was written.</exception>
    public Task<KeptContainment?> FindAsync(string key, string? ofHub = null, CancellationToken cancellation = default) =>
        FindRowAsync<KeptContainment>(Live, RowOf(key, ofHub ?? hub), cancellation);

    /// <summary>Everything that is not over; a row that cannot be read is told to <paramref name="unreadable"/>.</summary>
    /// <exception cref="RequestFailedException">The table cannot be read; 404: there is none.</exception>
    public async Task<IReadOnlyList<KeptContainment>> AllAsync(
        Action<UnreadableRowException>? unreadable = null,
        CancellationToken cancellation = default
    ) =>
        await table
            .QueryAsync<TableEntity>(r => r.PartitionKey == Live, cancellationToken: cancellation)
            .ReadableAsync(
                TableName,
                row =>
                    TableText.Read<KeptContainment>(row, Value, TableName) is { State: { Target: not null, Prior: not null } } kept
                        ? kept
                        : throw new FormatException("it has no target, or no state before"),
                unreadable,
                cancellation
            )
            .ToListAsync(cancellation);

    /// <summary>Notes that it was taken back outside: the pipeline's own undo then leaves alone what came after.</summary>
    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public Task MarkTakenBackAsync(string key, TakenBack mark, CancellationToken cancellation = default) =>
        WriteAsync(Taken, RowOf(key), mark, cancellation);

    /// <summary>
    /// When this containment of this app was taken back outside; null where it was not, where a hold was added since, or where an effect
    /// may have landed since.
    /// </summary>
    /// <exception cref="UnreadableRowException">A row is not what was written.</exception>
    public async Task<TakenBack?> TakenBackAsync(string key, int generation, CancellationToken cancellation = default) =>
        await TakenBackAsync(key, generation, (await FindAsync(key, null, cancellation))?.State, cancellation);

    /// <inheritdoc cref="TakenBackAsync(string, int, CancellationToken)"/>
    public Task<TakenBack?> TakenBackAsync(KeptContainment row, CancellationToken cancellation = default) =>
        TakenBackAsync(row.Key, row.State.Generation, row.State, cancellation);

    private async Task<TakenBack?> TakenBackAsync(string key, int generation, RollbackState? state, CancellationToken cancellation) =>
        await FindRowAsync<TakenBack>(Taken, RowOf(key), cancellation) is { } mark
        && mark.Generation == generation
        && !(state?.HeldAt >= mark.At || state?.LatestTry >= mark.At)
            ? mark
            : null;

    /// <summary>Wants it to be live again; the watchdog's next round does it.</summary>
    /// <exception cref="RequestFailedException">The table cannot be written.</exception>
    public Task MarkForRestoreAsync(string key, RestoreMark mark, CancellationToken cancellation = default) =>
        WriteAsync(Restore, RowOf(key), mark, cancellation);

    /// <summary>Null where nobody asked for it.</summary>
    /// <exception cref="UnreadableRowException">The row is not what was written.</exception>
    public Task<RestoreMark?> RestoreOfAsync(string key, CancellationToken cancellation = default) =>
        FindRowAsync<RestoreMark>(Restore, RowOf(key), cancellation);

    private async Task WriteAsync<T>(string partition, string rowKey, T value, CancellationToken cancellation)
    {
        var row = new TableEntity(partition, rowKey);
        TableText.Write(row, Value, value);
        await table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellation);
    }

    private async Task<T?> FindRowAsync<T>(string partition, string rowKey, CancellationToken cancellation)
        where T : class
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(partition, rowKey, cancellationToken: cancellation);
        return found.HasValue ? TableText.Read<T>(found.Value!, Value, TableName) : null;
    }

    /// <summary>Keys hold what row keys may not.</summary>
    private static string RowOf(params ReadOnlySpan<string> key) => Fingerprint.Of(key);
}

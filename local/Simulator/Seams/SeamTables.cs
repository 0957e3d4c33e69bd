using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Seams;

/// <summary>
/// The tables as one machine sees them: they can refuse, a machine can die at each write, and who watches hears which partition of which
/// table changed.
/// </summary>
/// <param name="changed">Table and partition of each write that was done.</param>
internal sealed class SeamTables(TableServiceClient inner, Life life, Action<string, string> changed) : TableServiceClient
{
    public override TableClient GetTableClient(string tableName) => new SeamTable(this, inner.GetTableClient(tableName));

    private async Task<T> WriteAsync<T>(string table, string partition, Func<Task<T>> write)
    {
        life.Moment(CrashPlace.BeforeTableWrite);
        if (life.Trouble.TablesAreDown)
        {
            life.Trouble.Count("storage");
            throw new RequestFailedException(503, "The server is busy.", "ServerBusy", null);
        }
        var done = await write();
        changed(table, partition);
        life.Moment(CrashPlace.AfterTableWrite);
        return done;
    }

    private void Read() => life.Require();

    private sealed class SeamTable(SeamTables tables, TableClient inner) : TableClient
    {
        public override string Name => inner.Name;

        public override Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
            inner.CreateIfNotExistsAsync(cancellationToken);

        public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
            string partitionKey,
            string rowKey,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        )
        {
            tables.Read();
            return inner.GetEntityIfExistsAsync<T>(partitionKey, rowKey, select, cancellationToken);
        }

        public override AsyncPageable<T> QueryAsync<T>(
            string? filter = null,
            int? maxPerPage = null,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        )
        {
            tables.Read();
            return inner.QueryAsync<T>(filter, maxPerPage, select, cancellationToken);
        }

        public override Task<Response> UpsertEntityAsync<T>(
            T entity,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        ) => tables.WriteAsync(Name, entity.PartitionKey, () => inner.UpsertEntityAsync(entity, mode, cancellationToken));

        public override Task<Response> UpdateEntityAsync<T>(
            T entity,
            ETag ifMatch,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        ) => tables.WriteAsync(Name, entity.PartitionKey, () => inner.UpdateEntityAsync(entity, ifMatch, mode, cancellationToken));

        public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) =>
            tables.WriteAsync(Name, entity.PartitionKey, () => inner.AddEntityAsync(entity, cancellationToken));

        public override Task<Response> DeleteEntityAsync(
            string partitionKey,
            string rowKey,
            ETag ifMatch = default,
            CancellationToken cancellationToken = default
        ) => tables.WriteAsync(Name, partitionKey, () => inner.DeleteEntityAsync(partitionKey, rowKey, ifMatch, cancellationToken));

        public override Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
            IEnumerable<TableTransactionAction> transactionActions,
            CancellationToken cancellationToken = default
        )
        {
            var actions = transactionActions.ToList();
            return tables.WriteAsync(Name, actions[0].Entity.PartitionKey, () => inner.SubmitTransactionAsync(actions, cancellationToken));
        }
    }
}

using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using IRFunctions.Local.Tables;

namespace IRFunctions.Tests.Storage;

/// <summary>
/// The embedded tables, which refuse writes while they are told to, as a table service does that is down or over its limits.
/// </summary>
internal sealed class StubbornTables(TimeProvider time) : TableServiceClient
{
    private readonly EmbeddedTableServiceClient inner = new(time);

    /// <summary>Asked before each write, with the table and a row's partition; true refuses it.</summary>
    public Func<string, string, bool> Refuses { get; set; } = (_, _) => false;

    /// <summary>While true, queries are refused as well.</summary>
    public bool Unreadable { get; set; }

    /// <summary>Writes refused so far.</summary>
    public int Refused { get; private set; }

    public override TableClient GetTableClient(string tableName) => new StubbornTable(this, inner.GetTableClient(tableName));

    private void Check(string table, string partition)
    {
        if (!Refuses(table, partition))
            return;
        Refused++;
        throw new RequestFailedException(503, "The server is busy.", "ServerBusy", null);
    }

    private sealed class StubbornTable(StubbornTables tables, TableClient inner) : TableClient
    {
        public override string Name => inner.Name;

        public override Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
            inner.CreateIfNotExistsAsync(cancellationToken);

        public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
            string partitionKey,
            string rowKey,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        ) => inner.GetEntityIfExistsAsync<T>(partitionKey, rowKey, select, cancellationToken);

        public override AsyncPageable<T> QueryAsync<T>(
            string? filter = null,
            int? maxPerPage = null,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        ) =>
            tables.Unreadable
                ? throw new RequestFailedException(503, "The server is busy.", "ServerBusy", null)
                : inner.QueryAsync<T>(filter, maxPerPage, select, cancellationToken);

        public override Task<Response> UpsertEntityAsync<T>(
            T entity,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        )
        {
            tables.Check(Name, entity.PartitionKey);
            return inner.UpsertEntityAsync(entity, mode, cancellationToken);
        }

        public override Task<Response> UpdateEntityAsync<T>(
            T entity,
            ETag ifMatch,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        )
        {
            tables.Check(Name, entity.PartitionKey);
            return inner.UpdateEntityAsync(entity, ifMatch, mode, cancellationToken);
        }

        public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default)
        {
            tables.Check(Name, entity.PartitionKey);
            return inner.AddEntityAsync(entity, cancellationToken);
        }

        public override Task<Response> DeleteEntityAsync(
            string partitionKey,
            string rowKey,
            ETag ifMatch = default,
            CancellationToken cancellationToken = default
        )
        {
            tables.Check(Name, partitionKey);
            return inner.DeleteEntityAsync(partitionKey, rowKey, ifMatch, cancellationToken);
        }

        public override Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
            IEnumerable<TableTransactionAction> transactionActions,
            CancellationToken cancellationToken = default
        )
        {
            var actions = transactionActions.ToList();
            tables.Check(Name, actions[0].Entity.PartitionKey);
            return inner.SubmitTransactionAsync(actions, cancellationToken);
        }
    }
}

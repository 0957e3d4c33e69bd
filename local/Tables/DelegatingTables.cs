using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace IRFunctions.Local.Tables;

/// <summary>
/// Tables behind something that looks at each operation: counts it, refuses it, or dies around it. The operations are those that the
/// pipeline uses.
/// </summary>
/// <param name="inner">Where the rows are.</param>
/// <param name="prefix">Before each table's name, so that tests on one service do not meet.</param>
internal abstract class DelegatingTables(TableServiceClient inner, string prefix = "") : TableServiceClient
{
    public override TableClient GetTableClient(string tableName) => new DelegatingTable(this, inner.GetTableClient(prefix + tableName));

    /// <summary>Around each write; a transaction's rows are of one partition.</summary>
    protected abstract Task<T> WriteAsync<T>(string table, string partition, Func<Task<T>> write);

    /// <summary>Around each read of one row.</summary>
    protected virtual Task<T> ReadAsync<T>(Func<Task<T>> read) => read();

    /// <summary>Before each query.</summary>
    protected virtual void BeforeQuery() { }

    private sealed class DelegatingTable(DelegatingTables tables, TableClient inner) : TableClient
    {
        public override string Name => inner.Name;

        public override Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
            inner.CreateIfNotExistsAsync(cancellationToken);

        public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
            string partitionKey,
            string rowKey,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        ) => tables.ReadAsync(() => inner.GetEntityIfExistsAsync<T>(partitionKey, rowKey, select, cancellationToken));

        public override AsyncPageable<T> QueryAsync<T>(
            string? filter = null,
            int? maxPerPage = null,
            IEnumerable<string>? select = null,
            CancellationToken cancellationToken = default
        )
        {
            tables.BeforeQuery();
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

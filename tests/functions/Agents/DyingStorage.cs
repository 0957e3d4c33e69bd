using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using IRFunctions.Storage;

namespace IRFunctions.Tests.Agents;

/// <summary>The process dies at one write of its storage: just before it, or just after it took effect.</summary>
internal sealed class Death
{
    /// <summary>Which write, counted from 1; 0 for none.</summary>
    public int At { get; set; }

    public bool After { get; set; }

    /// <summary>Writes so far.</summary>
    public int Writes { get; private set; }

    public async Task<T> AroundAsync<T>(Func<Task<T>> write)
    {
        Writes++;
        if (Writes == At && !After)
            throw new DiedException();
        var answer = await write();
        if (Writes == At)
            throw new DiedException();
        return answer;
    }

    public sealed class DiedException : Exception;
}

/// <summary>Tables that outlive the process that dies, under names of their own: a service outlives a test.</summary>
internal sealed class DyingTables(TableServiceClient inner, Death death, string prefix = "") : TableServiceClient
{
    public override TableClient GetTableClient(string tableName) => new DyingTable(inner.GetTableClient(prefix + tableName), death);

    private sealed class DyingTable(TableClient inner, Death death) : TableClient
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
        ) => inner.QueryAsync<T>(filter, maxPerPage, select, cancellationToken);

        public override Task<Response> UpsertEntityAsync<T>(
            T entity,
            TableUpdateMode mode = TableUpdateMode.Merge,
            CancellationToken cancellationToken = default
        ) => death.AroundAsync(() => inner.UpsertEntityAsync(entity, mode, cancellationToken));

        public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) =>
            death.AroundAsync(() => inner.AddEntityAsync(entity, cancellationToken));

        public override Task<Response> DeleteEntityAsync(
            string partitionKey,
            string rowKey,
            ETag ifMatch = default,
            CancellationToken cancellationToken = default
        ) => death.AroundAsync(() => inner.DeleteEntityAsync(partitionKey, rowKey, ifMatch, cancellationToken));

        public override Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
            IEnumerable<TableTransactionAction> transactionActions,
            CancellationToken cancellationToken = default
        ) => death.AroundAsync(() => inner.SubmitTransactionAsync(transactionActions, cancellationToken));
    }
}

/// <summary>Blobs that outlive the process that dies.</summary>
internal sealed class DyingBlobs(IRetainedBlobs inner, Death death) : IRetainedBlobs
{
    public Task<bool> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        death.AroundAsync(() => inner.TryAddAsync(name, content, cancellation));

    public Task<byte[]?> ReadAsync(string name, int most, CancellationToken cancellation) => inner.ReadAsync(name, most, cancellation);

    public Task RemoveAsync(string name, CancellationToken cancellation) =>
        death.AroundAsync(async () =>
        {
            await inner.RemoveAsync(name, cancellation);
            return true;
        });
}

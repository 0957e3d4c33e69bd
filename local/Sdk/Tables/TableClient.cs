using System.Text.Json;
using Azure.Core;
using Azure.Data.Tables.Models;

namespace Azure.Data.Tables;

/// <summary>A small client of the Table REST protocol; against the service or the emulator it does what the official one does.</summary>
public class TableClient
{
    private readonly TablePipeline pipeline = null!;

    protected TableClient() => Name = "";

    public TableClient(string connectionString, string tableName) : this(connectionString, tableName, null)
    {
    }

    public TableClient(string connectionString, string tableName, TableClientOptions? options = null)
        : this(TableConnectionString.Parse(connectionString), tableName, options)
    {
    }

    public TableClient(Uri endpoint, string tableName, TableSharedKeyCredential credential) : this(endpoint, tableName, credential, null)
    {
    }

    public TableClient(Uri endpoint, string tableName, TableSharedKeyCredential credential, TableClientOptions? options = null)
        : this(new TablePipeline(endpoint, credential, options), tableName)
    {
    }

    public TableClient(Uri endpoint, string tableName, TokenCredential tokenCredential, TableClientOptions? options = null)
        : this(new TablePipeline(endpoint, tokenCredential, options), tableName)
    {
    }

    internal TableClient(TablePipeline pipeline, string tableName)
    {
        ArgumentException.ThrowIfNullOrEmpty(tableName);
        this.pipeline = pipeline;
        Name = tableName;
    }

    private TableClient(TableConnectionString connection, string tableName, TableClientOptions? options)
        : this(new TablePipeline(connection.Endpoint, connection.Credential, options), tableName)
    {
    }

    public virtual string Name { get; }

    public virtual string AccountName => pipeline.AccountName;

    public virtual Uri Uri => pipeline.Address(Name);

    public static string CreateQueryFilter(FormattableString filter) => TableFilter.Format(filter);

    public virtual async Task<Response<TableItem>> CreateAsync(CancellationToken cancellationToken = default) =>
        Response.FromValue(new TableItem(Name), await pipeline.CreateTableAsync(Name, tolerateExisting: false, cancellationToken));

    public virtual async Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
        Response.FromValue(new TableItem(Name), await pipeline.CreateTableAsync(Name, tolerateExisting: true, cancellationToken));

    public virtual Task<Response> DeleteAsync(CancellationToken cancellationToken = default) => pipeline.DeleteTableAsync(Name, cancellationToken);

    public virtual async Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) where T : ITableEntity
    {
        using var request = pipeline.NewRequest(RequestMethod.Post, Name, EntityJson.Write(EntityBinder.ToWire(entity)));
        return await pipeline.SendAsync(request, cancellationToken);
    }

    public virtual async Task<Response<T>> GetEntityAsync<T>(
        string partitionKey,
        string rowKey,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default) where T : class, ITableEntity
    {
        using var request = NewGet(partitionKey, rowKey, select);
        var response = await pipeline.SendAsync(request, cancellationToken);
        return Response.FromValue(Read<T>(response), response);
    }

    public virtual async Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
        string partitionKey,
        string rowKey,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default) where T : class, ITableEntity
    {
        using var request = NewGet(partitionKey, rowKey, select);
        var response = await pipeline.SendAsync(request, cancellationToken, tolerated: 404);
        return response.Status == 404 ? new NoValueResponse<T>(response) : Response.FromValue(Read<T>(response), response);
    }

    public virtual async Task<Response> UpdateEntityAsync<T>(
        T entity,
        ETag ifMatch,
        TableUpdateMode mode = TableUpdateMode.Merge,
        CancellationToken cancellationToken = default) where T : ITableEntity
    {
        if (ifMatch == default) throw new ArgumentException("Say which version to update: the ETag you read, or ETag.All.", nameof(ifMatch));
        using var request = NewWrite(entity, mode);
        request.Headers.Add("If-Match", ifMatch.ToString("H"));
        return await pipeline.SendAsync(request, cancellationToken);
    }

    public virtual async Task<Response> UpsertEntityAsync<T>(
        T entity,
        TableUpdateMode mode = TableUpdateMode.Merge,
        CancellationToken cancellationToken = default) where T : ITableEntity
    {
        using var request = NewWrite(entity, mode);
        return await pipeline.SendAsync(request, cancellationToken);
    }

    public virtual Task<Response> DeleteEntityAsync(ITableEntity entity, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        DeleteEntityAsync(entity.PartitionKey, entity.RowKey, ifMatch, cancellationToken);

    /// <summary>Deleting what is not there is no error: the answer then has status 404.</summary>
    public virtual async Task<Response> DeleteEntityAsync(
        string partitionKey,
        string rowKey,
        ETag ifMatch = default,
        CancellationToken cancellationToken = default)
    {
        using var request = pipeline.NewRequest(RequestMethod.Delete, TablePipeline.EntityPath(Name, partitionKey, rowKey));
        request.Headers.Add("If-Match", ifMatch == default ? "*" : ifMatch.ToString("H"));
        return await pipeline.SendAsync(request, cancellationToken, tolerated: 404);
    }

    public virtual AsyncPageable<T> QueryAsync<T>(
        string? filter = null,
        int? maxPerPage = null,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default) where T : class, ITableEntity =>
        new TablePages<T>((token, hint) => QueryPageAsync<T>(filter, hint ?? maxPerPage, select, token, cancellationToken), cancellationToken);

    public virtual async Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
        IEnumerable<TableTransactionAction> transactionActions,
        CancellationToken cancellationToken = default)
    {
        var actions = transactionActions.ToList();
        if (actions.Count == 0) throw new InvalidOperationException("The transaction contains no actions.");
        using var request = TableBatch.NewRequest(pipeline, Name, actions);
        return TableBatch.Read(await pipeline.SendAsync(request, cancellationToken));
    }

    private static T Read<T>(Response response) where T : class, ITableEntity
    {
        using var document = JsonDocument.Parse(response.Content);
        return EntityBinder.FromWire<T>(EntityJson.Read(document.RootElement));
    }

    private Request NewGet(string partitionKey, string rowKey, IEnumerable<string>? select)
    {
        var request = pipeline.NewRequest(RequestMethod.Get, TablePipeline.EntityPath(Name, partitionKey, rowKey));
        if (select is not null) request.Uri.AppendQuery("$select", Uri.EscapeDataString(string.Join(',', select)), escapeValue: false);
        return request;
    }

    private Request NewWrite(ITableEntity entity, TableUpdateMode mode) => pipeline.NewRequest(
        mode == TableUpdateMode.Merge ? RequestMethod.Patch : RequestMethod.Put,
        TablePipeline.EntityPath(Name, entity.PartitionKey, entity.RowKey),
        EntityJson.Write(EntityBinder.ToWire(entity)));

    private async Task<Page<T>> QueryPageAsync<T>(
        string? filter,
        int? top,
        IEnumerable<string>? select,
        string? token,
        CancellationToken cancellationToken) where T : class, ITableEntity
    {
        using var request = pipeline.NewRequest(RequestMethod.Get, Name + "()");
        Append("$filter", string.IsNullOrEmpty(filter) ? null : filter);
        Append("$top", top?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Append("$select", select is null ? null : string.Join(',', select));
        // As officially, a continuation token is the two keys the service returned, with a space between (the service encodes them).
        var next = token?.Split(' ', 2);
        Append("NextPartitionKey", next?[0]);
        Append("NextRowKey", next is [_, { Length: > 0 } rowKey] ? rowKey : null);
        var response = await pipeline.SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(response.Content);
        var rows = document.RootElement.GetProperty("value").EnumerateArray().Select(row => EntityBinder.FromWire<T>(EntityJson.Read(row))).ToList();
        var more = response.Headers.TryGetValue("x-ms-continuation-NextPartitionKey", out var partition);
        response.Headers.TryGetValue("x-ms-continuation-NextRowKey", out var row);
        return Page<T>.FromValues(rows, more ? $"{partition} {row}" : null, response);

        void Append(string name, string? value)
        {
            if (value is not null) request.Uri.AppendQuery(name, Uri.EscapeDataString(value), escapeValue: false);
        }
    }
}

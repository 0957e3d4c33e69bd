using Azure.Core;
using Azure.Data.Tables.Models;

namespace Azure.Data.Tables;

public class TableServiceClient
{
    private readonly TablePipeline pipeline = null!;

    protected TableServiceClient()
    {
    }

    public TableServiceClient(string connectionString) : this(connectionString, null)
    {
    }

    public TableServiceClient(string connectionString, TableClientOptions? options = null)
    {
        var connection = TableConnectionString.Parse(connectionString);
        pipeline = new TablePipeline(connection.Endpoint, connection.Credential, options);
    }

    public TableServiceClient(Uri endpoint, TableSharedKeyCredential credential) : this(endpoint, credential, null!)
    {
    }

    public TableServiceClient(Uri endpoint, TableSharedKeyCredential credential, TableClientOptions options) =>
        pipeline = new TablePipeline(endpoint, credential, options);

    public TableServiceClient(Uri endpoint, TokenCredential tokenCredential, TableClientOptions? options = null) =>
        pipeline = new TablePipeline(endpoint, tokenCredential, options);

    public virtual string AccountName => pipeline.AccountName;

    public virtual Uri Uri => pipeline.Endpoint;

    public virtual TableClient GetTableClient(string tableName) => new(pipeline, tableName);

    public virtual async Task<Response<TableItem>> CreateTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        Response.FromValue(new TableItem(tableName), await pipeline.CreateTableAsync(tableName, tolerateExisting: false, cancellationToken));

    public virtual async Task<Response<TableItem>> CreateTableIfNotExistsAsync(string tableName, CancellationToken cancellationToken = default) =>
        Response.FromValue(new TableItem(tableName), await pipeline.CreateTableAsync(tableName, tolerateExisting: true, cancellationToken));

    public virtual Task<Response> DeleteTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        pipeline.DeleteTableAsync(tableName, cancellationToken);
}

using System.Text;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace IRFunctions.Local.Tables;

/// <summary>
/// One table of an <see cref="EmbeddedTableServiceClient"/>. Only the asynchronous members are there; the pipeline uses no other.
/// </summary>
public sealed class EmbeddedTableClient : TableClient
{
    internal const string Account = "embedded";
    internal static readonly Uri Service = new("http://127.0.0.1/" + Account); // an address to show; nothing listens there
    private readonly ITableStorage storage;
    private readonly TimeProvider time;
    private readonly string table;

    internal EmbeddedTableClient(string tableName, ITableStorage storage, TimeProvider time)
    {
        Name = tableName;
        table = tableName.ToLowerInvariant();
        this.storage = storage;
        this.time = time;
    }

    public override string Name { get; }

    public override string AccountName => Account;

    public override Uri Uri => new($"{Service.AbsoluteUri}/{Name}");

    public override async Task<Response<TableItem>> CreateAsync(CancellationToken cancellationToken = default)
    {
        var response = await CreateIfNotExistsAsync(cancellationToken);
        return response.GetRawResponse().Status == 204 ? response : throw TableErrors.TableExists();
    }

    public override async Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TableLimits.CheckTableName(Name);
        return Response.FromValue(new TableItem(Name), new EmbeddedResponse(await storage.CreateAsync(table) ? 204 : 409));
    }

    public override async Task<Response> DeleteAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new EmbeddedResponse(await storage.DeleteAsync(table) ? 204 : 404);
    }

    public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default) =>
        WriteAsync(TableTransactionActionType.Add, entity, null, cancellationToken);

    public override Task<Response> UpdateEntityAsync<T>(
        T entity,
        ETag ifMatch,
        TableUpdateMode mode = TableUpdateMode.Merge,
        CancellationToken cancellationToken = default
    )
    {
        if (ifMatch == default)
            throw new ArgumentException("Say which version to update: the ETag you read, or ETag.All.", nameof(ifMatch));
        var type = mode == TableUpdateMode.Merge ? TableTransactionActionType.UpdateMerge : TableTransactionActionType.UpdateReplace;
        return WriteAsync(type, entity, ifMatch.ToString("H"), cancellationToken);
    }

    public override Task<Response> UpsertEntityAsync<T>(
        T entity,
        TableUpdateMode mode = TableUpdateMode.Merge,
        CancellationToken cancellationToken = default
    )
    {
        var type = mode == TableUpdateMode.Merge ? TableTransactionActionType.UpsertMerge : TableTransactionActionType.UpsertReplace;
        return WriteAsync(type, entity, null, cancellationToken);
    }

    public override Task<Response> DeleteEntityAsync(
        ITableEntity entity,
        ETag ifMatch = default,
        CancellationToken cancellationToken = default
    ) => DeleteEntityAsync(entity.PartitionKey, entity.RowKey, ifMatch, cancellationToken);

    public override async Task<Response> DeleteEntityAsync(
        string partitionKey,
        string rowKey,
        ETag ifMatch = default,
        CancellationToken cancellationToken = default
    )
    {
        var condition = ifMatch == default ? "*" : ifMatch.ToString("H");
        try
        {
            return await WriteAsync(TableTransactionActionType.Delete, new TableEntity(partitionKey, rowKey), condition, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return new EmbeddedResponse(404);
        }
    }

    public override async Task<Response<T>> GetEntityAsync<T>(
        string partitionKey,
        string rowKey,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var row = await storage.GetAsync(table, partitionKey, rowKey) ?? throw TableErrors.EntityNotFound();
        return Response.FromValue(EntityValues.ToEntity<T>(row, select?.ToHashSet()), new EmbeddedResponse(200, row.ETag));
    }

    public override async Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(
        string partitionKey,
        string rowKey,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var row = await storage.GetAsync(table, partitionKey, rowKey);
            return row is null
                ? new NothingThere<T>()
                : Response.FromValue(EntityValues.ToEntity<T>(row, select?.ToHashSet()), new EmbeddedResponse(200, row.ETag));
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return new NothingThere<T>();
        }
    }

    public override AsyncPageable<T> QueryAsync<T>(
        string? filter = null,
        int? maxPerPage = null,
        IEnumerable<string>? select = null,
        CancellationToken cancellationToken = default
    )
    {
        var wanted = select?.ToHashSet();
        return new EmbeddedPages<T>(Read, cancellationToken);

        Task<Page<T>> Read(string? token, int? hint) => ReadPageAsync<T>(filter, hint ?? maxPerPage, wanted, token, cancellationToken);
    }

    public override async Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
        IEnumerable<TableTransactionAction> transactionActions,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var changes = transactionActions.Select(ToChange).ToList();
        if (changes.Count == 0)
            throw new InvalidOperationException("The transaction contains no actions.");
        TableLimits.CheckTransaction(changes);
        try
        {
            var rows = await storage.WriteAsync(table, changes, time.GetUtcNow());
            var responses = rows.Select(row => new EmbeddedResponse(204, row?.ETag)).ToList();
            return Response.FromValue<IReadOnlyList<Response>>(responses, new EmbeddedResponse(202));
        }
        catch (ChangeRefusedException e)
        {
            throw TableErrors.InTransaction(e.Reason, e.Index);
        }
    }

    private static RowChange ToChange(TableTransactionAction action, int index)
    {
        try
        {
            return EntityValues.ToChange(action.ActionType, action.Entity, action.ETag == default ? null : action.ETag.ToString("H"));
        }
        catch (RequestFailedException e)
        {
            throw TableErrors.InTransaction(e, index);
        }
    }

    private async Task<Response> WriteAsync(
        TableTransactionActionType type,
        ITableEntity entity,
        string? ifMatch,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var rows = await storage.WriteAsync(table, [EntityValues.ToChange(type, entity, ifMatch)], time.GetUtcNow());
            return new EmbeddedResponse(204, rows[0]?.ETag);
        }
        catch (ChangeRefusedException e)
        {
            throw e.Reason;
        }
    }

    private async Task<Page<T>> ReadPageAsync<T>(
        string? filter,
        int? pageSize,
        HashSet<string>? select,
        string? token,
        CancellationToken cancellationToken
    )
        where T : class, ITableEntity
    {
        if (pageSize is < 1 or > TableLimits.MaxPageRows)
            throw TableErrors.Invalid("InvalidInput", "A page has 1 to 1000 rows.");
        var (size, parsed) = (pageSize ?? TableLimits.MaxPageRows, TableFilterParser.Parse(filter));
        var range = parsed.Range();
        if (token is not null)
            range = Continue(range, token);
        // One row more than wanted tells whether another page follows, and where it starts.
        var matches = new List<TableRow>();
        for (var batch = size + 1; ; batch = Math.Min(batch * 2, TableLimits.MaxPageRows + 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = await storage.ReadAsync(table, range, batch);
            matches.AddRange(rows.Where(parsed.Matches).Take(size + 1 - matches.Count));
            if (matches.Count > size || rows.Count < batch)
                break;
            range = range.From(rows[^1].PartitionKey, rows[^1].RowKey + '\u0000'); // the next key there could be
        }
        var entities = matches.Take(size).Select(row => EntityValues.ToEntity<T>(row, select)).ToList();
        return Page<T>.FromValues(entities, matches.Count > size ? Token(matches[size]) : null, new EmbeddedResponse(200));
    }

    private static string Token(TableRow next) => $"{Encode(next.PartitionKey)} {Encode(next.RowKey)}";

    private static KeyRange Continue(KeyRange range, string token)
    {
        var keys = token.Split(' ');
        try
        {
            return range.From(Decode(keys[0]), Decode(keys[1]));
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw TableErrors.Invalid("InvalidInput", "Not a continuation token.");
        }
    }

    private static string Encode(string key) => "1!" + Convert.ToBase64String(Encoding.UTF8.GetBytes(key));

    private static string Decode(string part) => Encoding.UTF8.GetString(Convert.FromBase64String(part[2..]));
}

using System.Globalization;
using Azure.Data.Tables;

namespace IRFunctions.Local.Tables;

/// <summary>One stored entity; never changed, only replaced.</summary>
internal sealed class TableRow(
    string partitionKey,
    string rowKey,
    long version,
    DateTimeOffset timestamp,
    KeyValuePair<string, object>[] properties
)
{
    public string PartitionKey => partitionKey;

    public string RowKey => rowKey;

    public long Version => version;

    public DateTimeOffset Timestamp => timestamp;

    public KeyValuePair<string, object>[] Properties => properties;

    /// <summary>Unlike a timestamp, a version never repeats, however fast writes follow each other or the clock stands still.</summary>
    public string ETag => string.Create(CultureInfo.InvariantCulture, $"W/\"{Version:x}\"");

    /// <summary>Null when the entity has no such property.</summary>
    public object? this[string name] =>
        name switch
        {
            nameof(PartitionKey) => PartitionKey,
            nameof(RowKey) => RowKey,
            nameof(Timestamp) => Timestamp,
            _ => Array.Find(Properties, property => property.Key == name).Value,
        };
}

/// <summary>One wanted change of one row.</summary>
/// <param name="IfMatch">The ETag the row must have; null or * for any.</param>
internal sealed record RowChange(
    TableTransactionActionType Type,
    string PartitionKey,
    string RowKey,
    KeyValuePair<string, object>[] Properties,
    string? IfMatch = null
)
{
    /// <summary>The row after the change; null when it is deleted.</summary>
    /// <exception cref="Azure.RequestFailedException">The row as it is does not allow it (404, 409, 412), or grows too large
    /// (400).</exception>
    public TableRow? Apply(TableRow? current, long version, DateTimeOffset now)
    {
        switch (Type)
        {
            case TableTransactionActionType.Add when current is not null:
                throw TableErrors.EntityExists();
            case TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpdateReplace or TableTransactionActionType.Delete:
                if (current is null)
                    throw TableErrors.EntityNotFound();
                if (IfMatch is not (null or "*") && IfMatch != current.ETag)
                    throw TableErrors.ConditionNotMet();
                break;
        }
        if (Type == TableTransactionActionType.Delete)
            return null;
        var merges = current is not null && Type is TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpsertMerge;
        var properties = merges ? Merge(current!.Properties) : Properties;
        if (merges)
            TableLimits.CheckEntity(PartitionKey, RowKey, properties);
        return new TableRow(PartitionKey, RowKey, version, now, properties);
    }

    private KeyValuePair<string, object>[] Merge(KeyValuePair<string, object>[] old)
    {
        var merged = new Dictionary<string, object>(old);
        foreach (var (name, value) in Properties)
            merged[name] = value;
        return [.. merged];
    }
}

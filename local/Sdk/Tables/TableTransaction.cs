using System.Globalization;

namespace Azure.Data.Tables;

public enum TableTransactionActionType
{
    Add = 0,
    UpdateMerge = 1,
    UpdateReplace = 2,
    Delete = 3,
    UpsertMerge = 4,
    UpsertReplace = 5,
}

public class TableTransactionAction
{
    public TableTransactionAction(TableTransactionActionType actionType, ITableEntity entity) : this(actionType, entity, default)
    {
    }

    public TableTransactionAction(TableTransactionActionType actionType, ITableEntity entity, ETag etag = default)
    {
        ActionType = actionType;
        Entity = entity;
        ETag = etag;
    }

    public TableTransactionActionType ActionType { get; }

    public ITableEntity Entity { get; }

    public ETag ETag { get; }
}

public class TableTransactionFailedException : RequestFailedException
{
    /// <summary>Where the official client keeps the index of the failed action.</summary>
    internal const string FailedEntity = "FailedEntity";

    public TableTransactionFailedException(RequestFailedException requestFailedException)
        : base(
            requestFailedException.Status,
            requestFailedException.Message,
            requestFailedException.ErrorCode,
            requestFailedException.InnerException)
    {
        foreach (var key in requestFailedException.Data.Keys) Data[key] = requestFailedException.Data[key];
        if (int.TryParse(Data[FailedEntity] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            FailedTransactionActionIndex = index;
    }

    public int? FailedTransactionActionIndex { get; }
}

namespace Microsoft.Graph.Models;

public class Entity : IGraphModel
{
    public string? Id
    {
        get => Values.Get<string>("id");
        set => Values.Set("id", value);
    }

    public string? OdataType
    {
        get => Values.Get<string>("@odata.type");
        set => Values.Set("@odata.type", value);
    }

    internal GraphValues Values { get; } = new();

    GraphValues IGraphModel.Values => Values;
}

public class DirectoryObject : Entity
{
    public DateTimeOffset? DeletedDateTime
    {
        get => Values.Get<DateTimeOffset?>("deletedDateTime");
        set => Values.Set("deletedDateTime", value);
    }
}

public class DirectoryObjectCollectionResponse : BaseCollectionPaginationCountResponse
{
    public List<DirectoryObject>? Value
    {
        get => Values.GetList<DirectoryObject>("value");
        set => Values.Set("value", value);
    }
}

namespace Microsoft.Graph.Models;

public class OutlookItem : Entity;

public class Message : OutlookItem
{
    public Message() => OdataType = "#microsoft.graph.message";

    public string? InternetMessageId
    {
        get => Values.Get<string>("internetMessageId");
        set => Values.Set("internetMessageId", value);
    }

    public string? ParentFolderId
    {
        get => Values.Get<string>("parentFolderId");
        set => Values.Set("parentFolderId", value);
    }

    public string? Subject
    {
        get => Values.Get<string>("subject");
        set => Values.Set("subject", value);
    }

    public DateTimeOffset? ReceivedDateTime
    {
        get => Values.Get<DateTimeOffset?>("receivedDateTime");
        set => Values.Set("receivedDateTime", value);
    }
}

public class MessageCollectionResponse : BaseCollectionPaginationCountResponse
{
    public List<Message>? Value
    {
        get => Values.GetList<Message>("value");
        set => Values.Set("value", value);
    }
}

namespace Microsoft.Graph.Models;

public class MailFolder : Entity
{
    public string? DisplayName
    {
        get => Values.Get<string>("displayName");
        set => Values.Set("displayName", value);
    }

    /// <summary>Can be set at creation only.</summary>
    public bool? IsHidden
    {
        get => Values.Get<bool?>("isHidden");
        set => Values.Set("isHidden", value);
    }

    public string? ParentFolderId
    {
        get => Values.Get<string>("parentFolderId");
        set => Values.Set("parentFolderId", value);
    }
}

public class MailFolderCollectionResponse : BaseCollectionPaginationCountResponse
{
    public List<MailFolder>? Value
    {
        get => Values.GetList<MailFolder>("value");
        set => Values.Set("value", value);
    }
}

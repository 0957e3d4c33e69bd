namespace Microsoft.Graph.Models;

public class Application : DirectoryObject
{
    public Application() => OdataType = "#microsoft.graph.application";

    public string? AppId
    {
        get => Values.Get<string>("appId");
        set => Values.Set("appId", value);
    }

    public string? DisplayName
    {
        get => Values.Get<string>("displayName");
        set => Values.Set("displayName", value);
    }

    public List<PasswordCredential>? PasswordCredentials
    {
        get => Values.GetList<PasswordCredential>("passwordCredentials");
        set => Values.Set("passwordCredentials", value);
    }
}

public class ApplicationCollectionResponse : BaseCollectionPaginationCountResponse
{
    public List<Application>? Value
    {
        get => Values.GetList<Application>("value");
        set => Values.Set("value", value);
    }
}

public class PasswordCredential : IGraphModel
{
    private readonly GraphValues values = new();

    public string? DisplayName
    {
        get => values.Get<string>("displayName");
        set => values.Set("displayName", value);
    }

    public DateTimeOffset? EndDateTime
    {
        get => values.Get<DateTimeOffset?>("endDateTime");
        set => values.Set("endDateTime", value);
    }

    /// <summary>First three characters of the secret.</summary>
    public string? Hint
    {
        get => values.Get<string>("hint");
        set => values.Set("hint", value);
    }

    public Guid? KeyId
    {
        get => values.Get<Guid?>("keyId");
        set => values.Set("keyId", value);
    }

    GraphValues IGraphModel.Values => values;
}

public class ServicePrincipal : DirectoryObject
{
    public ServicePrincipal() => OdataType = "#microsoft.graph.servicePrincipal";

    public string? AppId
    {
        get => Values.Get<string>("appId");
        set => Values.Set("appId", value);
    }

    public string? DisplayName
    {
        get => Values.Get<string>("displayName");
        set => Values.Set("displayName", value);
    }
}

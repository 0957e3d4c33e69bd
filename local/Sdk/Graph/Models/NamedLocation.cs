namespace Microsoft.Graph.Models;

public class PolicyDeletableItem : IGraphModel
{
    public string? OdataType
    {
        get => Values.Get<string>("@odata.type");
        set => Values.Set("@odata.type", value);
    }

    internal GraphValues Values { get; } = new();

    GraphValues IGraphModel.Values => Values;
}

public class NamedLocation : PolicyDeletableItem
{
    public NamedLocation() => OdataType = "#microsoft.graph.namedLocation";

    public string? Id
    {
        get => Values.Get<string>("id");
        set => Values.Set("id", value);
    }

    public string? DisplayName
    {
        get => Values.Get<string>("displayName");
        set => Values.Set("displayName", value);
    }

    public DateTimeOffset? ModifiedDateTime
    {
        get => Values.Get<DateTimeOffset?>("modifiedDateTime");
        set => Values.Set("modifiedDateTime", value);
    }
}

public class IpNamedLocation : NamedLocation
{
    public IpNamedLocation() => OdataType = "#microsoft.graph.ipNamedLocation";

    public List<IpRange>? IpRanges
    {
        get => Values.GetList<IpRange>("ipRanges");
        set => Values.Set("ipRanges", value);
    }

    public bool? IsTrusted
    {
        get => Values.Get<bool?>("isTrusted");
        set => Values.Set("isTrusted", value);
    }
}

public class IpRange : IGraphModel
{
    public string? OdataType
    {
        get => Values.Get<string>("@odata.type");
        set => Values.Set("@odata.type", value);
    }

    internal GraphValues Values { get; } = new();

    GraphValues IGraphModel.Values => Values;
}

public class IPv4CidrRange : IpRange
{
    public IPv4CidrRange() => OdataType = "#microsoft.graph.iPv4CidrRange";

    public string? CidrAddress
    {
        get => Values.Get<string>("cidrAddress");
        set => Values.Set("cidrAddress", value);
    }
}

public class IPv6CidrRange : IpRange
{
    public IPv6CidrRange() => OdataType = "#microsoft.graph.iPv6CidrRange";

    public string? CidrAddress
    {
        get => Values.Get<string>("cidrAddress");
        set => Values.Set("cidrAddress", value);
    }
}

public class NamedLocationCollectionResponse : BaseCollectionPaginationCountResponse
{
    public List<NamedLocation>? Value
    {
        get => Values.GetList<NamedLocation>("value");
        set => Values.Set("value", value);
    }
}

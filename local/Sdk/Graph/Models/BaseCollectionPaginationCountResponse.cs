namespace Microsoft.Graph.Models;

public class BaseCollectionPaginationCountResponse : IGraphModel
{
    internal GraphValues Values { get; } = new();

    GraphValues IGraphModel.Values => Values;
}

using System.Text.Json;
using Microsoft.Graph.Models;

namespace Microsoft.Graph;

/// <summary>Makes models of JSON; <c>@odata.type</c> tells which of several kinds one is.</summary>
internal static class GraphModels
{
    private static readonly Dictionary<string, Func<IGraphModel>> Kinds = new(StringComparer.Ordinal)
    {
        ["#microsoft.graph.ipNamedLocation"] = () => new IpNamedLocation(),
        ["#microsoft.graph.iPv4CidrRange"] = () => new IPv4CidrRange(),
        ["#microsoft.graph.iPv6CidrRange"] = () => new IPv6CidrRange(),
    };

    public static T Read<T>(JsonElement json) where T : class, IGraphModel, new()
    {
        var kind = json.TryGetProperty("@odata.type", out var type) ? Kinds.GetValueOrDefault(type.GetString() ?? "") : null;
        var model = kind?.Invoke() as T ?? new T();
        model.Values.Load(json);
        return model;
    }
}

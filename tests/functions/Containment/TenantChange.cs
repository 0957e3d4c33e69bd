using System.Text.Json.Nodes;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Containment;

/// <summary>One value somewhere in the tenant: kind and id of its document, and where in it; an empty path is the document.</summary>
internal readonly record struct Leaf(string Kind, string Id, string Path);

/// <summary>All that a tenant holds at one moment, without tickets and pages, which tell of effects and are none.</summary>
internal sealed class TenantPicture(IReadOnlyDictionary<(string Kind, string Id), string> documents)
{
    private static readonly string[] Telling = ["page", "ticket", "ticketKey"];

    private readonly Lazy<Dictionary<Leaf, string>> leaves = new(() => LeavesOf(documents));

    public static TenantPicture Of(SimulatedTenant tenant) =>
        new(tenant.Documents().Where(d => !Telling.Contains(d.Key.Kind)).ToDictionary());

    public IReadOnlyDictionary<(string Kind, string Id), string> Documents => documents;

    /// <summary>Null where there is no such value.</summary>
    public string? Of(Leaf leaf) => leaves.Value.GetValueOrDefault(leaf);

    /// <summary>What is otherwise in the other picture.</summary>
    public IReadOnlyList<Leaf> ChangesTo(TenantPicture other) =>
        [.. leaves.Value.Keys.Union(other.leaves.Value.Keys).Where(l => Of(l) != other.Of(l))];

    private static Dictionary<Leaf, string> LeavesOf(IReadOnlyDictionary<(string Kind, string Id), string> documents)
    {
        var found = new Dictionary<Leaf, string>();
        foreach (var ((kind, id), json) in documents)
        {
            found[new Leaf(kind, id, "")] = "there";
            Add(new Leaf(kind, id, "$"), JsonNode.Parse(json), found);
        }
        return found;
    }

    private static void Add(Leaf at, JsonNode? node, Dictionary<Leaf, string> found)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, value) in members)
                    Add(at with { Path = $"{at.Path}.{name}" }, value, found);
                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                    Add(at with { Path = $"{at.Path}[{i}]" }, items[i], found);
                break;
            default:
                found[at] = node?.ToJsonString() ?? "null";
                break;
        }
    }
}

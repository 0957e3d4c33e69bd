using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>/devices: what Entra knows of machines, with their registered owners where they are expanded or asked for.</summary>
internal sealed class GraphDevices(TenantState state)
{
    private const string Owners = "registeredOwners";

    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "devices".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path)
    {
        if (exchange.Request.Method != "GET")
            return exchange.MethodNotAllowed();
        if (path.IsEmpty)
        {
            return exchange.Request.Parameter("$expand") is not { Length: > 0 } expand
                    ? exchange.Collection("devices", EntityType.Device, All())
                : expand is Owners or Owners + "($select=id)"
                    ? exchange.Collection("devices", EntityType.Device, All().Select(d => WithOwners(d)), also: Owners)
                : exchange.Error(400, "BadRequest", "Parsing OData Select and Expand failed.");
        }
        if (state.Find(Kind.Device, path[0]) is not { } device)
            return exchange.NotFound(path[0]);
        return path.Length == 1 ? exchange.Entity(200, "devices", EntityType.Device, device)
            : path is [_, Owners] ? exchange.Collection("directoryObjects", EntityType.DirectoryObject, OwnersOf(device))
            : exchange.NoSuchSegment(path[1]);
    }

    /// <param name="owner">Object id of the user who registered it; null for none.</param>
    internal static JsonObject NewDevice(string id, string deviceId, string name, string? owner) =>
        new()
        {
            ["id"] = id,
            ["deviceId"] = deviceId,
            ["displayName"] = name,
            ["accountEnabled"] = true,
            ["operatingSystem"] = "Windows",
            ["trustType"] = "AzureAd",
            ["_owners"] = owner is null ? new JsonArray() : new JsonArray(owner),
        };

    private IEnumerable<JsonObject> All() => state.All(Kind.Device);

    private IEnumerable<JsonObject> OwnersOf(JsonObject device) =>
        device["_owners"]!.AsArray().Select(o => state.Find(Kind.User, (string)o!)).OfType<JsonObject>();

    private JsonObject WithOwners(JsonObject device)
    {
        var shown = device.DeepClone().AsObject();
        shown[Owners] = new JsonArray([
            .. OwnersOf(device)
                .Select(o => (JsonNode)new JsonObject { ["@odata.type"] = "#microsoft.graph.user", ["id"] = (string)o["id"]! }),
        ]);
        return shown;
    }
}

using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>/identity/conditionalAccess/namedLocations: address ranges and countries that Conditional Access policies refer to.</summary>
internal sealed class GraphNamedLocations(TenantState state)
{
    private const string Set = "identity/conditionalAccess/namedLocations";
    private const string IpType = "#microsoft.graph.ipNamedLocation";
    private const string CountryType = "#microsoft.graph.countryNamedLocation";
    private const int MaxRanges = 2_000;

    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "namedLocations".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path)
    {
        if (path.Length > 1)
            return exchange.NoSuchSegment(path[1]);
        if (path.IsEmpty)
        {
            return exchange.Request.Method switch
            {
                "GET" => exchange.Collection(Set, EntityType.NamedLocation, state.All(Kind.NamedLocation), TypeOf),
                "POST" => Create(exchange),
                _ => exchange.MethodNotAllowed(),
            };
        }
        if (state.Find(Kind.NamedLocation, path[0]) is not { } location)
            return exchange.NotFound(path[0]);
        return exchange.Request.Method switch
        {
            "GET" => exchange.Entity(200, Set, TypeOf(location), location),
            "PATCH" => Update(exchange, location),
            "DELETE" => Delete(exchange, location),
            _ => exchange.MethodNotAllowed(),
        };
    }

    private TenantResponse Create(Exchange exchange)
    {
        if (exchange.ReadBody() is not { } body)
            return exchange.BadBody();
        if ((string?)body["displayName"] is not { Length: > 0 })
            return Invalid(exchange, "displayName is required.");
        if (Check(body, creating: true) is { } wrong)
            return Invalid(exchange, wrong);
        var id = string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-a000-{state.NextSequence:x12}");
        var location = body.DeepClone().AsObject();
        location["id"] = id;
        location["createdDateTime"] = GraphUsers.Stamp(exchange.Now);
        location["modifiedDateTime"] = GraphUsers.Stamp(exchange.Now);
        if ((string?)location["@odata.type"] == IpType)
            location["isTrusted"] ??= false;
        state.Put(Kind.NamedLocation, id, location);
        state.Record("namedLocation.create", id, exchange.BodyText, changed: true);
        return exchange.Entity(201, Set, TypeOf(location), location);
    }

    private TenantResponse Update(Exchange exchange, JsonObject location)
    {
        if (exchange.ReadBody() is not { } body)
            return exchange.BadBody();
        if ((string?)body["@odata.type"] is { } type && type != (string?)location["@odata.type"])
        {
            return Invalid(exchange, "The type of a named location cannot change.");
        }
        var full = body.DeepClone().AsObject();
        full["@odata.type"] = (string?)location["@odata.type"];
        if (Check(full, creating: false) is { } wrong)
            return Invalid(exchange, wrong);
        var changed = false;
        foreach (var (name, value) in body)
        {
            if (name.StartsWith('@') || JsonNode.DeepEquals(location[name], value))
                continue;
            location[name] = value?.DeepClone();
            changed = true;
        }
        var id = (string)location["id"]!;
        if (changed)
        {
            location["modifiedDateTime"] = GraphUsers.Stamp(exchange.Now);
            state.Put(Kind.NamedLocation, id, location);
        }
        state.Record("namedLocation.update", id, exchange.BodyText, changed);
        return exchange.NoContent();
    }

    private TenantResponse Delete(Exchange exchange, JsonObject location)
    {
        if ((bool?)location["isTrusted"] == true)
            return Invalid(exchange, "A trusted named location cannot be deleted; set isTrusted to false first.");
        var id = (string)location["id"]!;
        state.Remove(Kind.NamedLocation, id);
        state.Record("namedLocation.delete", id, "", changed: true);
        return exchange.NoContent();
    }

    /// <summary>What is wrong with the body; null where nothing is.</summary>
    private static string? Check(JsonObject body, bool creating)
    {
        var type = (string?)body["@odata.type"];
        if (type is not (IpType or CountryType))
            return "@odata.type must be #microsoft.graph.ipNamedLocation or #microsoft.graph.countryNamedLocation.";
        var known = type == IpType ? EntityType.IpNamedLocation : EntityType.CountryNamedLocation;
        foreach (var (name, _) in body)
        {
            if (!name.StartsWith('@') && (known.Find(name) is null || name is "id" or "createdDateTime" or "modifiedDateTime"))
            {
                return $"The property '{name}' cannot be set on type '{known.Name}'.";
            }
        }
        if (type == CountryType)
            return creating && body["countriesAndRegions"] is not JsonArray ? "countriesAndRegions is required." : null;
        if (body["isTrusted"] is { } trusted && trusted.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
            return "isTrusted must be true or false.";
        if (body["ipRanges"] is null)
            return creating ? "ipRanges is required." : null;
        if (body["ipRanges"] is not JsonArray { Count: > 0 and <= MaxRanges } ranges)
            return $"ipRanges must hold 1 to {MaxRanges} ranges.";
        return ranges.All(IsRange) ? null : "An ipRanges entry is not a valid CIDR range of its type.";
    }

    private static bool IsRange(JsonNode? range)
    {
        if (range is not JsonObject fields || fields["cidrAddress"] is not JsonValue value || !value.TryGetValue<string>(out var cidr))
            return false;
        var slash = cidr.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(cidr[..slash], out var address))
            return false;
        if (!int.TryParse(cidr.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits))
            return false;
        // Graph takes ranges with host bits set, as its own documentation's example shows.
        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? (string?)fields["@odata.type"] == "#microsoft.graph.iPv4CidrRange" && bits is >= 8 and <= 32
            : (string?)fields["@odata.type"] == "#microsoft.graph.iPv6CidrRange" && bits is >= 8 and <= 128;
    }

    private static TenantResponse Invalid(Exchange exchange, string message) => exchange.Error(400, "BadRequest", message);

    private static EntityType TypeOf(JsonObject location) =>
        (string?)location["@odata.type"] == CountryType ? EntityType.CountryNamedLocation : EntityType.IpNamedLocation;
}

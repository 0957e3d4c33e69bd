using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>/groups and what a user is a member of, directory roles included. Members are ids of users and of groups.</summary>
internal sealed class GraphGroups(TenantState state)
{
    private const string RoleType = "#microsoft.graph.directoryRole";

    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "groups".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty)
            return exchange.Collection("groups", EntityType.Group, state.All(Kind.Group).Where(g => !IsRole(g)));
        if (state.Find(Kind.Group, path[0]) is not { } group || IsRole(group))
            return exchange.NotFound(path[0]);
        if (path.Length == 1)
        {
            return exchange.Request.Method == "GET" ? exchange.Entity(200, "groups", EntityType.Group, group) : exchange.MethodNotAllowed();
        }
        return (exchange.Request.Method, path[1], path.Length) switch
        {
            ("GET", "members", 2) => exchange.Collection("directoryObjects", EntityType.DirectoryObject, Members(group)),
            ("GET", "transitiveMembers", 2) => exchange.Collection(
                "directoryObjects",
                EntityType.DirectoryObject,
                TransitiveMembers(group)
            ),
            ("GET", "members" or "transitiveMembers", 3) when path[2].Equals("microsoft.graph.user", StringComparison.OrdinalIgnoreCase) =>
                exchange.Collection("users", EntityType.User, TransitiveMembers(group).Where(m => !m.ContainsKey("_members"))),
            ("POST", "members", 3) when path[2] == "$ref" => Add(exchange, group),
            ("DELETE", "members", 4) when path[3] == "$ref" => Remove(exchange, group, path[2]),
            _ => exchange.NoSuchSegment(path[1]),
        };
    }

    /// <param name="exchange">The request.</param>
    /// <param name="user">Whose memberships.</param>
    /// <param name="path">Segments after "users/{id}".</param>
    public TenantResponse HandleMember(Exchange exchange, JsonObject user, ReadOnlySpan<string> path)
    {
        var id = (string)user["id"]!;
        switch (path[0], exchange.Request.Method)
        {
            case ("memberOf", "GET"):
                return List(exchange, Parents(id), path[1..]);
            case ("transitiveMemberOf", "GET"):
                return List(exchange, TransitiveParents(id), path[1..]);
            case ("getMemberGroups", "POST"):
                return Ids(exchange, TransitiveParents(id).Where(g => !IsRole(g)));
            case ("checkMemberGroups", "POST"):
                break;
            default:
                return exchange.MethodNotAllowed();
        }
        if (exchange.ReadBody()?["groupIds"] is not JsonArray wanted || wanted.Any(g => g is not JsonValue))
            return exchange.BadBody();
        if (wanted.Count > 20)
            return exchange.Error(400, "Request_BadRequest", "The number of group ids must not be greater than 20.");
        var asked = wanted.Select(g => g!.ToString()).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return Ids(exchange, TransitiveParents(id).Where(g => asked.Contains((string)g["id"]!)));
    }

    private static TenantResponse List(Exchange exchange, IEnumerable<JsonObject> parents, ReadOnlySpan<string> cast)
    {
        if (cast.IsEmpty)
            return exchange.Collection("directoryObjects", EntityType.DirectoryObject, parents);
        // Graph takes the full name and its alias "graph" alike.
        var type = "#" + (cast[0].StartsWith("graph.", StringComparison.OrdinalIgnoreCase) ? "microsoft." + cast[0] : cast[0]);
        var ofType = parents.Where(g => type.Equals((string?)g["@odata.type"], StringComparison.OrdinalIgnoreCase));
        return type.Equals(RoleType, StringComparison.OrdinalIgnoreCase)
            ? exchange.Collection("directoryRoles", EntityType.DirectoryRole, ofType)
            : exchange.Collection("groups", EntityType.Group, ofType);
    }

    private static TenantResponse Ids(Exchange exchange, IEnumerable<JsonObject> groups) =>
        exchange.Value("Collection(Edm.String)", new JsonArray([.. groups.Select(g => (JsonNode)(string)g["id"]!)]));

    private static bool IsRole(JsonObject group) => (string?)group["@odata.type"] == RoleType;

    private static IEnumerable<string> MemberIds(JsonObject group) => group["_members"]!.AsArray().Select(m => (string)m!);

    private IEnumerable<JsonObject> Members(JsonObject group) =>
        MemberIds(group).Select(id => state.Find(Kind.User, id) ?? state.Find(Kind.Group, id)).OfType<JsonObject>();

    private IEnumerable<JsonObject> Parents(string id) =>
        state.All(Kind.Group).Where(g => MemberIds(g).Contains(id, StringComparer.OrdinalIgnoreCase));

    private List<JsonObject> TransitiveParents(string id) => Closure(Parents(id), g => Parents((string)g["id"]!));

    private List<JsonObject> TransitiveMembers(JsonObject group) =>
        Closure(Members(group), m => m.ContainsKey("_members") ? Members(m) : []);

    /// <summary>Everything reachable, once; groups may hold each other in a circle.</summary>
    private static List<JsonObject> Closure(IEnumerable<JsonObject> start, Func<JsonObject, IEnumerable<JsonObject>> next)
    {
        var found = new List<JsonObject>();
        var waiting = new Queue<JsonObject>(start);
        while (waiting.TryDequeue(out var one))
        {
            if (found.Contains(one))
                continue;
            found.Add(one);
            foreach (var more in next(one))
                waiting.Enqueue(more);
        }
        return found;
    }

    private TenantResponse Add(Exchange exchange, JsonObject group)
    {
        if ((string?)exchange.ReadBody()?["@odata.id"] is not { } reference)
            return exchange.BadBody();
        var id = reference[(reference.LastIndexOf('/') + 1)..];
        if (state.Find(Kind.User, id) is null && state.Find(Kind.Group, id) is null)
            return exchange.NotFound(id);
        if (MemberIds(group).Contains(id, StringComparer.OrdinalIgnoreCase))
        {
            return exchange.Error(
                400,
                "Request_BadRequest",
                "One or more added object references already exist for the following modified properties: 'members'."
            );
        }
        group["_members"]!.AsArray().Add(id);
        return Save(exchange, group, "group.addMember", id);
    }

    private TenantResponse Remove(Exchange exchange, JsonObject group, string id)
    {
        var members = group["_members"]!.AsArray();
        if (members.FirstOrDefault(m => id.Equals((string?)m, StringComparison.OrdinalIgnoreCase)) is not { } member)
            return exchange.NotFound(id);
        members.Remove(member);
        return Save(exchange, group, "group.removeMember", id);
    }

    private TenantResponse Save(Exchange exchange, JsonObject group, string effect, string member)
    {
        var id = (string)group["id"]!;
        state.Put(Kind.Group, id, group);
        state.Record(effect, id, member, changed: true);
        return exchange.NoContent();
    }
}

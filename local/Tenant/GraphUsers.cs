using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>/users: accounts and their sessions.</summary>
internal sealed class GraphUsers(TenantState state, GraphGroups groups, GraphMail mail)
{
    private static readonly HashSet<string> ReadOnly = new(StringComparer.OrdinalIgnoreCase)
    {
        "id",
        "createdDateTime",
        "signInSessionsValidFromDateTime",
        "onPremisesSyncEnabled",
        "onPremisesSamAccountName",
        "onPremisesDomainName",
        "onPremisesSecurityIdentifier",
        "proxyAddresses",
        "securityIdentifier",
        "lastPasswordChangeDateTime",
    };

    /// <param name="exchange">The request.</param>
    /// <param name="path">Segments after "users".</param>
    public TenantResponse Handle(Exchange exchange, ReadOnlySpan<string> path)
    {
        if (path.IsEmpty)
        {
            return exchange.Request.Method == "GET"
                ? exchange.Collection("users", EntityType.User, state.All(Kind.User))
                : exchange.MethodNotAllowed();
        }
        if (Find(path[0]) is not { } user)
            return exchange.NotFound(path[0]);
        if (path.Length == 1)
        {
            return exchange.Request.Method switch
            {
                "GET" => exchange.Entity(200, "users", EntityType.User, user),
                "PATCH" => Update(exchange, user),
                _ => exchange.MethodNotAllowed(),
            };
        }
        return path[1] switch
        {
            "revokeSignInSessions" or "microsoft.graph.revokeSignInSessions" => Revoke(exchange, user),
            "memberOf" or "transitiveMemberOf" or "checkMemberGroups" or "getMemberGroups" => groups.HandleMember(
                exchange,
                user,
                path[1..]
            ),
            "messages" or "mailFolders" => mail.Handle(exchange, user, path[1..]),
            _ => exchange.NoSuchSegment(path[1]),
        };
    }

    /// <summary>By object id or user principal name.</summary>
    public JsonObject? Find(string idOrName) =>
        state.Find(Kind.User, idOrName)
        ?? (
            idOrName.Contains('@', StringComparison.Ordinal)
                ? state
                    .All(Kind.User)
                    .FirstOrDefault(u => idOrName.Equals((string?)u["userPrincipalName"], StringComparison.OrdinalIgnoreCase))
                : null
        );

    private TenantResponse Update(Exchange exchange, JsonObject user)
    {
        if (exchange.ReadBody() is not { } body)
            return exchange.BadBody();
        foreach (var (name, value) in body)
        {
            if (name.StartsWith('@'))
                continue;
            if (EntityType.User.Find(name) is not { } known)
            {
                return exchange.Error(
                    400,
                    "Request_BadRequest",
                    $"Property '{name}' does not exist as a declared property or extension property."
                );
            }
            if (ReadOnly.Contains(known))
                return exchange.Error(400, "Request_BadRequest", $"Property '{known}' is read-only and cannot be set.");
            if (!HasType(known, value))
            {
                return exchange.Error(400, "Request_BadRequest", $"Invalid value specified for property '{known}' of resource 'User'.");
            }
            if (known == "accountEnabled" && (bool?)user["onPremisesSyncEnabled"] == true)
            {
                // What Graph says of accounts whose source of authority is the on-premises directory.
                return exchange.Error(
                    400,
                    "Request_BadRequest",
                    "Unable to update the specified properties for on-premises mastered Directory Sync objects "
                        + "or objects currently undergoing migration."
                );
            }
        }
        Apply(exchange, user, body);
        return exchange.NoContent();
    }

    private void Apply(Exchange exchange, JsonObject user, JsonObject body)
    {
        var (id, changed, secret) = ((string)user["id"]!, false, false);
        foreach (var (name, value) in body)
        {
            if (name.StartsWith('@'))
                continue;
            var known = EntityType.User.Find(name)!;
            if (known == "passwordProfile")
            {
                // A password is never kept, not even here.
                user["lastPasswordChangeDateTime"] = Stamp(exchange.Now);
                changed = secret = true;
                continue;
            }
            if (JsonNode.DeepEquals(user[known], value))
                continue;
            user[known] = value?.DeepClone();
            changed = true;
        }
        if (changed)
            state.Put(Kind.User, id, user);
        state.Record("user.update", id, secret ? "(password)" : exchange.BodyText, changed);
    }

    private TenantResponse Revoke(Exchange exchange, JsonObject user)
    {
        if (exchange.Request.Method != "POST")
            return exchange.MethodNotAllowed();
        var id = (string)user["id"]!;
        // Guests sign in at home: the answer is the same, and no session ends (docs_user_actions, revokeSignInSessions).
        var isGuest = (string?)user["userType"] == "Guest";
        if (!isGuest)
        {
            user["signInSessionsValidFromDateTime"] = Stamp(exchange.Now);
            state.Put(Kind.User, id, user);
        }
        state.Record("user.revokeSessions", id, "", changed: !isGuest);
        return exchange.Value("Edm.Boolean", JsonValue.Create(true));
    }

    private static bool HasType(string property, JsonNode? value) =>
        property switch
        {
            "accountEnabled" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
            "businessPhones" => value is JsonArray phones && phones.All(p => p?.GetValueKind() == JsonValueKind.String),
            "passwordProfile" => value is JsonObject,
            "userPrincipalName" or "displayName" => value?.GetValueKind() == JsonValueKind.String,
            _ => value is null || value.GetValueKind() == JsonValueKind.String,
        };

    internal static string Stamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);
}

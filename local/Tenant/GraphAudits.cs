using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// /auditLogs/directoryAudits: what was changed in the directory, with the $filter that functions/ uses: since when, and by whom
/// or on what.
/// </summary>
internal sealed partial class GraphAudits(TenantState state)
{
    public TenantResponse Handle(Exchange exchange)
    {
        if (exchange.Request.Method != "GET")
            return exchange.MethodNotAllowed();
        var filter = exchange.Request.Parameter("$filter") ?? "";
        if (Filter().Match(filter) is not { Success: true } asked)
            return exchange.Error(400, "BadRequest", "Invalid filter clause");
        var since = DateTimeOffset.Parse(asked.Groups["since"].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        var found = state
            .All(Kind.Audit)
            .Where(a => DateTimeOffset.Parse((string)a["activityDateTime"]!, CultureInfo.InvariantCulture) >= since)
            .Where(a => Matches(a, asked.Groups["of"].Value, asked.Groups["id"].Value))
            .OrderByDescending(a => (string)a["activityDateTime"]!, StringComparer.Ordinal);
        var top = int.TryParse(exchange.Request.Parameter("$top"), out var number) ? number : 100;
        return exchange.Value("auditLogs/directoryAudits", new JsonArray([.. found.Take(top).Select(a => a.DeepClone())]));
    }

    /// <param name="byApp">Whether an application did it, by client id; otherwise a person, by object id.</param>
    public static void Add(TenantState state, string activity, string by, bool byApp, string target, DateTimeOffset at)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"Directory_{at.UtcTicks:x}_{state.All(Kind.Audit).Count()}");
        state.Put(
            Kind.Audit,
            id,
            new JsonObject
            {
                ["id"] = id,
                ["category"] = "RoleManagement",
                ["correlationId"] = "00000000-0000-4000-8000-0000000000aa",
                ["result"] = "success",
                ["resultReason"] = "",
                ["activityDisplayName"] = activity,
                ["activityDateTime"] = GraphUsers.Stamp(at),
                ["loggedByService"] = "Core Directory",
                ["operationType"] = "Assign",
                ["initiatedBy"] = byApp
                    ? new JsonObject
                    {
                        ["user"] = null,
                        ["app"] = new JsonObject { ["appId"] = by, ["displayName"] = "app" },
                    }
                    : new JsonObject
                    {
                        ["app"] = null,
                        ["user"] = new JsonObject { ["id"] = by, ["displayName"] = null },
                    },
                ["targetResources"] = new JsonArray(
                    new JsonObject
                    {
                        ["id"] = target,
                        ["displayName"] = null,
                        ["type"] = "ServicePrincipal",
                        ["modifiedProperties"] = new JsonArray(),
                    }
                ),
                ["additionalDetails"] = new JsonArray(),
            }
        );
    }

    private static bool Matches(JsonObject audit, string of, string id) =>
        of switch
        {
            "initiatedBy/user/id" => Same(audit["initiatedBy"]?["user"]?["id"], id),
            "initiatedBy/app/appId" => Same(audit["initiatedBy"]?["app"]?["appId"], id),
            _ => audit["targetResources"]!.AsArray().Any(t => Same(t!["id"], id)),
        };

    private static bool Same(JsonNode? value, string id) => id.Equals((string?)value, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(
        @"^activityDateTime ge (?<since>[0-9TZ:.-]+) and (?:(?<of>initiatedBy/user/id|initiatedBy/app/appId) eq '(?<id>[0-9a-fA-F-]+)'"
            + @"|(?<of>targetResources)/any\(t:t/id eq '(?<id>[0-9a-fA-F-]+)'\))$"
    )]
    private static partial Regex Filter();
}

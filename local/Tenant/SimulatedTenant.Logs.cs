using System.Globalization;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Tenant;

/// <summary>What its logs and its directory say that signals are made of.</summary>
public sealed partial class SimulatedTenant
{
    /// <summary>Adds a row to a log of advanced hunting or of the workspace.</summary>
    /// <param name="table">Name of the table: "CloudAppEvents", "AZKVAuditLogs".</param>
    /// <param name="columns">Its columns; the time is <paramref name="at"/>.</param>
    public Task AddLogRowAsync(string table, DateTimeOffset at, JsonObject columns) => PutAsync(() => AddLogRow(state, table, at, columns));

    /// <summary>Somebody changes the directory, which its audit log notes.</summary>
    /// <param name="byApp">Whether an application did, by its client id; otherwise a person, by object id.</param>
    public Task AddAuditAsync(string activity, string by, string target, DateTimeOffset at, bool byApp = false) =>
        PutAsync(() => GraphAudits.Add(state, activity, by, byApp, target, at));

    /// <summary>Adds a service principal.</summary>
    /// <param name="type">"Application", "ManagedIdentity", or "AgentIdentity" for an agent's.</param>
    /// <param name="owners">Object ids of people.</param>
    public Task AddPrincipalAsync(string id, string? appId, string name, string type, params string[] owners) =>
        PutAsync(() =>
        {
            var principal = GraphApplications.NewPrincipal(id, appId, name, type);
            principal["_owners"] = new JsonArray([.. owners.Select(o => (JsonNode)o)]);
            state.Put(Kind.ServicePrincipal, id, principal);
        });

    /// <summary>Gives an agent a state that it hands out at /agents/ID/state.</summary>
    public Task SetAgentStateAsync(string agent, string state) =>
        PutAsync(() => this.state.Put(Kind.AgentState, agent, new JsonObject { ["state"] = state }));

    private TenantResponse AgentState(Exchange exchange, string agent) =>
        exchange.Request.Method != "GET" ? exchange.MethodNotAllowed()
        : Authorized(exchange) is { } refused ? refused
        : state.Find(Kind.AgentState, agent) is { } known ? exchange.Json(200, known)
        : exchange.NotFound(agent);

    internal static void AddLogRow(TenantState state, string table, DateTimeOffset at, JsonObject columns)
    {
        var row = columns.DeepClone().AsObject();
        row["_table"] = table;
        row["_at"] = at.ToString("O", CultureInfo.InvariantCulture);
        state.Put(
            Kind.LogRow,
            string.Create(CultureInfo.InvariantCulture, $"{table}-{at.UtcTicks:x}-{state.All(Kind.LogRow).Count()}"),
            row
        );
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using IRFunctions.Local.Time;

namespace IRFunctions.Local.Tenant;

/// <summary>
/// A tenant on this machine that answers as the real ones do: Microsoft Graph under /graph/v1.0, Sentinel's watchlists under /arm, a ticket
/// system under /itsm, paging under /pager, connector commands under /connector, and orders to misbehave under /local/tenant. Pure in and
/// out:
/// <see cref="TenantEndpoint"/> and
/// <see cref="TenantHttpHandler"/> carry it over HTTP and in process.
/// </summary>
public sealed partial class SimulatedTenant : IAsyncDisposable
{
    private readonly TimeProvider time;
    private readonly TenantState state;

    /// <summary>Timers of what happens late; kept so that they are not collected before.</summary>
    private readonly ConcurrentBag<ITimer> late = [];
    private readonly GraphUsers users;
    private readonly GraphGroups groups;
    private readonly GraphMail mail;
    private readonly GraphNamedLocations locations;
    private readonly GraphApplications applications;
    private readonly GraphDevices devices;
    private readonly ConnectorSide connector;
    private readonly GraphHunting hunting;
    private readonly GraphAudits audits;
    private readonly ArmWatchlists watchlists;
    private readonly TicketSystem tickets;
    private readonly Pager pager;
    private readonly TenantControl control;
    private long requests;

    private SimulatedTenant(string? path, TimeProvider time)
    {
        this.time = time;
        state = new TenantState(path, time, Journal);
        groups = new GraphGroups(state);
        mail = new GraphMail(state);
        users = new GraphUsers(state, groups, mail);
        locations = new GraphNamedLocations(state);
        applications = new GraphApplications(state);
        devices = new GraphDevices(state);
        connector = new ConnectorSide(state, time);
        hunting = new GraphHunting(state);
        audits = new GraphAudits(state);
        watchlists = new ArmWatchlists(state);
        tickets = new TicketSystem(state);
        pager = new Pager(state);
        control = new TenantControl(Faults, Journal);
    }

    /// <summary>What goes wrong next.</summary>
    public TenantFaults Faults { get; } = new();

    /// <summary>Every accepted write.</summary>
    public TenantJournal Journal { get; } = new();

    /// <summary>Requests received, faulty ones included.</summary>
    public long Requests => Interlocked.Read(ref requests);

    /// <summary>A tenant that forgets when it goes.</summary>
    public static SimulatedTenant InMemory(TimeProvider? time = null)
    {
        var tenant = new SimulatedTenant(null, time ?? TimeProvider.System);
        TenantSeed.Fill(tenant.state, tenant.time.GetUtcNow());
        return tenant;
    }

    /// <summary>
    /// A tenant in a SQLite file: whatever it acknowledged is there after kill -9 and restart. Seeded when the file is new.
    /// </summary>
    public static async Task<SimulatedTenant> OpenAsync(string path, TimeProvider? time = null)
    {
        var tenant = new SimulatedTenant(path, time ?? TimeProvider.System);
        Task saved;
        lock (tenant.state.Gate)
        {
            if (tenant.state.IsEmpty)
                TenantSeed.Fill(tenant.state, tenant.time.GetUtcNow());
            saved = tenant.state.SaveAsync();
        }
        await saved;
        return tenant;
    }

    /// <summary>Answers one request. Writes are on disk, where there is one, before the answer is given.</summary>
    public async Task<TenantResponse> HandleAsync(TenantRequest request, CancellationToken cancellationToken = default)
    {
        var number = Interlocked.Increment(ref requests);
        var exchange = new Exchange(
            request,
            string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-b000-{number:x12}"),
            time.GetUtcNow()
        );
        if (request.Segments is ["local", ..])
            return control.Handle(exchange);
        var fault = Faults.Take(request.Method, request.Path);
        if (fault is { Kind: FaultKind.Slow })
            await WaitAsync(TimeSpan.FromSeconds(fault.Seconds), cancellationToken);
        if (fault is { Kind: FaultKind.ActLate })
            ActLater(exchange, TimeSpan.FromSeconds(fault.Seconds));
        if (fault is not null && Refuse(exchange, fault) is { } refused)
            return refused;
        TenantResponse response;
        Task saved;
        lock (state.Gate)
        {
            response = Route(exchange);
            saved = state.SaveAsync();
        }
        await saved;
        return fault is { Kind: FaultKind.LoseAnswer } ? response with { Abort = true } : response;
    }

    private void ActLater(Exchange exchange, TimeSpan delay) =>
        late.Add(
            time.CreateTimer(
                _ =>
                {
                    lock (state.Gate)
                    {
                        Route(exchange);
                        _ = state.SaveAsync();
                    }
                },
                null,
                delay,
                Timeout.InfiniteTimeSpan
            )
        );

    /// <summary>Nobody else moves a virtual clock while a request is under way, so the request moves it.</summary>
    private Task WaitAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        if (time is not VirtualTimeProvider clock)
            return Task.Delay(length, time, cancellationToken);
        clock.Advance(length);
        return Task.CompletedTask;
    }

    /// <summary>A copy of a user's document by object id or user principal name; null where there is none.</summary>
    public JsonObject? FindUser(string idOrName)
    {
        lock (state.Gate)
            return users.Find(idOrName)?.DeepClone().AsObject();
    }

    /// <summary>Adds a user, for tests and benchmarks that need more than the seeded ones.</summary>
    public async Task AddUserAsync(string objectId, string name, string userPrincipalName)
    {
        Task saved;
        lock (state.Gate)
        {
            state.Put(Kind.User, objectId, TenantSeed.User(objectId, name, userPrincipalName, time.GetUtcNow()));
            saved = state.SaveAsync();
        }
        await saved;
    }

    /// <summary>Changes or adds properties of a user, as an administrator or a synchronisation does.</summary>
    public Task ChangeUserAsync(string objectId, JsonObject properties) =>
        PutAsync(() =>
        {
            var user = users.Find(objectId) ?? throw new ArgumentException($"There is no user {objectId}.", nameof(objectId));
            foreach (var (name, value) in properties)
                user[name] = value?.DeepClone();
            state.Put(Kind.User, (string)user["id"]!, user);
        });

    /// <summary>Adds a machine to Defender's inventory, and to Entra where it has a device id there.</summary>
    /// <param name="machineId">Defender machine id, 40 hexadecimal digits.</param>
    /// <param name="owner">Object id of the user who registered it.</param>
    public Task AddMachineAsync(
        string machineId,
        string name,
        string? entraDeviceId = null,
        string? azureResourceId = null,
        string? owner = null
    ) => PutAsync(() => TenantSeed.AddMachine(state, machineId, name, entraDeviceId, azureResourceId, owner));

    /// <summary>Somebody rotates an application's secrets: this key takes the place of all.</summary>
    public Task ReplaceKeyAsync(string applicationObjectId, string keyId) =>
        PutAsync(() =>
        {
            var old = state.Find(Kind.Application, applicationObjectId)!;
            var (appId, name) = ((string)old["appId"]!, (string)old["displayName"]!);
            state.Put(
                Kind.Application,
                applicationObjectId,
                GraphApplications.NewApplication(applicationObjectId, appId, name, time.GetUtcNow(), keyId)
            );
        });

    private async Task PutAsync(Action change)
    {
        Task saved;
        lock (state.Gate)
        {
            change();
            saved = state.SaveAsync();
        }
        await saved;
    }

    /// <summary>Adds a sign-in to the log that hunting queries read.</summary>
    /// <param name="errorCode">0 where it succeeded.</param>
    public async Task AddSignInAsync(string userObjectId, string address, string country, int errorCode, DateTimeOffset at)
    {
        Task saved;
        lock (state.Gate)
        {
            GraphHunting.AddSignIn(state, userObjectId, address, country, errorCode, at);
            saved = state.SaveAsync();
        }
        await saved;
    }

    /// <summary>Makes a directory role active for an account.</summary>
    /// <param name="templateId">Template id of the built-in role; null for one of which Graph shows nothing but an id.</param>
    public async Task ActivateRoleAsync(string userObjectId, string? templateId, string? name)
    {
        Task saved;
        lock (state.Gate)
        {
            var id = $"role-{templateId ?? "hidden"}";
            state.Put(Kind.Group, id, TenantSeed.Role(id, templateId, name, time.GetUtcNow(), [userObjectId]));
            saved = state.SaveAsync();
        }
        await saved;
    }

    /// <summary>
    /// Gives an account or device the level that Defender's critical asset management would: 0 (very high) to 3 (low), null for none.
    /// </summary>
    public async Task SetCriticalityAsync(string id, int? level)
    {
        Task saved;
        lock (state.Gate)
        {
            GraphHunting.SetCriticality(state, id, level);
            saved = state.SaveAsync();
        }
        await saved;
    }

    /// <summary>Puts a mail into a user's inbox; returns its message id.</summary>
    /// <param name="networkMessageId">What our own mail system calls it; null for a message without that header.</param>
    public async Task<string> DeliverAsync(
        string userObjectId,
        string subject,
        string from,
        string internetMessageId,
        string? networkMessageId = null
    )
    {
        string id;
        Task saved;
        lock (state.Gate)
        {
            var to =
                (string?)users.Find(userObjectId)?["mail"]
                ?? throw new ArgumentException($"There is no user {userObjectId}.", nameof(userObjectId));
            id = mail.Deliver(userObjectId, subject, from, to, internetMessageId, time.GetUtcNow(), networkMessageId);
            saved = state.SaveAsync();
        }
        await saved;
        return id;
    }

    /// <summary>Somebody changes what the connector's receiver holds, at its own console; for tests.</summary>
    public void SetConnectorState(string key, string value)
    {
        lock (state.Gate)
            state.Put(Kind.Connector, key, new JsonObject { ["state"] = value, ["held_by"] = null });
    }

    /// <summary>What the tenant holds now, as JSON by kind and id; to compare before and after, for tests.</summary>
    internal IReadOnlyDictionary<(string Kind, string Id), string> Documents()
    {
        lock (state.Gate)
            return state.Everything().ToDictionary(d => (d.Kind, d.Id), d => d.Document.ToJsonString());
    }

    /// <summary>Somebody changes one thing past every request, which no journal notes; null takes it away. For tests.</summary>
    internal void SetDocument(string kind, string id, string? json)
    {
        lock (state.Gate)
        {
            if (json is null)
                state.Remove(kind, id);
            else
                state.Put(kind, id, JsonNode.Parse(json)!.AsObject());
        }
    }

    public ValueTask DisposeAsync() => state.DisposeAsync();

    private TenantResponse Route(Exchange exchange)
    {
        var path = exchange.Request.Segments.AsSpan();
        try
        {
            return path switch
            {
                ["graph", "v1.0", .. var rest] => Authorized(exchange) ?? Graph(exchange, rest),
                ["arm", .. var rest] => Authorized(exchange) ?? watchlists.Handle(exchange, rest),
                ["itsm", .. var rest] => tickets.Handle(exchange, rest),
                ["pager", .. var rest] => pager.Handle(exchange, rest),
                ["loganalytics", "v1", "workspaces", _, "query"] => Authorized(exchange) ?? hunting.HandleWorkspace(exchange),
                ["agents", var agent, "state"] => AgentState(exchange, agent),
                ["connector", ..] => connector.Handle(exchange),
                _ => exchange.Error(
                    404,
                    "NotFound",
                    "The simulated tenant answers /graph/v1.0, /arm, /loganalytics, /itsm, /pager, /connector and /local/tenant."
                ),
            };
        }
        // A JSON value of another kind than the property's: the request is at fault. Handlers read before they write.
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            return exchange.BadBody();
        }
    }

    private TenantResponse Graph(Exchange exchange, ReadOnlySpan<string> path) =>
        path switch
        {
            ["users", .. var rest] => users.Handle(exchange, rest),
            ["groups", .. var rest] => groups.Handle(exchange, rest),
            ["applications", .. var rest] => applications.Handle(exchange, rest),
            ["servicePrincipals", .. var rest] => applications.HandlePrincipal(exchange, rest),
            ["devices", .. var rest] => devices.Handle(exchange, rest),
            ["identity", "conditionalAccess", "namedLocations", .. var rest] => locations.Handle(exchange, rest),
            ["auditLogs", "directoryAudits"] => audits.Handle(exchange),
            ["security", "runHuntingQuery" or "microsoft.graph.security.runHuntingQuery"] => hunting.Handle(exchange),
            [] => exchange.NoSuchSegment(""),
            _ => exchange.NoSuchSegment(path[0]),
        };

    private static TenantResponse? Authorized(Exchange exchange)
    {
        var header = exchange.Request.Authorization;
        return header is not null && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && header.AsSpan(7).Trim().Length > 0
            ? null
            : exchange.Error(401, "InvalidAuthenticationToken", "Access token is empty.");
    }

    private static TenantResponse? Refuse(Exchange exchange, Fault fault) =>
        fault.Kind switch
        {
            FaultKind.Throttle => exchange.Error(
                429,
                "TooManyRequests",
                "Too many requests. Please retry again later.",
                fault.AsDate
                    ? exchange.Now.AddSeconds(fault.Seconds).ToString("R", CultureInfo.InvariantCulture)
                    : Math.Ceiling(fault.Seconds).ToString(CultureInfo.InvariantCulture)
            ),
            FaultKind.Unavailable or FaultKind.ActLate => exchange.Error(
                503,
                "ServiceUnavailable",
                "The service is temporarily unavailable."
            ),
            FaultKind.Error => exchange.Error(
                500,
                "InternalServerError",
                "The server encountered an error and was unable to complete the request."
            ),
            FaultKind.Forbid => exchange.Error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
            _ => null,
        };
}

using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Agents;
using IRFunctions.Directory.Signals;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;
using IRFunctions.Tests.Directory;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Signals;

/// <summary>
/// One signal from one source: what happens in the tenant that makes it fire, and how its source goes down. The alert is a low one about an
/// account or an application, on which alone nothing would be done.
/// </summary>
/// <param name="Source">Type of the source.</param>
/// <param name="Happen">What happens in the tenant before the alert.</param>
/// <param name="Down">Path of the requests that fail; null where the source is our own.</param>
internal sealed record SignalCase(string Signal, Type Source, bool OfApplication, Func<World, Task> Happen, string? Down)
{
    public const string Account = World.Megan;
    public const string Principal = TenantSeed.PayrollPrincipal;
    private const string Hunting = "/graph/*/security/*";
    private const string Audits = "/graph/*/auditLogs/*";
    private const string Workspace = "/loganalytics/*";

    public static IReadOnlyList<SignalCase> All { get; } =
    [
        Of<CloudAppSignals>(
            SignalNames.FirstSensitiveAccess,
            false,
            Hunting,
            w => CloudAppAsync(w, "Microsoft Exchange Online", admin: true, 1)
        ),
        Of<CloudAppSignals>(SignalNames.AnomalousVolume, false, Hunting, w => CloudAppAsync(w, "Microsoft OneDrive", admin: false, 150)),
        Of<SignInSignals>(SignalNames.SessionLifetime, false, Hunting, LongSessionAsync),
        Of<SignInSignals>(SignalNames.BindingViolation, false, Hunting, ForeignSignInAsync),
        Of<LogonSignals>(SignalNames.CrossSystemMovement, false, Hunting, LogonsAsync),
        Of<WorkloadSignInSignals>(SignalNames.FirstSensitiveAccess, true, Hunting, w => TokensAsync(w, "Microsoft Graph", 1)),
        Of<WorkloadSignInSignals>(SignalNames.AnomalousVolume, true, Hunting, w => TokensAsync(w, "Payroll API", 150)),
        Of<WorkloadSignInSignals>(SignalNames.CrossSystemMovement, true, Hunting, MoveAsync),
        Of<WorkloadSignInSignals>(SignalNames.BindingViolation, true, Hunting, w => TokensAsync(w, "Payroll API", 1, "NL")),
        Of<AuditSignals>(SignalNames.PrivilegeChange, false, Audits, w => AuditAsync(w, "Add member to role", TenantSeed.Admin, Account)),
        Of<AuditSignals>(
            SignalNames.TokenMinting,
            true,
            Audits,
            w => AuditAsync(w, "Update application – Certificates and secrets management ", TenantSeed.Megan, TenantSeed.PayrollApp)
        ),
        Of<VaultSignals>(SignalNames.UnexpectedSecretRead, true, Workspace, ReadSecretAsync),
        Of<CredentialSignals>(SignalNames.TokenMinting, true, Workspace, w => CredentialAsync(w, "CH", "new-key")),
        Of<CredentialSignals>(SignalNames.BindingViolation, true, Workspace, w => CredentialAsync(w, "NL", "old-key")),
        Of<AgentSignals>(SignalNames.ToolChaining, true, null, w => ActivityAsync(w, chain: 12)),
        Of<AgentSignals>(SignalNames.AnomalousVolume, true, null, w => ActivityAsync(w, bytes: 8_000_000)),
        Of<AgentSignals>(SignalNames.CrossSystemMovement, true, null, NewTargetsAsync),
        Of<AgentSignals>(SignalNames.ExposedKey, true, null, w => ActivityAsync(w, exposed: true)),
    ];

    /// <summary>What the alert itself says needs no source that could fail.</summary>
    public static IReadOnlyList<(string Signal, string Technique, string Title)> OfTheAlert { get; } =
    [
        (SignalNames.TokenMinting, "T1528", "x"),
        (SignalNames.PrivilegeChange, "T1098.003", "x"),
        (SignalNames.UnexpectedSecretRead, "T1555.006", "x"),
        (SignalNames.CrossSystemMovement, "T1550.001", "x"),
        (SignalNames.ExposedKey, "T1195", "Leaked credentials"),
    ];

    public string Name => $"{Signal} from {Source.Name}";

    public string Action => OfApplication ? "revoke_api_key" : "disable_user_account_temporarily";

    /// <summary>The low alert. Without any signal its risk is below what is asked about.</summary>
    public JsonNode Alert(string technique = "T1195", string title = "Something odd")
    {
        var json = Named.Alert(
            "alert-1",
            OfApplication ? Named.Application(("AppId", TenantSeed.PayrollAppId)) : Named.Account(("AadUserId", Account))
        );
        json["Severity"] = "Low";
        json["Techniques"] = JsonSerializer.Serialize(new[] { technique });
        json["AlertName"] = title;
        json["AlertDisplayName"] = title;
        return json;
    }

    public async Task<World> OpenAsync(BreakableStore? store = null)
    {
        var time = World.NewClock();
        return await World.CreateAsync(
            o => o with { Model = ScriptedModel.Saying(ScriptedModel.SureAnswer((Action, "e1")), time), EditPolicy = Bound },
            time,
            store is null ? null : services => services.AddSingleton<IDurableStore>(store)
        );
    }

    /// <summary>The account runs at one address, so that elsewhere is a violation of its binding.</summary>
    private static IReadOnlyList<PolicyFile> Bound(IReadOnlyList<PolicyFile> files) =>
        [
            .. files.Select(f =>
                f.Name != "identities.yaml"
                    ? f
                    : f with
                    {
                        Text = f.Text + $"  - {{ id: {Account}, owner: o, ticket: t, ends: 2027-06-30, bound_to: [203.0.113.0/24] }}\n",
                    }
            ),
        ];

    private static SignalCase Of<T>(string signal, bool ofApplication, string? down, Func<World, Task> happen)
        where T : ISignalSource => new(signal, typeof(T), ofApplication, happen, down);

    private static DateTimeOffset Ago(World world, double hours) => world.Time.GetUtcNow().AddHours(-hours);

    private static async Task CloudAppAsync(World world, string application, bool admin, int times)
    {
        await world.Machine.Tenant.AddLogRowAsync("CloudAppEvents", Ago(world, 200), Row("Microsoft Teams", false));
        for (var i = 0; i < times; i++)
            await world.Machine.Tenant.AddLogRowAsync("CloudAppEvents", Ago(world, 0.5), Row(application, admin));

        static JsonObject Row(string application, bool admin) =>
            new()
            {
                ["AccountObjectId"] = Account,
                ["Application"] = application,
                ["IsAdminOperation"] = admin,
            };
    }

    private static async Task LongSessionAsync(World world)
    {
        foreach (var hours in new[] { 40.0, 20.0, 1.0 })
            await world.Machine.Tenant.AddLogRowAsync("EntraIdSignInEvents", Ago(world, hours), SignIn("203.0.113.10", "CH", "session-1"));
    }

    private static Task ForeignSignInAsync(World world) =>
        world.Machine.Tenant.AddLogRowAsync("EntraIdSignInEvents", Ago(world, 1), SignIn("198.51.100.20", "NL", "session-2"));

    private static JsonObject SignIn(string address, string country, string session) =>
        new()
        {
            ["AccountObjectId"] = Account,
            ["IPAddress"] = address,
            ["Country"] = country,
            ["EntraIdDeviceId"] = "device-1",
            ["SessionId"] = session,
            ["ErrorCode"] = 0,
        };

    private static async Task LogonsAsync(World world)
    {
        foreach (var (server, hours) in new[] { ("files-1", 300.0), ("dc-1", 2.0), ("erp-1", 2.0), ("backup-1", 1.0) })
            await world.Machine.Tenant.AddLogRowAsync(
                "IdentityLogonEvents",
                Ago(world, hours),
                new JsonObject
                {
                    ["AccountObjectId"] = Account,
                    ["DestinationDeviceName"] = server,
                    ["Protocol"] = "Kerberos",
                    ["ActionType"] = "LogonSuccess",
                }
            );
    }

    private static async Task TokensAsync(World world, string resource, int times, string country = "CH")
    {
        await TokenAsync(world, "Payroll API", 300, "CH");
        for (var i = 0; i < times; i++)
            await TokenAsync(world, resource, 0.5, country);
    }

    private static async Task MoveAsync(World world)
    {
        await TokenAsync(world, "Payroll API", 300, "CH");
        foreach (var resource in new[] { "Warehouse API", "Bank API", "HR API" })
            await TokenAsync(world, resource, 1, "CH");
    }

    private static Task TokenAsync(World world, string resource, double hours, string country) =>
        world.Machine.Tenant.AddLogRowAsync(
            "EntraIdSpnSignInEvents",
            Ago(world, hours),
            new JsonObject
            {
                ["ServicePrincipalId"] = Principal,
                ["ResourceDisplayName"] = resource,
                ["IPAddress"] = "203.0.113.10",
                ["Country"] = country,
                ["ErrorCode"] = 0,
            }
        );

    private static Task AuditAsync(World world, string activity, string by, string target) =>
        world.Machine.Tenant.AddAuditAsync(activity, by, target, Ago(world, 2));

    private static async Task ReadSecretAsync(World world)
    {
        foreach (
            var (secret, hours) in new[]
            {
                ("https://v.vault.azure.net/secrets/own", 300.0),
                ("https://v.vault.azure.net/secrets/bank", 1.0),
            }
        )
            await world.Machine.Tenant.AddLogRowAsync(
                "AZKVAuditLogs",
                Ago(world, hours),
                new JsonObject
                {
                    ["Identity"] = new JsonObject { ["claim"] = new JsonObject { ["oid"] = Principal } },
                    ["Id"] = secret,
                    ["OperationName"] = "SecretGet",
                    ["ResultType"] = "Success",
                }
            );
    }

    private static async Task CredentialAsync(World world, string country, string key)
    {
        foreach (var (id, place, hours) in new[] { ("old-key", "CH", 300.0), (key, country, 1.0) })
            await world.Machine.Tenant.AddLogRowAsync(
                "AADServicePrincipalSignInLogs",
                Ago(world, hours),
                new JsonObject
                {
                    ["ServicePrincipalId"] = Principal,
                    ["ServicePrincipalCredentialKeyId"] = id,
                    ["IPAddress"] = "203.0.113.10",
                    ["Location"] = place,
                    ["ResultType"] = "0",
                }
            );
    }

    /// <summary>The application's activity is reported under its client id.</summary>
    private static async Task ActivityAsync(World world, int chain = 0, long bytes = 100, bool exposed = false)
    {
        var now = world.Time.GetUtcNow();
        ActivityEvent[] events =
        [
            .. Enumerable
                .Range(0, Math.Max(1, chain))
                .Select(i => new ActivityEvent(now.AddSeconds(-i), "GET /x", $"tool-{i}", "t", bytes, CorrelationId: "task")),
        ];
        var batch = new ActivityBatch(TenantSeed.PayrollAppId, "service_principal", "gateway", 1, events)
        {
            Exposures = exposed ? [new KeyExposure(now.AddMinutes(-20), "key-1", "a public repository")] : null,
        };
        await SendAsync(world, batch);
    }

    private static async Task NewTargetsAsync(World world)
    {
        var agent = new Agents.Agent(world, TenantSeed.PayrollAppId, "service_principal");
        await agent.LearnAsync();
        await agent.DoAsync(Enumerable.Range(0, 6).Select(i => agent.At(-1, Agents.Windows.Endpoints[0], target: $"new-{i}")));
    }

    private static async Task SendAsync(World world, ActivityBatch batch)
    {
        await world.Machine.Activity.SendAsync(
            new OutgoingMessage
            {
                Body = JsonSerializer.SerializeToUtf8Bytes(batch, JsonSerializerOptions.Web),
                SessionId = batch.Identity,
                MessageId = "activity-1",
            }
        );
        await world.RunAsync();
    }
}

/// <summary>A store whose breakers cannot be read once it is told so.</summary>
internal sealed class BreakableStore : IDurableStore
{
    private readonly MemoryStore inner = new();

    public bool Broken { get; set; }

    public (IReadOnlyList<Message> Messages, long HighestNumber) LoadWork() => inner.LoadWork();

    public InstanceRecord? Read(string instanceId) =>
        Broken && instanceId.StartsWith("@circuitbreaker@", StringComparison.Ordinal)
            ? throw new IOException("the disk does not answer")
            : inner.Read(instanceId);

    public IReadOnlyList<byte[]> ReadHistory(long execution) => inner.ReadHistory(execution);

    public void Rest(InstanceRecord run) => ((IDurableStore)inner).Rest(run);

    public ValueTask<bool> CommitAsync(StepCommit commit) => inner.CommitAsync(commit);

    public IReadOnlyList<InstanceRecord> Query(InstanceFilter filter) => inner.Query(filter);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

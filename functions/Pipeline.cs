using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using IRFunctions.Agents;
using IRFunctions.Approvals;
using IRFunctions.Assessment;
using IRFunctions.Connections;
using IRFunctions.Containment;
using IRFunctions.Containment.Actions;
using IRFunctions.Directory;
using IRFunctions.Directory.Signals;
using IRFunctions.Health;
using IRFunctions.Http;
using IRFunctions.Incidents;
using IRFunctions.Limits;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.PolicyVersions;
using IRFunctions.Recording;
using IRFunctions.Stories;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Graph;
using OpenAI.Chat;

namespace IRFunctions;

/// <summary>
/// What the functions need, from configuration. Registered with TryAdd: a host that brings its own clock, tables, credential or HTTP
/// clients (local/, tests) registers them first.
/// </summary>
public static class Pipeline
{
    /// <summary>Name of the HTTP client that reads signing keys and gets the bot's token.</summary>
    internal const string TokenKeys = "token-keys";

    private const string ToTeams = "teams";
    private const string Schedules = "schedules";

    /// <summary>What local/ has instead of Azure: the app's identity and the tables.</summary>
    public static IServiceCollection AddAzure(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<TokenCredential>(_ => new DefaultAzureCredential());
        services.AddSingleton(s =>
            configuration["Storage:TablesEndpoint"] is { Length: > 0 } endpoint
                ? new TableServiceClient(new Uri(endpoint), s.GetRequiredService<TokenCredential>())
                : new TableServiceClient(configuration["AzureWebJobsStorage"])
        ); // Azurite, with func start
        return services;
    }

    /// <exception cref="InvalidOperationException">A setting is missing; the message names it.</exception>
    /// <exception cref="InvalidPolicyException">The policy has errors; nothing starts.</exception>
    public static IServiceCollection AddPipeline(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => new GraphConnection(new Uri(Setting(configuration, "Graph:Endpoint"))));
        services.TryAddSingleton(s =>
            s.GetRequiredService<GraphConnection>().Open(Http(s, "graph"), s.GetRequiredService<TokenCredential>())
        );
        services.TryAddSingleton(_ => ClassificationOptions.From(configuration));
        services.TryAddSingleton(s =>
            ModelConnection.Create(
                s.GetRequiredService<ClassificationOptions>(),
                s.GetService<TokenCredential>(),
                time: s.GetRequiredService<TimeProvider>()
            )
        );
        services.TryAddSingleton(s => new Classifier(
            s.GetRequiredService<ChatClient>(),
            s.GetRequiredService<ClassificationOptions>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<TableServiceClient>()
        ));
        services.AddHostedService<UnspentBudget>();
        services.TryAddSingleton(
            new OwnIdentities(List(configuration, "Pipeline:OwnIdentities")) { Tenants = List(configuration, "Pipeline:OwnTenants") }
        );
        services.TryAddSingleton<DrillCertificates>();
        services.TryAddSingleton<Hunting>();
        services.TryAddSingleton<DirectoryRights>();
        services.TryAddSingleton<DirectoryAccounts>();
        services.TryAddSingleton<DirectoryApplications>();
        services.TryAddSingleton<DirectoryHosts>();
        services.TryAddSingleton<DirectoryResolver>();
        services.TryAddSingleton(
            new CriticalitySource(!"false".Equals(configuration["Defender:Criticality"], StringComparison.OrdinalIgnoreCase))
        );
        services.TryAddSingleton<Criticality>();
        services.TryAddSingleton<IncidentMemory>();
        services.TryAddSingleton<ContextGatherer>();
        services.TryAddSingleton<OwnActions>();
        services.AddSignals(configuration);
        services.TryAddSingleton<IdentityGatherer>();
        services.AddSingleton<IContextAnswer, OwnActionAnswer>();
        services.AddSingleton<IContextAnswer, ApprovedJobAnswer>();
        services.AddSingleton<IContextAnswer, TrafficAnswer>();
        services.TryAddSingleton<ContextAnswers>();
        services.TryAddSingleton<Cascades>();
        services.TryAddSingleton<FactsGatherer>();
        AddActions(services, configuration);
        AddPolicy(services, configuration);
        services.AddRecord(configuration);
        services.TryAddSingleton<IncidentTable>();
        services.TryAddSingleton<AttackChains>();
        services.TryAddSingleton<RecoveryPoints>();
        services.TryAddSingleton<RestoreWishes>();
        services.TryAddSingleton(AnswerTimeout.ForClock(1));
        services.TryAddSingleton<HealthSignals>();
        services.TryAddSingleton<HealthCheck>();
        services.TryAddSingleton<RowTrouble>();
        services.TryAddSingleton<DriftDetector>();
        services.TryAddSingleton<HoldKeeper>();
        services.TryAddSingleton<Watchdog>();
        services.AddAgents(configuration);
        services.AddHostedService<RecordLog>();
        AddApprovals(services, configuration);
        return services;
    }

    /// <summary>Tables must exist before the first alert.</summary>
    public static async Task CreateTablesAsync(IServiceProvider services, CancellationToken cancellation = default)
    {
        var tables = services.GetRequiredService<TableServiceClient>();
        foreach (
            var name in (string[])
                [
                    AuditChain.TableName,
                    ChainKeys.TableName,
                    ChangeJournal.TableName,
                    RecordIndex.TableName,
                    PolicyArchive.TableName,
                    DrillCertificates.TableName,
                    IncidentMemory.TableName,
                    IncidentTable.TableName,
                    HoldTable.TableName,
                    HealthSignals.TableName,
                    Classifier.SpendingTable,
                    ApprovalRegister.TableName,
                    CardTable.TableName,
                    ConversationTable.TableName,
                    GateTable.TableName,
                    AmountLimits.TableName,
                    AgentSnapshots.TableName,
                    InteractionStore.TableName,
                    InteractionParts.TableName,
                ]
        )
            await tables.GetTableClient(name).CreateIfNotExistsAsync(cancellation);
    }

    private static void AddActions(IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(_ => new TicketPlace(new Uri(Setting(configuration, "Tickets:Endpoint"))));
        services.TryAddSingleton(_ => new PagerPlace(
            new Uri(Setting(configuration, "Pager:Endpoint")),
            Setting(configuration, "Pager:RoutingKey")
        ));
        services.TryAddSingleton(s => new Pager(Http(s, "pager"), s.GetRequiredService<PagerPlace>()));
        services.TryAddSingleton<Tickets>();
        services.TryAddSingleton(new PrivilegedGroups(List(configuration, "Directory:PrivilegedGroups")));
        services.TryAddSingleton<GrantedPermissions>();
        services.TryAddSingleton<Accounts>();
        services.TryAddSingleton<NamedLocations>();
        services.TryAddSingleton(new FirewallPlace(configuration["Firewall:NamedLocation"] is { Length: > 0 } location ? location : null));
        services.TryAddSingleton(_ =>
            ConnectorPlace.From(configuration["Connector:Endpoint"], configuration["Connector:KeyId"], configuration["Connector:Key"])
        );
        services.TryAddSingleton(s => new Connector(
            Http(s, Connector.Http),
            s.GetRequiredService<ConnectorPlace>(),
            s.GetRequiredService<TimeProvider>()
        ));
        services.AddDiscoveredActions(configuration);
        services.TryAddSingleton<ActionCatalog>();
        services.TryAddSingleton(s => new HoldTable(
            s.GetRequiredService<TableServiceClient>(),
            configuration["AzureFunctionsJobHost:extensions:durableTask:hubName"] ?? ""
        ));
        services.TryAddSingleton(_ => DrillPlan.From(configuration["Drills:Targets"]));
        services.TryAddTransient<RetryAfterInSeconds>();
        services.ConfigureHttpClientDefaults(client => client.AddHttpMessageHandler<RetryAfterInSeconds>());
        services.AddHttpClient("graph");
        services.AddHttpClient("pager");
        services.AddHttpClient(Connector.Http, client => client.Timeout = Connector.Timeout);
        // Held by what lives as long as the process: the factory's handlers renew their connections by themselves.
        services.AddHttpClient(Tickets.Http).AddAsKeyed(ServiceLifetime.Singleton);
    }

    private static void AddApprovals(IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(_ => TeamsSettings.From(configuration));
        services.AddHttpClient(TokenKeys, http => http.Timeout = TimeSpan.FromSeconds(5));
        // A click is answered within 10 s or Teams gives up.
        services.AddHttpClient(ToTeams, http => http.Timeout = TimeSpan.FromSeconds(5));
        services.AddHttpClient(Schedules, http => http.Timeout = TimeSpan.FromSeconds(5));
        services.TryAddSingleton<ApprovalRegister>();
        services.TryAddSingleton<CardTable>();
        services.TryAddSingleton<ConversationTable>();
        services.TryAddSingleton(s => new OnCall(
            s.GetRequiredService<GraphServiceClient>(),
            Http(s, Schedules),
            s.GetRequiredService<PolicyStore>(),
            s.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton(s => new BotConnector(
            Http(s, ToTeams),
            BotCredential(s, configuration),
            s.GetRequiredService<TeamsSettings>()
        ));
        services.TryAddSingleton<CardSender>();
        services.TryAddSingleton<TeamsNotes>();
        services.TryAddSingleton(s => new BotGate(
            s.GetRequiredService<TeamsSettings>(),
            Http(s, TokenKeys),
            s.GetRequiredService<TimeProvider>()
        ));
        services.TryAddSingleton(s => new TokenSignIn(configuration, Http(s, TokenKeys), s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<RefusalLog>();
        services.TryAddSingleton<RequestGuard>();
        services.TryAddSingleton<ApprovalAnswers>();
        services.TryAddSingleton<HoldAnswers>();
        services.TryAddSingleton<BotClicks>();
    }

    /// <summary>The bot's own secret where it has one; otherwise the pipeline's identity.</summary>
    private static TokenCredential BotCredential(IServiceProvider services, IConfiguration configuration) =>
        configuration["Teams:ClientSecret"] is { Length: > 0 } secret && services.GetRequiredService<TeamsSettings>().Enabled
            ? BotSecret.Credential(services.GetRequiredService<TeamsSettings>(), secret, Http(services, TokenKeys))
            : services.GetRequiredService<TokenCredential>();

    private static void AddPolicy(IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(_ => new PolicySource(() =>
            PolicyFolder.Read(
                configuration["Policies:Folder"] is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "policies")
            )
        ));
        services.TryAddSingleton(s =>
            PolicyStore.Open(
                s.GetRequiredService<PolicySource>().Read(),
                s.GetRequiredService<ActionCatalog>().Capabilities,
                s.GetRequiredService<TimeProvider>().GetUtcNow()
            )
        );
        services.TryAddSingleton<PolicyWatch>();
        services.TryAddSingleton(s => new PolicyArchive(
            s.GetRequiredService<TableServiceClient>(),
            s.GetRequiredService<ActionCatalog>().Capabilities,
            s.GetRequiredService<TimeProvider>()
        ));
    }

    private static HttpClient Http(IServiceProvider services, string name) =>
        services.GetRequiredService<IHttpClientFactory>().CreateClient(name);

    private static string[] List(IConfiguration configuration, string key) =>
        (configuration[key] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string Setting(IConfiguration configuration, string key) =>
        configuration[key] is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException(
                $"The setting {key.Replace(":", "__", StringComparison.Ordinal)} is missing. local.settings.sample.json explains "
                    + $"every setting."
            );
}

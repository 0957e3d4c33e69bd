using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using IRFunctions.Containment;
using IRFunctions.Http;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Tests.Style;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Deploy;

/// <summary>What docs/deploy-local.md tells its reader to do: `func start` with everything on this machine.</summary>
public sealed class FuncStartTests
{
    // Set by nobody's code: the platform's managed identity, and the connection string that the emulator has in the place of a namespace.
    private static readonly string[] NotOurs = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "ServiceBus"];

    [Fact]
    public void Every_setting_is_one_that_the_sample_explains() =>
        Assert.Empty(
            Values().Select(v => v.Key).Except(NotOurs).Except(Read(Settings.SamplePath)["_explained"]!.AsObject().Select(e => e.Key))
        );

    [Fact]
    public void Every_address_is_one_that_the_command_on_port_7072_answers()
    {
        foreach (var (name, value) in LocalSettings.For(FuncStart.Peers))
            Assert.Equal(value, Values()[name.Replace(":", "__", StringComparison.Ordinal)]);
        Assert.Equal(new Uri(FuncStart.Peers, ManagedIdentity.Path).ToString(), Values()["IDENTITY_ENDPOINT"]);
    }

    [Fact]
    public async Task The_pipeline_starts_with_these_settings()
    {
        await using var services = Pipeline(Values());
        Assert.NotEmpty(services.GetRequiredService<ActionCatalog>().Capabilities);
        Assert.NotNull(services.GetRequiredService<PolicyStore>().Current);
        Assert.NotNull(services.GetRequiredService<RequestGuard>());
        Assert.NotNull(services.GetRequiredService<OnCall>());
    }

    [Fact]
    public async Task A_setting_that_is_missing_is_named()
    {
        var values = Values();
        values.Remove("Pager__RoutingKey");
        await using var services = Pipeline(values);
        var problem = Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<PolicyStore>());
        Assert.Contains("Pager__RoutingKey", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_emulator_has_the_queues_that_the_triggers_name_with_sessions_where_they_use_them()
    {
        var emulator = Read("local", "ServiceBusEmulator", "queues.json")["UserConfig"]!["Namespaces"]![0]!;
        var queues = emulator["Queues"]!.AsArray().Select(q => ((string)q!["Name"]!, (bool)q["Properties"]!["RequiresSession"]!));
        var triggers = FunctionCatalog.Discover(typeof(Pipeline).Assembly).Queues.Select(f => (f.Queue, f.IsSessionsEnabled));
        Assert.Equal(triggers.Order(), queues.Order());
    }

    [Fact]
    public async Task The_managed_identity_gives_a_token_to_who_asks_as_its_client_does()
    {
        await using var peers = await FuncStart.PeersAsync(port: 0);
        using var http = new HttpClient { BaseAddress = peers.Address };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("msi/token?resource=https://graph.microsoft.com")).StatusCode);
        http.DefaultRequestHeaders.Add("X-IDENTITY-HEADER", "local");
        var token = (await http.GetFromJsonAsync<JsonNode>("msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com"))!;
        http.DefaultRequestHeaders.Authorization = new("Bearer", (string)token["access_token"]!);
        Assert.Equal(World.Adele, (string)(await http.GetFromJsonAsync<JsonNode>($"graph/v1.0/users/{World.Adele}"))!["id"]!);
    }

    private static ServiceProvider Pipeline(Dictionary<string, string?> values)
    {
        var nested = values.ToDictionary(v => v.Key.Replace("__", ":", StringComparison.Ordinal), v => v.Value);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(nested).Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration).AddLogging();
        services.AddSingleton<TokenCredential>(_ => new DefaultAzureCredential());
        services.AddSingleton(_ => new TableServiceClient(configuration["AzureWebJobsStorage"]));
        return services.AddPipeline(configuration).BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true });
    }

    private static Dictionary<string, string?> Values() =>
        Read("local", "func-start.settings.json")["Values"]!.AsObject().ToDictionary(p => p.Key, p => (string?)p.Value);

    private static JsonNode Read(params string[] path) => JsonNode.Parse(File.ReadAllText(Path.Combine([Sources.Root, .. path])))!;
}

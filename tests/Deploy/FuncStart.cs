using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.CommandLine;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Deploy;

/// <summary>Runs only where a Functions host has been started (job "host" of .github/workflows/ci.yml).</summary>
public sealed class FuncStartFactAttribute : FactAttribute
{
    /// <summary>Address of the host, "http://127.0.0.1:7071/".</summary>
    public const string Host = "IRF_FUNC_START";

    /// <summary>Connection string of the Service Bus emulator.</summary>
    public const string ServiceBus = "IRF_SERVICE_BUS";

    public FuncStartFactAttribute()
    {
        if (Environment.GetEnvironmentVariable(Host) is null)
            Skip = $"needs `func start` and the Service Bus emulator; set {Host} and {ServiceBus}";
    }
}

/// <summary>
/// One alert through the real Functions host, Durable Functions on Azurite and Microsoft's Service Bus emulator; tenant and model are those
/// of local/, served by this test. The host has the settings of local/func-start.settings.json and WEBSITE_AUTH_ENABLED=True, so that it
/// believes the sign-in header. Not run where it was written: neither the host nor the emulator could be had there.
/// </summary>
public sealed class FuncStart
{
    /// <summary>Where local/func-start.settings.json looks for tenant, model and identity.</summary>
    public static readonly Uri Peers = new("http://127.0.0.1:7072/");

    private const string Sample = "securityalert-row-malicious-machine.json";
    private const int Seconds = 180;

    [FuncStartFact]
    public async Task A_sample_alert_is_decided_and_ends_as_recorded()
    {
        await using var peers = await PeersAsync(Peers.Port);
        using var tenant = new HttpClient { BaseAddress = Peers };
        using var host = new HttpClient { BaseAddress = new Uri(Environment.GetEnvironmentVariable(FuncStartFactAttribute.Host)!) };
        host.DefaultRequestHeaders.Add("X-MS-CLIENT-PRINCIPAL", SignedIn(World.Alex));
        await UntilAsync(async () => (string?)(await GetAsync(host, "api/health"))?["status"] == "healthy", "the host is healthy");

        await SendAsync(Sample);
        var incident = "";
        await UntilAsync(async () => (incident = await IncidentAsync(tenant)).Length > 0, "a ticket is opened");
        JsonArray record = [];
        await UntilAsync(
            async () => (record = await RecordAsync(host, incident)).Any(e => (string)e!["kind"]! == "outcome"),
            "the alert has its outcome"
        );

        var recorded = SampleEndingsTests.Recorded()["nobodyAnswers"]!["alerts"]!.AsArray();
        var expected = recorded.Single(a => (string)a!["samples"]![0]! == Sample)!.AsObject();
        Assert.Equal(Timeless(expected), Timeless(SampleAccount.Of([Sample], record, [])));
        var journal = (await GetAsync(tenant, "local/tenant/journal"))!.AsArray();
        Assert.Contains(journal, e => (string)e!["effect"]! == "watchlistItem.put" && (bool)e["changed"]!);
        Assert.Equal("healthy", (string?)(await GetAsync(host, "api/health"))!["status"]);
    }

    /// <summary>What `dotnet run --project local -- --no-feed --port 7072` serves, but that nothing of the pipeline works in it.</summary>
    public static Task<LoopbackServer> PeersAsync(int port)
    {
        var options = World.Options(TimeProvider.System) with { Address = Peers };
        return LoopbackServer.StartAsync(port, builder => LocalMachine.Register(builder.Services, options), RunCommand.Map);
    }

    private static async Task SendAsync(string sample)
    {
        await using var client = new ServiceBusClient(Environment.GetEnvironmentVariable(FuncStartFactAttribute.ServiceBus));
        var body = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", sample));
        var message = new ServiceBusMessage(body) { MessageId = sample, ContentType = "application/json" };
        await client.CreateSender(LocalMachine.AlertsQueue).SendMessageAsync(message);
    }

    private static async Task<JsonArray> RecordAsync(HttpClient host, string incident) =>
        (await GetAsync(host, $"api/audit/{incident}"))?["entries"]?.AsArray() ?? [];

    private static async Task<string> IncidentAsync(HttpClient tenant) =>
        (await GetAsync(tenant, "itsm/tickets"))!["tickets"]!.AsArray() is [var ticket, ..] ? (string)ticket!["incident"]! : "";

    /// <summary>Null while nobody answers there, or only with an error.</summary>
    private static async Task<JsonNode?> GetAsync(HttpClient http, string path)
    {
        try
        {
            using var answer = await http.GetAsync(path);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonNode>() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Decisions and outcome without endings, which take their time here.</summary>
    private static string Timeless(JsonObject account) =>
        new JsonObject
        {
            ["assessed"] = account["assessed"]!.DeepClone(),
            ["decisions"] = new JsonArray([
                .. account["decisions"]!
                    .AsArray()
                    .Select(d =>
                        (JsonNode)
                            new JsonObject(
                                d!.AsObject().Where(p => p.Key != "endings").Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))
                            )
                    ),
            ]),
            ["outcome"] = account["outcome"]!.DeepClone(),
        }.ToJsonString();

    private static string SignedIn(string person) =>
        Convert.ToBase64String(
            Encoding.UTF8.GetBytes(
                JsonSerializer.Serialize(
                    new { auth_typ = "aad", claims = new[] { new { typ = "oid", val = person }, new { typ = "roles", val = "reader" } } }
                )
            )
        );

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var i = 0; i < Seconds && await tick.WaitForNextTickAsync(); i++)
        {
            if (await condition())
                return;
        }
        Assert.Fail($"{Seconds} seconds passed, and still not: {what}");
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Broker.Amqp;
using IRFunctions.Local.Machine;

namespace IRFunctions.Tests.RealProgram;

/// <summary>The real program and the official Service Bus client: on its own queues, and with queues elsewhere.</summary>
public sealed partial class ServiceBusTests
{
    private static readonly string Containment = World.DisableOf(World.Adele);

    [Fact]
    public async Task An_alert_sent_by_the_official_client_is_asked_about_contained_and_released()
    {
        using var folder = new TempFolder();
        await using var program = await LocalProgram.StartAsync(folder.Path);
        await program.UntilAsync(() => Task.FromResult(Printed().IsMatch(program.Output)), "the connection string is printed");
        await using var client = new ServiceBusClient(Printed().Match(program.Output).Value);
        await SendAsync(client, LocalMachine.AlertsQueue, Given.StolenAccount().ToJsonString());
        await ContainAndReleaseAsync(program);

        await SendAsync(client, LocalMachine.AlertsQueue, "no alert");
        await SendAsync(client, LocalMachine.ActivityQueue, "no batch", session: "agent-7");
        foreach (var queue in (string[])[LocalMachine.AlertsQueue, LocalMachine.ActivityQueue])
            await program.UntilAsync(async () => await CountAsync(program, queue, "deadLettered") == 1, $"{queue} has a refused message");
        Assert.Equal(0, await CountAsync(program, LocalMachine.AlertsQueue, "active"));
        var dead = new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter };
        await using var refused = client.CreateReceiver(LocalMachine.AlertsQueue, dead);
        Assert.Equal("no alert", (await refused.PeekMessageAsync()).Body.ToString());
    }

    [Fact]
    public async Task Its_queues_can_be_in_a_namespace_elsewhere()
    {
        using var folder = new TempFolder();
        await using var elsewhere = new Elsewhere(LocalMachine.AlertsQueue, LocalMachine.ActivityQueue);
        await using var program = await LocalProgram.StartAsync(folder.Path, "--service-bus", elsewhere.ConnectionString);
        await SendAsync(elsewhere.Client, LocalMachine.AlertsQueue, Given.StolenAccount().ToJsonString());
        await ContainAndReleaseAsync(program);
        await SendAsync(elsewhere.Client, LocalMachine.ActivityQueue, "no batch", session: "agent-7");
        await program.UntilAsync(() => Task.FromResult(elsewhere.CountsOf(LocalMachine.ActivityQueue).DeadLettered == 1), "it is refused");
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 0), elsewhere.CountsOf(LocalMachine.AlertsQueue));
        await AssertTellsWhereAsync(program.Http);
        Assert.DoesNotContain("SharedAccessKey", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_samples_are_fed_to_the_namespace_elsewhere()
    {
        using var folder = new TempFolder();
        await using var elsewhere = new Elsewhere(LocalMachine.AlertsQueue, LocalMachine.ActivityQueue);
        await using var program = await LocalProgram.StartFedAsync(folder.Path, "--service-bus", elsewhere.ConnectionString);
        await program.UntilAsync(
            async () => (await program.GetAsync("api/incidents")).GetProperty("incidents").GetArrayLength() > 0,
            "the first sample is an incident"
        );
        Assert.Contains("elsewhere, in the Service Bus namespace 127.0.0.1", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_while_an_approval_is_pending_it_goes_on_with_the_namespace_elsewhere()
    {
        using var folder = new TempFolder();
        await using var elsewhere = new Elsewhere(LocalMachine.AlertsQueue, LocalMachine.ActivityQueue);
        await using var program = await LocalProgram.StartAsync(folder.Path, "--service-bus", elsewhere.ConnectionString);
        await SendAsync(elsewhere.Client, LocalMachine.AlertsQueue, Given.StolenAccount().ToJsonString());
        var approval = await program.PendingApprovalAsync();
        await program.KillAsync();
        await SendAsync(elsewhere.Client, LocalMachine.AlertsQueue, "no alert"); // While nobody works.
        await using var again = await LocalProgram.StartAsync(folder.Path, "--service-bus", elsewhere.ConnectionString);
        Assert.Equal(approval, await again.PendingApprovalAsync());
        await ContainAndReleaseAsync(again);
        var refused = new QueueCounts(0, 0, 0, 0, 1);
        await again.UntilAsync(() => Task.FromResult(elsewhere.CountsOf(LocalMachine.AlertsQueue) == refused), "it is refused");
    }

    [Fact]
    public async Task A_namespace_without_the_queues_ends_it_with_1_and_the_queue_is_named()
    {
        using var folder = new TempFolder();
        await using var elsewhere = new Elsewhere(LocalMachine.AlertsQueue);
        await LocalProgram.AssertRefusedAsync(folder, LocalMachine.ActivityQueue, "--service-bus", elsewhere.ConnectionString);
    }

    [Fact]
    public async Task A_namespace_that_does_not_answer_ends_it_with_1_in_words()
    {
        using var folder = new TempFolder();
        await LocalProgram.AssertRefusedAsync(folder, "127.0.0.1 does not give the queues. Connection refused", "--service-bus", Nobody);
    }

    [Theory]
    [InlineData("keeps real time", "--clock", "60", "--service-bus", Nobody)]
    [InlineData("nothing for --amqp-port to open", "--amqp-port", "5672", "--service-bus", Nobody)]
    [InlineData("give a connection string", "--service-bus", "alerts.servicebus.example")]
    [InlineData("give a connection string", "--service-bus", "Endpoint=sb://127.0.0.1")]
    [InlineData("--amqp-port: give a number", "--amqp-port", "70000")]
    public async Task Options_that_cannot_be_are_refused_with_the_reason(string reason, params string[] options)
    {
        using var folder = new TempFolder();
        await LocalProgram.AssertRefusedAsync(folder, reason, options);
    }

    [Fact]
    public async Task An_AMQP_port_in_use_ends_with_1_and_names_its_own_option()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var folder = new TempFolder();
        await LocalProgram.AssertRefusedAsync(folder, "choose another port with --amqp-port", "--amqp-port", $"{port}");
    }

    private const string Nobody = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=local;SharedAccessKey=local;UseDevelopmentEmulator=true;";

    [GeneratedRegex("Endpoint=sb://127\\.0\\.0\\.1:\\d+;\\S+")]
    private static partial Regex Printed();

    private static async Task SendAsync(ServiceBusClient client, string queue, string body, string? session = null)
    {
        await using var sender = client.CreateSender(queue);
        await sender.SendMessageAsync(new ServiceBusMessage(body) { SessionId = session });
    }

    private static async Task ContainAndReleaseAsync(LocalProgram program)
    {
        var approval = await program.PendingApprovalAsync();
        await program.PostAsync($"api/approvals/{approval}", new { decision = "approve", reason = "looks stolen" });
        // Live is the hold, which comes before the effect (S5).
        await program.UntilAsync(async () => await program.EffectsAsync("user.update", World.Adele) == 1, "it is contained");
        Assert.Equal("Live", await program.StatusOfAsync(Containment));
        await program.PostAsync($"api/containments/{Uri.EscapeDataString(Containment)}/release", new { reason = "false alarm" });
        await program.UntilAsync(async () => await program.StatusOfAsync(Containment) == "Released", "it is released");
        Assert.Equal(2, await program.EffectsAsync("user.update", World.Adele)); // off once, on once
    }

    private static async Task<int> CountAsync(LocalProgram program, string queue, string which) =>
        (await program.GetAsync($"local/queues/{queue}")).GetProperty("counts").GetProperty(which).GetInt32();

    private static async Task AssertTellsWhereAsync(HttpClient http)
    {
        using var sent = await http.PostAsync($"{LocalMachine.AlertsQueue}/messages", new StringContent("{}"));
        foreach (var path in (string[])["local/queues", "local/queues/alerts", "local/queues/alerts/deadletter"])
        {
            using var looked = await http.GetAsync(path);
            Assert.Equal((HttpStatusCode.Gone, HttpStatusCode.Gone), (sent.StatusCode, looked.StatusCode));
            Assert.Contains("in the Service Bus namespace 127.0.0.1", await looked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    /// <summary>A namespace that is not the program's own, with the real clock: what the emulator or Azure would be.</summary>
    private sealed class Elsewhere : IAsyncDisposable
    {
        private readonly QueueNamespace queues = new(new InMemoryQueueStorage(), TimeProvider.System);
        private readonly AmqpEndpoint endpoint;

        public Elsewhere(params string[] names)
        {
            foreach (var name in names)
                queues.Open(name, new LocalQueueOptions { RequiresSession = name == LocalMachine.ActivityQueue });
            endpoint = AmqpEndpoint.Start(queues);
            Client = new ServiceBusClient(endpoint.ConnectionString);
        }

        public ServiceBusClient Client { get; }

        public string ConnectionString => endpoint.ConnectionString;

        public QueueCounts CountsOf(string queue) => queues.Find(queue)!.Counts;

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await endpoint.DisposeAsync();
            await queues.DisposeAsync();
        }
    }
}

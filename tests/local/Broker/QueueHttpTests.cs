using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Tests.Broker;

/// <summary>Service Bus's HTTP send on a real loopback Kestrel.</summary>
public sealed class QueueHttpTests : IAsyncLifetime, IDisposable
{
    private readonly VirtualTimeProvider time = new();
    private QueueNamespace queues = null!;
    private LocalQueue alerts = null!;
    private WebApplication server = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        queues = new QueueNamespace(new InMemoryQueueStorage(), time);
        alerts = queues.Open("alerts");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        server = builder.Build();
        server.MapQueues(queues);
        server.Urls.Add("http://127.0.0.1:0");
        await server.StartAsync();
        client = new HttpClient { BaseAddress = new Uri(server.Urls.Single()) };
    }

    public void Dispose() => client.Dispose();

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await queues.DisposeAsync();
    }

    private async Task<(HttpStatusCode Status, string Detail)> Post(
        HttpContent body,
        string? broker = null,
        string path = "/alerts/messages",
        params (string, string)[] headers
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        if (broker is not null)
            request.Headers.Add("BrokerProperties", broker);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? "" : (string)JsonNode.Parse(text)!["detail"]!);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    [Fact]
    public async Task A_message_is_accepted_with_201_and_arrives_with_its_broker_and_application_properties()
    {
        var broker = """{"MessageId":"m1","SessionId":"alice","CorrelationId":"c","Label":"l","TimeToLive":60,"Unknown":"ignored"}""";
        var (status, _) = await Post(
            Json("{\"a\":1}"),
            broker,
            headers: [("Priority", "\"High\""), ("Count", "12"), ("Urgent", "true"), ("Plain", "text")]
        );
        Assert.Equal(HttpStatusCode.Created, status);
        var message = await alerts.ReceiveAsync(TimeSpan.Zero);
        Assert.Equal(
            ("{\"a\":1}", "m1", "alice", "c", "l"),
            (message!.Body.ToString(), message.MessageId, message.SessionId, message.CorrelationId, message.Subject)
        );
        Assert.StartsWith("application/json", message.ContentType, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(60), message.TimeToLive);
        Assert.Equal(
            ("High", 12L, true, "text"),
            (
                message.ApplicationProperties["Priority"],
                (long)message.ApplicationProperties["Count"],
                (bool)message.ApplicationProperties["Urgent"],
                message.ApplicationProperties["Plain"]
            )
        );
        Assert.Equal(4, message.ApplicationProperties.Count);
    }

    [Fact]
    public async Task The_same_message_id_a_hundred_times_is_201_a_hundred_times_and_one_message()
    {
        for (var i = 0; i < 100; i++)
            Assert.Equal(HttpStatusCode.Created, (await Post(Json("{}"), """{"MessageId":"same"}""")).Status);
        Assert.Equal(1, alerts.Counts.Active);
    }

    [Fact]
    public async Task A_scheduled_time_is_honoured()
    {
        var at = time.GetUtcNow().AddMinutes(5);
        await Post(Json("{}"), $$"""{"ScheduledEnqueueTimeUtc":"{{at:R}}"}""");
        Assert.Equal(1, alerts.Counts.Scheduled);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, alerts.Counts.Available);
    }

    [Theory]
    [InlineData("not json", "not JSON")]
    [InlineData("[1]", "not a JSON object")]
    [InlineData("""{"MessageId":7}""", "MessageId is not a text")]
    [InlineData("""{"SessionId":{}}""", "SessionId is not a text")]
    [InlineData("""{"TimeToLive":"soon"}""", "TimeToLive is not a positive number of seconds")]
    [InlineData("""{"TimeToLive":-1}""", "TimeToLive is not a positive number of seconds")]
    [InlineData("""{"ScheduledEnqueueTimeUtc":"tomorrow"}""", "ScheduledEnqueueTimeUtc is not a time")]
    [InlineData("""{"SessionId":"a","PartitionKey":"b"}""", "PartitionKey")]
    public async Task A_bad_header_is_400_and_names_what_is_wrong(string broker, string named)
    {
        var (status, detail) = await Post(Json("{}"), broker);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(named, detail, StringComparison.Ordinal);
        Assert.Equal(0, alerts.Counts.Active);
    }

    [Theory]
    [InlineData(256 * 1024 + 1)]
    [InlineData(5 * 1024 * 1024)]
    public async Task A_message_over_the_limit_is_403_as_the_real_one_answers(int bytes)
    {
        var (status, detail) = await Post(new ByteArrayContent(new byte[bytes]));
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("at most 262144", detail, StringComparison.Ordinal);
        Assert.Equal(0, alerts.Counts.Active);
    }

    [Fact]
    public async Task An_unknown_queue_is_410() =>
        Assert.Equal(HttpStatusCode.Gone, (await Post(Json("{}"), path: "/nowhere/messages")).Status);

    [Fact]
    public async Task A_batch_is_stored_as_its_messages()
    {
        var batch = new StringContent(
            """[{"Body":"1","BrokerProperties":{"MessageId":"a"},"UserProperties":{"n":3,"t":"x"}},{"Body":"2"}]"""
        );
        batch.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.microsoft.servicebus.json");
        Assert.Equal(HttpStatusCode.Created, (await Post(batch)).Status);
        Assert.Equal(["1", "2"], alerts.Peek().Select(m => m.Body.ToString()));
        Assert.Equal((3L, "x"), ((long)alerts.Peek()[0].ApplicationProperties["n"], alerts.Peek()[0].ApplicationProperties["t"]));
    }

    [Theory]
    [InlineData("{}", "not a JSON array")]
    [InlineData("[]", "at least one")]
    [InlineData("""[{"Body":"1"},{"Body":2}]""", "Message 1 of the batch has no text 'Body'")]
    [InlineData("""[{"Body":"1","BrokerProperties":{"To":1}}]""", "Message 0 of the batch: BrokerProperties: To")]
    public async Task A_bad_batch_is_400_and_nothing_of_it_is_stored(string body, string named)
    {
        var batch = new StringContent(body);
        batch.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.microsoft.servicebus.json");
        var (status, detail) = await Post(batch);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(named, detail, StringComparison.Ordinal);
        Assert.Equal(0, alerts.Counts.Active);
    }

    [Fact]
    public async Task People_can_look_at_dead_letters_and_send_one_again()
    {
        await alerts.SendAsync(OutgoingMessage.Json(new string('x', 1000), "long"));
        await alerts.DeadLetterAsync((await alerts.ReceiveAsync(TimeSpan.Zero))!, "NotAnAlert", "The body is not JSON.");
        var view = JsonNode.Parse(await client.GetStringAsync("/local/queues/alerts/deadletter"))!;
        var dead = view["messages"]![0]!;
        Assert.Equal(
            ("NotAnAlert", "The body is not JSON.", 401),
            ((string)dead["reason"]!, (string)dead["description"]!, ((string)dead["body"]!).Length)
        );
        var resubmit = $"/local/queues/alerts/deadletter/{dead["sequenceNumber"]}/resubmit";
        Assert.Equal(HttpStatusCode.Accepted, (await client.PostAsync(resubmit, null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync(resubmit, null)).StatusCode);
        Assert.Equal(1, (int)JsonNode.Parse(await client.GetStringAsync("/local/queues"))![0]!["counts"]!["active"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/local/queues/nowhere")).StatusCode);
    }
}

using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Connections;
using IRFunctions.Containment.Actions;
using IRFunctions.Local.Connector;
using IRFunctions.Local.Time;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// The contract of docs/connector.md, from the receiver's side: what it must refuse and what it must answer twice the same.
/// </summary>
public sealed class ConnectorTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly JsonObject Address = new() { ["ipv4_net"] = "192.0.2.7/32" };
    private readonly VirtualTimeProvider time = new();
    private readonly Memory memory = new();

    private (int Status, JsonObject Body) Send(
        JsonObject command,
        string once = "o-1",
        byte[]? key = null,
        TimeSpan? late = null,
        string? tamper = null
    )
    {
        var body = Encoding.UTF8.GetBytes(command.ToJsonString());
        var timestamp = (time.GetUtcNow() - (late ?? TimeSpan.Zero)).ToUnixTimeSeconds();
        var signature = ConnectorSignature.Of(key ?? Key, timestamp, body);
        if (tamper is not null)
            body = Encoding.UTF8.GetBytes(tamper);
        return new SampleReceiver(Key, time, memory).Receive(new ConnectorCall("POST", "1", $"{timestamp}", signature, once, body));
    }

    private static JsonObject Deny(string order = "order-1") =>
        OpenC2.Do("deny", $"{order}-do", Address.DeepClone().AsObject(), order, TimeSpan.FromHours(1));

    private static JsonObject Restore(string order = "order-1") =>
        OpenC2.Restore($"{order}-undo-1", Address.DeepClone().AsObject(), order, "normal");

    private string? State() => (string?)Send(OpenC2.Query("q", Address.DeepClone().AsObject())).Body["results"]![OpenC2.Profile]!["state"];

    [Fact]
    public void A_command_has_the_shape_of_OpenC2()
    {
        var command = Deny();
        Assert.Equal(["action", "target", "args", "command_id"], command.Select(p => p.Key));
        Assert.Equal("deny", (string?)command["action"]);
        Assert.Equal("192.0.2.7/32", (string?)command["target"]!["ipv4_net"]);
        Assert.Equal(3_600_000, (long?)command["args"]!["duration"]);
        Assert.Equal("complete", (string?)command["args"]!["response_requested"]);
        Assert.Equal("ipv6_net", OpenC2.Address(new("ip", "2001:db8::1", "")).Single().Key);
    }

    [Fact]
    public void Signed_right_it_is_done_read_back_and_restored()
    {
        Assert.Equal(200, Send(Deny()).Status);
        Assert.Equal("denied", State());
        Assert.Equal(200, Send(Restore(), "o-2").Status);
        Assert.Equal("normal", State());
    }

    [Fact]
    public void A_wrong_key_a_changed_body_an_old_or_future_timestamp_and_no_signature_are_refused()
    {
        Assert.Equal(401, Send(Deny(), key: new byte[32]).Status);
        Assert.Equal(401, Send(Deny(), tamper: Deny("order-2").ToJsonString()).Status);
        Assert.Equal(401, Send(Deny(), late: TimeSpan.FromMinutes(6)).Status);
        Assert.Equal(401, Send(Deny(), late: TimeSpan.FromMinutes(-6)).Status);
        Assert.Equal(
            401,
            new SampleReceiver(Key, time, memory)
                .Receive(new ConnectorCall("POST", "1", null, null, "o", Encoding.UTF8.GetBytes(Deny().ToJsonString())))
                .Status
        );
        Assert.Empty(memory.Changes);
    }

    [Fact]
    public void The_same_idempotency_key_is_the_same_effect_and_the_same_answer()
    {
        var first = Send(Deny()).Body.ToJsonString();
        Assert.Equal(200, Send(Restore(), "o-2").Status);
        Assert.Equal(first, Send(Deny()).Body.ToJsonString()); // A late retry does not block again.
        Assert.Equal("normal", State());
        Assert.Equal(2, memory.Changes.Count);
    }

    [Fact]
    public void Only_the_holder_that_changed_it_restores_it()
    {
        Send(Deny());
        Assert.Equal(409, Send(Restore("order-2"), "o-2").Status);
        memory.Put("ipv4_net 192.0.2.7/32", new JsonObject { ["state"] = "denied", ["held_by"] = null }); // A person blocks it for good.
        Assert.Equal(409, Send(Restore(), "o-3").Status);
        Assert.Equal("denied", State());
    }

    [Theory]
    [InlineData("""{"action":"detonate","target":{"ipv4_net":"192.0.2.7/32"}}""", 501)]
    [InlineData("""{"action":"deny","target":{"ipv4_net":"a","ipv6_net":"b"}}""", 400)]
    [InlineData("""[]""", 400)]
    [InlineData("""{""", 400)]
    public void What_it_does_not_know_it_refuses(string body, int status)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal(
            status,
            new SampleReceiver(Key, time, memory)
                .Receive(new ConnectorCall("POST", "1", $"{timestamp}", ConnectorSignature.Of(Key, timestamp, bytes), "o", bytes))
                .Status
        );
    }

    [Theory]
    [InlineData("http://firewall.example/openc2", "Connector__Endpoint")]
    [InlineData("https://firewall.example/openc2", "Connector__Key")]
    public void Without_https_or_a_key_it_refuses_to_start(string endpoint, string names) =>
        Assert.Contains(
            names,
            Assert.Throws<InvalidOperationException>(() => ConnectorPlace.From(endpoint, "1", "c2hvcnQ=")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_receiver_that_does_not_answer_in_twenty_seconds_counts_as_not_reached_and_is_tried_again()
    {
        await using var world = await World.CreateAsync();
        using var client = world
            .Machine.Services.GetRequiredService<IHttpClientFactory>()
            .CreateClient(IRFunctions.Containment.Actions.Connector.Http);
        Assert.Equal(TimeSpan.FromSeconds(20), client.Timeout);
        using var silent = new HttpClient(new Silent());
        var connector = new IRFunctions.Containment.Actions.Connector(
            silent,
            ConnectorPlace.From("https://firewall.example/openc2", "1", Convert.ToBase64String(Key)),
            time
        );
        var fault = await Assert.ThrowsAsync<TransientFaultException>(() =>
            connector.ReadAsync("the address", Address.DeepClone().AsObject(), CancellationToken.None)
        );
        Assert.Contains("did not answer in time", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>As HttpClient reports its own time-out.</summary>
    private sealed class Silent : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new TaskCanceledException("timed out", new TimeoutException());
    }

    private sealed class Memory : IReceiverStore
    {
        private readonly Dictionary<string, JsonObject> known = [];

        public List<string> Changes { get; } = [];

        public JsonObject? Find(string key) => known.GetValueOrDefault(key);

        public void Put(string key, JsonObject value) => known[key] = value;

        public void Record(string effect, string target, string detail, bool changed)
        {
            if (changed)
                Changes.Add(effect);
        }
    }
}

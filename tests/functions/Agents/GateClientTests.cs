using System.Net;
using System.Net.Http.Json;
using IRFunctions.Local.Time;
using IRFunctions.Samples;

namespace IRFunctions.Tests.Agents;

/// <summary>The client sample: what the caller does while the gate cannot be reached is the caller's own decision.</summary>
public sealed class GateClientTests
{
    private readonly VirtualTimeProvider time = new();
    private Func<CancellationToken, Task<HttpResponseMessage>> answer = _ => throw new HttpRequestException("no route");

    private GateClient Client =>
        new(new HttpClient(new Handler(this)) { BaseAddress = new Uri("http://127.0.0.1/") }, "trading-agent", time);

    [Theory]
    [InlineData(WhenUnreachable.FailClosed, "Deny")]
    [InlineData(WhenUnreachable.FailOpen, "Limited")]
    public async Task Unreachable_it_does_what_was_decided_before_and_says_so(WhenUnreachable policy, string expected)
    {
        var reply = await Client.AskAsync("POST /orders", policy);
        Assert.Equal((expected, true), (reply.Verdict, reply.IsOwn));
        answer = _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable));
        Assert.True((await Client.AskAsync("POST /orders", policy)).IsOwn);
        answer = _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("nonsense") });
        Assert.True((await Client.AskAsync("POST /orders", policy)).IsOwn);
    }

    [Fact]
    public async Task A_gate_that_hangs_costs_fifty_milliseconds_and_no_more()
    {
        answer = async cancellation =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
            return null!;
        };
        var asking = Client.AskAsync("POST /orders", WhenUnreachable.FailClosed);
        time.Advance(TimeSpan.FromMilliseconds(49));
        Assert.False(asking.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Equal("Deny", (await asking).Verdict);
    }

    [Fact]
    public async Task A_deny_outlives_a_gate_that_was_cut_off()
    {
        var client = Client;
        answer = _ =>
            Task.FromResult(
                new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = JsonContent.Create(
                        new
                        {
                            verdict = "Deny",
                            reason = "open",
                            forSeconds = 900.0,
                        }
                    ),
                }
            );
        Assert.False((await client.AskAsync("GET /quotes", WhenUnreachable.FailOpen)).IsOwn);
        answer = _ => throw new HttpRequestException("cut off");
        time.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal("Deny", (await client.AskAsync("GET /quotes", WhenUnreachable.FailOpen)).Verdict);
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("Limited", (await client.AskAsync("GET /quotes", WhenUnreachable.FailOpen)).Verdict);
    }

    private sealed class Handler(GateClientTests test) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            test.answer(cancellationToken);
    }
}

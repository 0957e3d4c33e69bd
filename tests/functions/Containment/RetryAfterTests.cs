using IRFunctions.Connections;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// Retry-After in each of its forms (RFC 9110, sections 5.6.7 and 10.2.3), read by the clock of tests: 2026-11-23 03:00:00 UTC.
/// </summary>
public sealed class RetryAfterTests
{
    [Theory]
    [InlineData("120", 120)]
    [InlineData("0", 0)]
    [InlineData("Mon, 23 Nov 2026 03:02:00 GMT", 120)]
    [InlineData("Monday, 23-Nov-26 03:02:00 GMT", 120)] // RFC 850, obsolete and still to be understood
    [InlineData("Mon Nov 23 03:02:00 2026", 120)] // asctime, likewise
    [InlineData("Mon, 23 Nov 2026 02:59:00 GMT", 0)] // passed, or their clock is behind ours
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 86_400)]
    [InlineData("2147483647", 86_400)]
    [InlineData("99999999999999999999", null)]
    [InlineData("-5", null)]
    [InlineData("1.5", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    public async Task Every_form_becomes_whole_seconds_and_what_is_none_is_dropped(string header, int? seconds)
    {
        using var response = await SendAsync(header);
        Assert.Equal(seconds, response.Headers.RetryAfter?.Delta?.TotalSeconds);
        Assert.Equal(seconds is not null, response.Headers.Contains("Retry-After"));
    }

    [Fact]
    public async Task A_part_of_a_second_is_rounded_up()
    {
        using var response = await SendAsync("Mon, 23 Nov 2026 03:02:00 GMT", TimeSpan.FromMilliseconds(300));
        Assert.Equal(120, response.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(100, 100)]
    [InlineData(86_400, 900)]
    public void Whoever_waits_waits_a_second_at_least_and_a_quarter_of_an_hour_at_most(int asked, int waited) =>
        Assert.Equal(TimeSpan.FromSeconds(waited), Throttling.WaitIn(Throttling.Message(TimeSpan.FromSeconds(asked), "throttled")));

    private static async Task<HttpResponseMessage> SendAsync(string header, TimeSpan later = default)
    {
        var clock = World.NewClock();
        clock.Advance(later);
        using var http = new HttpMessageInvoker(new RetryAfterInSeconds(clock) { InnerHandler = new Throttled(header) });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("https://graph.example/"));
        return await http.SendAsync(request, CancellationToken.None);
    }

    private sealed class Throttled(string header) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(System.Net.HttpStatusCode.TooManyRequests);
            response.Headers.TryAddWithoutValidation("Retry-After", header);
            return Task.FromResult(response);
        }
    }
}

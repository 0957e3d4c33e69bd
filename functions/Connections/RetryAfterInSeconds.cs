using System.Net.Http.Headers;

namespace IRFunctions.Connections;

/// <summary>
/// A service that asks to be left alone says for how many seconds or until when (Retry-After, RFC 9110 section 10.2.3). Every client of
/// ours goes through this, which turns the date into seconds by our own clock, so that whoever reads it (Graph's errors, plain HTTP) needs
/// to know one form only. How long anybody waits at most is bounded where it waits (<see cref="Throttling"/>). What is neither form is
/// dropped: the usual waits apply.
/// </summary>
public sealed class RetryAfterInSeconds(TimeProvider time) : DelegatingHandler
{
    private const string Header = "Retry-After";

    /// <summary>Longest wait that is passed on; a date in the year 9999 must not overflow whoever counts it in milliseconds.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (!response.Headers.Contains(Header))
            return response;
        var asked = response.Headers.RetryAfter;
        response.Headers.Remove(Header); // Also what could not be read: a client's own parser might make something of it.
        if (WaitOf(asked) is { } wait)
            response.Headers.RetryAfter = new RetryConditionHeaderValue(wait);
        return response;
    }

    /// <summary>
    /// Whole seconds, rounded up: to come back a moment too early would be throttled again. A date that has passed is no wait.
    /// </summary>
    private TimeSpan? WaitOf(RetryConditionHeaderValue? asked)
    {
        var wait = asked?.Delta ?? asked?.Date - time.GetUtcNow();
        if (wait is not { } length)
            return null;
        return length <= TimeSpan.Zero ? TimeSpan.Zero
            : length >= Longest ? Longest
            : TimeSpan.FromSeconds(Math.Ceiling(length.TotalSeconds));
    }
}

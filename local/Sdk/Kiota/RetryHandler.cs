using System.Globalization;
using System.Net;
using Microsoft.Kiota.Abstractions;

namespace Microsoft.Graph;

/// <summary>
/// The retries of Kiota's default middleware: 429, 503 and 504, three times, after what Retry-After says or 3, 6, 12 seconds. As officially, only a
/// client the Graph client made itself has them; an HttpClient that is handed in is used as it is.
/// </summary>
internal sealed class RetryHandler(HttpMessageHandler inner, TimeProvider time) : DelegatingHandler(inner)
{
    private const int MaxRetries = 3;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(180);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        for (var attempt = 0; ; attempt++)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (!Passing(response.StatusCode)) return response;
            failures.Add(await GraphRequestAdapter.ErrorAsync(response, cancellationToken));
            var delay = Delay(response, attempt);
            response.Dispose();
            if (attempt == MaxRetries)
                throw new AggregateException($"Too many retries performed. More than {MaxRetries} retries encountered.", failures);
            await Task.Delay(delay, time, cancellationToken);
            request.Headers.Remove("Retry-Attempt");
            request.Headers.Add("Retry-Attempt", (attempt + 1).ToString(CultureInfo.InvariantCulture));
        }
    }

    private static bool Passing(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private TimeSpan Delay(HttpResponseMessage response, int attempt)
    {
        var asked = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
            _ => FirstDelay * Math.Pow(2, attempt),
        };
        return asked < MaxDelay ? asked : MaxDelay;
    }
}

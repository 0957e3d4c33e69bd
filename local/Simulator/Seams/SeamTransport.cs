using System.Globalization;
using System.Net;
using System.Text;
using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Stories;
using IRFunctions.Local.Tenant;
using IRFunctions.Local.Time;

namespace IRFunctions.Local.Simulator.Seams;

/// <summary>A request that takes effect later, though its sender was told that it did not.</summary>
internal sealed record LateRequest(DateTimeOffset Due, HttpRequestMessage Request, byte[] Body);

/// <summary>
/// Everything that one machine says to Graph, Sentinel, the ticket system, the pager and the connector. Here services misbehave, machines
/// die, and the checker sees each request with what it truly changed.
/// </summary>
internal sealed class SeamTransport(
    SimulatedTenant tenant,
    HttpMessageHandler inner,
    Life life,
    VirtualTimeProvider clock,
    List<LateRequest> late,
    Action<SeenRequest> seen
) : HttpMessageHandler
{
    private readonly HttpMessageInvoker invoker = new(inner, disposeHandler: false);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        life.Moment(CrashPlace.BeforeRequest);
        await TwinRun.PassAsync();
        life.Require();
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var (method, path) = (request.Method.Method, request.RequestUri!.AbsolutePath);
        var fault = life.Trouble.Take(method, path);
        if (fault is { Item.Fault: ServiceFault.Slow })
            clock.Advance(TimeSpan.FromSeconds(fault.Item.Seconds));
        switch (fault?.Item.Fault)
        {
            case ServiceFault.Throttle:
                return Refuse(request, body, 429, "throttled", fault.Until - clock.GetUtcNow());
            case ServiceFault.Fail:
                return Refuse(request, body, 503, "failing", null);
            case ServiceFault.Forbid:
                return Refuse(request, body, 403, "forbidden", null);
            case ServiceFault.ActLate:
                late.Add(new LateRequest(clock.GetUtcNow().AddSeconds(fault.Item.Seconds), Copy(request, body), body));
                return Refuse(request, body, 504, "acts late", null);
            case ServiceFault.Lie when LieTo(method, path) is { } lie:
                lie.RequestMessage = request;
                Tell("pipeline", request, body, (int)lie.StatusCode, "lies", []);
                return lie;
        }
        var answer = await PassAsync(request, "pipeline", body, fault is null ? "" : fault.Item.Kind, cancellationToken);
        life.Moment(CrashPlace.AfterRequest);
        return fault is { Item.Fault: ServiceFault.LoseAnswer }
            ? throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection broke before the answer arrived.")
            : answer;
    }

    /// <summary>What was promised late takes effect now, whatever became of the machine that asked.</summary>
    public async Task ActAsync(LateRequest request) =>
        (await PassAsync(request.Request, "late", request.Body, "late", CancellationToken.None)).Dispose();

    private async Task<HttpResponseMessage> PassAsync(
        HttpRequestMessage request,
        string by,
        byte[] body,
        string fault,
        CancellationToken cancellation
    )
    {
        var before = tenant.Journal.Count;
        var answer = await invoker.SendAsync(request, cancellation);
        Tell(by, request, body, (int)answer.StatusCode, fault, Since(tenant, before));
        return answer;
    }

    /// <summary>What the tenant did since its journal had that length.</summary>
    public static IReadOnlyList<SeenEffect> Since(SimulatedTenant tenant, long before) =>
        tenant.Journal.Count == before
            ? []
            :
            [
                .. tenant
                    .Journal.Entries.Where(e => e.Sequence > before)
                    .Select(e => new SeenEffect(e.At, e.Effect, e.Target, e.Detail, e.Changed)),
            ];

    private HttpResponseMessage Refuse(HttpRequestMessage request, byte[] body, int status, string fault, TimeSpan? retryAfter)
    {
        Tell("pipeline", request, body, status, fault, []);
        var answer = new HttpResponseMessage((HttpStatusCode)status)
        {
            RequestMessage = request,
            Content = new StringContent(
                """{"error":{"code":"Simulated","message":"The simulated service refuses."}}""",
                Encoding.UTF8,
                "application/json"
            ),
        };
        if (retryAfter is { } wait)
            answer.Headers.TryAddWithoutValidation("Retry-After", Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        return answer;
    }

    /// <summary>An answer that looks like success; null where a lie would need to know more than this.</summary>
    private static HttpResponseMessage? LieTo(string method, string path) =>
        (method, path) switch
        {
            ("PATCH", _) => new HttpResponseMessage(HttpStatusCode.NoContent),
            ("POST", _) when path.EndsWith("evokeSignInSessions", StringComparison.Ordinal) => Json("""{"value":true}"""),
            ("PUT", _) when path.StartsWith("/arm", StringComparison.Ordinal) => Json("{}"),
            ("DELETE", _) => new HttpResponseMessage(HttpStatusCode.OK),
            _ => null,
        };

    private static HttpResponseMessage Json(string text) =>
        new(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "application/json") };

    private static HttpRequestMessage Copy(HttpRequestMessage request, byte[] body)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = new ByteArrayContent(body) };
        foreach (var (name, values) in request.Headers)
            copy.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }

    private void Tell(string by, HttpRequestMessage request, byte[] body, int status, string fault, IReadOnlyList<SeenEffect> effects)
    {
        if (!life.Trouble.Silent)
            seen(
                new SeenRequest(
                    clock.GetUtcNow(),
                    by,
                    request.Method.Method,
                    Uri.UnescapeDataString(request.RequestUri!.AbsolutePath),
                    Encoding.UTF8.GetString(body),
                    status,
                    fault,
                    effects
                )
            );
    }

    protected override void Dispose(bool disposing)
    {
        invoker.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Which of two runs of one activity a request belongs to, and where the first of them waits.</summary>
internal sealed class TwinRun(int park)
{
    private static readonly AsyncLocal<TwinRun?> Current = new();
    private readonly TaskCompletionSource gate = new();
    private int requests;

    /// <summary>Runs an activity twice at once: the first waits at one of its requests until the second has ended.</summary>
    public static async Task<object?> RunTwiceAsync(int park, Func<Task<object?>> run)
    {
        var lane = new TwinRun(park);
        Current.Value = lane;
        var first = run();
        Current.Value = null;
        try
        {
            await run();
        }
        catch (Exception e) when (e is not MachineDiedException)
        {
            // Its outcome is the one that is lost.
        }
        lane.gate.TrySetResult();
        return await first;
    }

    public static Task PassAsync() => Current.Value is { } lane && lane.requests++ == lane.Park ? lane.gate.Task : Task.CompletedTask;

    private int Park { get; } = park;
}

using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Tenant;

/// <summary>A tenant and a client that talks to it as any HTTP client would, in process.</summary>
internal sealed class TenantFixture : IDisposable
{
    public TenantFixture(SimulatedTenant? tenant = null)
    {
        Tenant = tenant ?? SimulatedTenant.InMemory(Clock);
        Http = new HttpClient(new TenantHttpHandler(Tenant)) { BaseAddress = new Uri("https://graph.example") };
        Http.DefaultRequestHeaders.Authorization = new("Bearer", "local");
    }

    public FixedClock Clock { get; } = new();

    public SimulatedTenant Tenant { get; }

    public HttpClient Http { get; }

    public async Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Response)> Send(
        string method,
        string path,
        string? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), response);
    }

    public Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Response)> Graph(
        string method,
        string path,
        string? body = null,
        params (string, string)[] headers
    ) => Send(method, "/graph/v1.0" + path, body, headers);

    public void Dispose() => Http.Dispose();
}

/// <summary>A clock that stands until told otherwise.</summary>
internal sealed class FixedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 3, 0, 0, TimeSpan.Zero);

    public List<TimeSpan> Waits { get; } = [];

    public override DateTimeOffset GetUtcNow() => Now;

    /// <summary>Every wait is over at once and moves the clock.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waits.Add(dueTime);
        Now += dueTime;
        return new Assessment.InstantClock().CreateTimer(callback, state, dueTime, period);
    }
}

using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Engine.Stores;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Simulator.Checking;
using IRFunctions.Local.Simulator.Seams;
using IRFunctions.Local.Simulator.Stories;
using IRFunctions.Local.Tables;
using IRFunctions.Local.Tenant;
using IRFunctions.Local.Time;
using IRFunctions.Record;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>
/// What outlives a machine (tenant, tables, the engine's store, queues, clock), and the machine that works on it now. One thread of work,
/// virtual time.
/// </summary>
internal sealed partial class SimulatedWorld : IAsyncDisposable
{
    /// <summary>3 AM, while the shipped policy is in force.</summary>
    public static readonly DateTimeOffset Beginning = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan ShortWait = TimeSpan.FromSeconds(1);
    private const int MostTries = 2_000;

    private readonly MemoryStore store = new();
    private readonly EmbeddedTableServiceClient tables;
    private readonly QueueNamespace queues;
    private readonly MemoryCheckpoints checkpoints = new();
    private readonly MemoryBlobs blobs = new();
    private readonly LocalCheckpointKey key = new();
    private readonly List<LateRequest> late = [];
    private readonly List<(string Id, CastMail Mail)> mails = [];
    private readonly int shuffle;
    private Life life = null!;
    private bool gone;
    private SeamTransport transport = null!;

    private SimulatedWorld(long seed)
    {
        Clock = new VirtualTimeProvider(Beginning);
        Start = Beginning;
        Trouble = new Trouble(Clock);
        tables = new EmbeddedTableServiceClient(Clock);
        queues = new QueueNamespace(new InMemoryQueueStorage(), Clock);
        queues.Open(LocalMachine.AlertsQueue, LocalMachine.AlertsOptions);
        queues.Open(LocalMachine.ActivityQueue, new LocalQueueOptions { RequiresSession = true });
        Tenant = SimulatedTenant.InMemory(Clock);
        shuffle = (int)(new SeededRandom(seed, "order").Next() & int.MaxValue);
    }

    public VirtualTimeProvider Clock { get; }

    public DateTimeOffset Start { get; }

    public Trouble Trouble { get; }

    public SimulatedTenant Tenant { get; }

    public LocalMachine Machine { get; private set; } = null!;

    public PolicyVariant Policy { get; set; }

    /// <summary>Steps of the engine and activities so far, over all machines.</summary>
    public long Steps { get; private set; }

    /// <summary>Machines that died.</summary>
    public int Deaths { get; private set; }

    /// <summary>Chains of the record that changed since they were last read.</summary>
    public HashSet<string> ChangedChains { get; } = new(StringComparer.Ordinal);

    /// <summary>A request or its end was written since this was last looked at.</summary>
    public bool RequestsChanged { get; set; }

    public List<RaisedEvent> Raised { get; } = [];

    public Func<int, AlertDraft?> FindDraft { get; set; } = _ => null;

    /// <summary>Hears of each request that reaches the tenant.</summary>
    public Action<SeenRequest> Seen { get; set; } = _ => { };

    /// <summary>Called after each step that the engine stored.</summary>
    public Action Stepped { get; set; } = () => { };

    public static async Task<SimulatedWorld> CreateAsync(long seed)
    {
        var world = new SimulatedWorld(seed);
        foreach (var user in Cast.Added)
            await world.Tenant.AddUserAsync(user.Id, user.Name, user.Upn);
        foreach (var (device, name) in Cast.Devices.SkipLast(1))
            await world.Tenant.AddMachineAsync(device, name);
        foreach (var mail in Cast.Mails)
            world.mails.Add(
                (
                    await world.Tenant.DeliverAsync(
                        mail.Owner,
                        $"Invoice {mail.NetworkId[^2..]}",
                        "billing@evil.example",
                        mail.InternetId,
                        mail.NetworkId
                    ),
                    mail
                )
            );
        await world.BootAsync();
        return world;
    }

    /// <summary>The earliest moment at which something is due by itself.</summary>
    public DateTimeOffset? NextDue()
    {
        var due = Earliest(Machine.Engine.NextDue, Clock.NextDue);
        foreach (var request in late)
            due = Earliest(due, request.Due);
        return due;
    }

    /// <summary>Works until nothing is left to do now; a machine that dies is replaced.</summary>
    public async Task SettleAsync()
    {
        for (var tries = 0; ; tries++)
        {
            if (tries > MostTries)
                throw new InvalidOperationException($"The simulated pipeline does not come to rest at {Clock.GetUtcNow():O}.");
            await ActLateAsync();
            try
            {
                await Machine.RunUntilIdleAsync();
                if (!life.IsDead)
                    return;
            }
            catch (Exception e) when (Is<StorageDownException>(e) && !life.IsDead)
            {
                Clock.Advance(ShortWait);
                continue;
            }
            catch (Exception e) when (life.IsDead || Is<MachineDiedException>(e))
            {
                // What it threw on its way out does not matter.
            }
            Deaths++;
            gone = true;
            await Machine.DisposeAsync();
            await BootAsync();
            gone = false;
        }
    }

    /// <summary>Sends a message to the queue of alerts.</summary>
    public Task SendAsync(byte[] body, string messageId) =>
        queues.Find(LocalMachine.AlertsQueue)!.SendAsync(new OutgoingMessage { Body = body, MessageId = messageId });

    public int DeadLetters => queues.Find(LocalMachine.AlertsQueue)!.Counts.DeadLettered;

    public IEnumerable<string> DeadLetterIds => queues.Find(LocalMachine.AlertsQueue)!.PeekDeadLetters().Select(m => m.MessageId);

    /// <summary>Calls an HTTP function as a signed-in person; a machine that dies on the way answers 500.</summary>
    public async Task<(int Status, JsonNode? Body)> CallAsync(
        string function,
        string? by,
        object? body = null,
        IEnumerable<(string, string)>? route = null,
        string query = ""
    )
    {
        var http = Request(by, body, route, query);
        try
        {
            var found = Machine.Services.GetRequiredService<FunctionCatalog>().Http.First(f => f.Name == function);
            var result = await found.Invoker.InvokeAsync(
                new Invocation(Machine.Services, CancellationToken.None) { InScope = true, Http = http }
            );
            return result switch
            {
                ObjectResult o => (o.StatusCode ?? 200, JsonSerializer.SerializeToNode(o.Value, JsonSerializerOptions.Web)),
                StatusCodeResult s => (s.StatusCode, null),
                _ => (500, null),
            };
        }
#pragma warning disable CA1031 // A host answers 500 to whatever its function throws.
        catch (Exception)
#pragma warning restore CA1031
        {
            return (500, null);
        }
    }

    /// <summary>Immutable ids of the cast's messages.</summary>
    public IReadOnlyList<(string Id, CastMail Mail)> Mails => mails;

    /// <summary>Looks without being hit by any fault.</summary>
    public async Task<T> LookAsync<T>(Func<Task<T>> look)
    {
        Trouble.Silent = true;
        try
        {
            return await look();
        }
        finally
        {
            Trouble.Silent = false;
        }
    }

    /// <summary>Delivers the latest external events again, the newest first.</summary>
    public async Task RaiseAgainAsync(int last)
    {
        foreach (var e in Raised.TakeLast(last).Reverse().ToList())
        {
            try
            {
                await Machine.Client.RaiseEventAsync(e.Instance, e.Name, JsonNode.Parse(e.Input));
                Trouble.Count("events");
            }
            catch (Exception e2) when (e2 is MachineDiedException or StorageDownException or InvalidOperationException)
            {
                // The one who sent it again does not hear either.
            }
        }
    }

    /// <summary>Sends a request to the tenant as somebody other than the pipeline.</summary>
    public async Task<TenantResponse> OutsideAsync(string method, string path, JsonNode? body = null)
    {
        var before = Tenant.Journal.Count;
        var bytes = body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body);
        var answer = await Tenant.HandleAsync(
            new TenantRequest(method, path, path.StartsWith("/arm", StringComparison.Ordinal) ? "api-version=2024-09-01" : "", bytes)
            {
                Authorization = "Bearer outside",
                Prefer = "IdType=\"ImmutableId\"",
            }
        );
        Seen(
            new SeenRequest(
                Clock.GetUtcNow(),
                "outside",
                method,
                path,
                body?.ToJsonString() ?? "",
                answer.Status,
                "",
                SeamTransport.Since(Tenant, before)
            )
        );
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        if (!gone)
            await Machine.DisposeAsync();
        await queues.DisposeAsync();
        await Tenant.DisposeAsync();
        key.Dispose();
    }

    private static bool Is<T>(Exception e)
        where T : Exception => e is T || (e.InnerException is { } inner && Is<T>(inner));

    private static DateTimeOffset? Earliest(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b : a;

    private async Task ActLateAsync()
    {
        foreach (var request in late.Where(l => l.Due <= Clock.GetUtcNow()).OrderBy(l => l.Due).ToList())
        {
            late.Remove(request);
            await transport.ActAsync(request);
        }
    }

    private static DefaultHttpContext Request(string? by, object? body, IEnumerable<(string, string)>? route, string query)
    {
        var http = new DefaultHttpContext();
        var bytes = body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body, JsonSerializerOptions.Web);
        http.Request.Body = new MemoryStream(bytes);
        http.Request.ContentLength = bytes.Length;
        http.Request.QueryString = new QueryString(query);
        foreach (var (name, value) in route ?? [])
            http.Request.RouteValues[name] = value;
        if (by is not null)
            http.User = new ClaimsPrincipal(
                new ClaimsIdentity(
                    [new Claim("oid", by), new Claim("name", string.Create(CultureInfo.InvariantCulture, $"person {by[^2..]}"))],
                    "simulated"
                )
            );
        return http;
    }
}

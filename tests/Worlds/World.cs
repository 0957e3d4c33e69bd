using System.Net.Http.Json;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.Limits;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tenant;
using IRFunctions.Local.Time;
using IRFunctions.Record;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Worlds;

/// <summary>
/// The whole pipeline under virtual time, single-threaded: what a test sends is worked off when it says so, and a day passes in
/// milliseconds.
/// </summary>
internal sealed partial class World : IAsyncDisposable
{
    public const string Adele = "00000000-0000-4000-8000-0000000000a1";
    public const string Megan = "00000000-0000-4000-8000-0000000000a2";
    public const string Synced = "00000000-0000-4000-8000-0000000000a5";
    public const string Alex = "00000000-0000-4000-8000-0000000000b1";
    public const string Sam = "00000000-0000-4000-8000-0000000000b2";
    public const string Morgan = "00000000-0000-4000-8000-0000000000b3";
    public const string Outsider = "00000000-0000-4000-8000-0000000000a2";

    private readonly HttpClient tenant;

    private World(LocalMachine machine, VirtualTimeProvider time)
    {
        Machine = machine;
        Time = time;
        tenant = new HttpClient(new TenantHttpHandler(machine.Tenant)) { BaseAddress = new Uri("http://127.0.0.1/") };
        tenant.DefaultRequestHeaders.Authorization = new("Bearer", "test");
    }

    public LocalMachine Machine { get; }

    public VirtualTimeProvider Time { get; }

    public DurableTaskClient Client => Machine.Client;

    public static async Task<World> CreateAsync(
        Func<MachineOptions, MachineOptions>? change = null,
        VirtualTimeProvider? time = null,
        Action<IServiceCollection>? replace = null
    )
    {
        time ??= NewClock();
        var options = Options(time);
        var services = new ServiceCollection();
        LocalMachine.Register(services, change?.Invoke(options) ?? options);
        replace?.Invoke(services); // The last registration of a service is the one that is used.
        return new World(await LocalMachine.CreateAsync(services.BuildServiceProvider()), time);
    }

    /// <summary>Of a machine that somebody else built, as a server does.</summary>
    public static World Of(LocalMachine machine, VirtualTimeProvider time) => new(machine, time);

    /// <summary>What every machine of the tests starts from: the shipped policy, everything in memory.</summary>
    public static MachineOptions Options(TimeProvider time) =>
        new() { Time = time, PolicyFolder = Path.Combine(AppContext.BaseDirectory, "policies") };

    /// <summary>3 AM, while the shipped policy is in force.</summary>
    public static VirtualTimeProvider NewClock() => new(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));

    /// <summary>Puts a message on the queue; <see cref="RunAsync"/> works it off.</summary>
    public Task SendAsync(JsonNode alert, string? messageId = null) => SendAsync(Encoding.UTF8.GetBytes(alert.ToJsonString()), messageId);

    public Task SendAsync(byte[] body, string? messageId = null) =>
        Machine.Alerts.SendAsync(new OutgoingMessage { Body = body, MessageId = messageId ?? Guid.NewGuid().ToString() });

    public Task RunAsync() => Machine.RunUntilIdleAsync();

    public Task PassAsync(TimeSpan time) => Machine.AdvanceAsync(time);

    /// <summary>What the tenant answers to a GET: "itsm/tickets", "pager/pages".</summary>
    public async Task<JsonNode> TenantAsync(string path) => (await tenant.GetFromJsonAsync<JsonNode>(path))!;

    public async Task<bool> CanSignInAsync(string user) =>
        (await tenant.GetFromJsonAsync<JsonElement>($"graph/v1.0/users/{user}?$select=id,accountEnabled"))
            .GetProperty("accountEnabled")
            .GetBoolean();

    /// <summary>Somebody other than the pipeline changes an account.</summary>
    public async Task SwitchAccountAsync(string user, bool enabled)
    {
        using var answer = await tenant.PatchAsJsonAsync($"graph/v1.0/users/{user}", new { accountEnabled = enabled });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Somebody other than the pipeline removes a secret of an application.</summary>
    public async Task RemoveKeyAsync(string application, string key)
    {
        using var answer = await tenant.PostAsJsonAsync($"graph/v1.0/applications/{application}/removePassword", new { keyId = key });
        answer.EnsureSuccessStatusCode();
    }

    public async Task<IReadOnlyList<(string Id, ApprovalView View)>> PendingAsync()
    {
        var found = new List<(string, ApprovalView)>();
        await foreach (
            var i in Client.GetAllInstancesAsync(
                new OrchestrationQuery
                {
                    InstanceIdPrefix = "approval-",
                    Statuses = [OrchestrationRuntimeStatus.Running],
                    FetchInputsAndOutputs = true,
                }
            )
        )
            if (await ViewAsync(i.InstanceId) is { } view)
                found.Add((i.InstanceId, view));
        return found;
    }

    /// <summary>What people see of a request.</summary>
    public Task<ApprovalView?> ViewAsync(string request) =>
        Machine.Services.GetRequiredService<ApprovalRegister>().ViewAsync(request, CancellationToken.None);

    /// <summary>Answers through the HTTP function, as a signed-in person would. Returns the HTTP status.</summary>
    public async Task<int> AnswerAsync(
        string request,
        string? by,
        string decision,
        string reason = "looked at it",
        string? actionHash = null
    )
    {
        var api = ActivatorUtilities.CreateInstance<ApprovalsApi>(Machine.Services);
        return StatusOf(
            await api.AnswerAsync(
                Request(
                    by,
                    new
                    {
                        decision,
                        reason,
                        actionHash,
                    }
                ),
                request,
                Client,
                CancellationToken.None
            )
        );
    }

    public async Task<int> ChangeAsync(
        string containment,
        string change,
        string? by = Alex,
        string? reason = "looked at it",
        double? hours = null
    )
    {
        var api = ActivatorUtilities.CreateInstance<ContainmentsApi>(Machine.Services);
        return StatusOf(await api.ChangeAsync(Request(by, new { reason, hours }), containment, change, Client, CancellationToken.None));
    }

    public async Task<int> StopAsync(bool engage, string? by = Alex)
    {
        var api = ActivatorUtilities.CreateInstance<StopApi>(Machine.Services);
        var request = Request(by, new { reason = "something is off" });
        return StatusOf(
            engage
                ? await api.EngageAsync(request, Client, CancellationToken.None)
                : await api.LiftAsync(request, Client, CancellationToken.None)
        );
    }

    public async Task<IReadOnlyList<IncidentView>> IncidentsAsync()
    {
        var found = new List<IncidentView>();
        await foreach (
            var i in Client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = "incident-", FetchInputsAndOutputs = true })
        )
        {
            Assert.True(
                i.RuntimeStatus is OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Completed,
                $"{i.InstanceId} is {i.RuntimeStatus}: {i.FailureDetails?.ErrorMessage}"
            );
            var number = i.InstanceId.Split('-') is [_, _, var n] ? int.Parse(n, System.Globalization.CultureInfo.InvariantCulture) : 1;
            // One that has only begun shows nothing yet.
            var shown = await Machine
                .Services.GetRequiredService<IncidentTable>()
                .FindAsync(string.Join('-', i.InstanceId.Split('-').Take(2)), number, CancellationToken.None);
            if (i.RuntimeStatus == OrchestrationRuntimeStatus.Completed)
                Assert.Equal(Json(i.ReadOutputAs<IncidentView>()!), Json(shown!));
            if (shown is not null)
                found.Add(shown);
        }
        return found;
    }

    public async Task<IReadOnlyList<(string Id, RollbackState State)>> ContainmentsAsync()
    {
        var found = new List<(string, RollbackState)>();
        await foreach (
            var e in Client.Entities.GetAllEntitiesAsync<RollbackState>(new EntityQuery { InstanceIdStartsWith = "@scheduledrollback@" })
        )
            found.Add((e.Id.Key, e.State));
        return found;
    }

    public async Task<RollbackState> ContainmentOfAsync(string user) =>
        (await ContainmentsAsync())
            .Single(c => c.Id == ScheduledRollback.KeyOf("disable_user_account_temporarily", new Target("account", user, "")))
            .State;

    public static string DisableOf(string user) =>
        ScheduledRollback.KeyOf("disable_user_account_temporarily", new Target("account", user, ""));

    /// <summary>An incident's record; asserts that its chain is whole.</summary>
    public async Task<IReadOnlyList<AuditEntry>> RecordAsync(string incident)
    {
        var chain = await Machine.Audit.ReadAsync(incident);
        Assert.Empty(AuditEntry.Check(chain));
        return chain;
    }

    public async Task<IReadOnlyList<string>> KindsAsync(string incident) => [.. (await RecordAsync(incident)).Select(e => e.Kind)];

    /// <summary>Changes of state that reached the tenant.</summary>
    public IReadOnlyList<TenantEffect> Effects(string effect, string? target = null) =>
        [.. Machine.Tenant.Journal.Of(effect, target).Where(e => e.Changed)];

    public async ValueTask DisposeAsync()
    {
        tenant.Dispose();
        await Machine.DisposeAsync();
    }

    private static int StatusOf(IActionResult result) =>
        result switch
        {
            ObjectResult o => o.StatusCode ?? 200,
            StatusCodeResult s => s.StatusCode,
            _ => throw new InvalidOperationException(result.GetType().Name),
        };

    public static HttpRequest Request(string? by, object body)
    {
        var http = new DefaultHttpContext();
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, JsonSerializerOptions.Web);
        http.Request.Body = new MemoryStream(bytes);
        http.Request.ContentLength = bytes.Length;
        if (by is not null)
            http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("oid", by), new Claim("name", $"person {by[^2..]}")], "test"));
        return http.Request;
    }
}

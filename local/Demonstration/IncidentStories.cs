using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Agents;
using IRFunctions.Approvals;
using IRFunctions.Decisions;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Machine;
using IRFunctions.Local.Tenant;
using IRFunctions.Local.Time;
using IRFunctions.Record;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Demonstration;

/// <summary>
/// Short stories about how identities behave, in virtual time, every word read from the pipeline's record: `story stolen-principal`,
/// `shared-account`, `leaked-key` and `own-disable`.
/// </summary>
internal sealed class IncidentStories : IAsyncDisposable
{
    private const string Payroll = TenantSeed.PayrollPrincipal;
    private readonly LocalMachine machine;
    private readonly VirtualTimeProvider time;
    private readonly string samples;
    private readonly Action<string> tell;
    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    private IncidentStories(LocalMachine machine, VirtualTimeProvider time, string samples, Action<string> tell) =>
        (this.machine, this.time, this.samples, this.tell) = (machine, time, samples, tell);

    public LocalMachine Machine => machine;

    public static async Task<IncidentStories> OpenAsync(
        string policies,
        string samples,
        Action<string> tell,
        Func<MachineOptions, MachineOptions>? change = null
    )
    {
        var time = new VirtualTimeProvider(new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero));
        var options = new MachineOptions { Time = time, PolicyFolder = policies };
        return new IncidentStories(await LocalMachine.CreateAsync(change?.Invoke(options) ?? options), time, samples, tell);
    }

    /// <summary>A new key is used from another country for Microsoft Graph; the secret is removed after an approval.</summary>
    public async Task StolenPrincipalAsync()
    {
        await machine.Tenant.AddAuditAsync("Add service principal credentials", TenantSeed.Megan, Payroll, Ago(2));
        foreach (var (resource, country, hours) in new[] { ("Payroll API", "CH", 300.0), ("Microsoft Graph", "NL", 0.4) })
            await machine.Tenant.AddLogRowAsync(
                "EntraIdSpnSignInEvents",
                Ago(hours),
                new JsonObject
                {
                    ["ServicePrincipalId"] = Payroll,
                    ["ResourceDisplayName"] = resource,
                    ["IPAddress"] = "198.51.100.20",
                    ["Country"] = country,
                    ["ErrorCode"] = 0,
                }
            );
        await SendAsync("stolen-1", "Anomalous token of an application", "Medium", Application());
        await TellDecisionsAsync();
        await ApproveAsync();
        await TellEndAsync();
    }

    /// <summary>Five devices sign in with one account: it is shared, so two people decide.</summary>
    public async Task SharedAccountAsync()
    {
        for (var device = 1; device <= 5; device++)
            await machine.Tenant.AddLogRowAsync(
                "EntraIdSignInEvents",
                Ago(device),
                new JsonObject
                {
                    ["AccountObjectId"] = TenantSeed.Megan,
                    ["IPAddress"] = "203.0.113.10",
                    ["Country"] = "CH",
                    ["EntraIdDeviceId"] = $"device-{device}",
                    ["SessionId"] = $"session-{device}",
                    ["ErrorCode"] = 0,
                }
            );
        await SendAsync("shared-1", "Unfamiliar sign-in properties", "High", Account(TenantSeed.Megan));
        await TellDecisionsAsync();
        await ApproveAsync();
        await TellEndAsync();
    }

    /// <summary>Secret scanning finds an agent's key in public: its breaker opens, the playbook runs, the gate denies.</summary>
    public async Task LeakedKeyAsync()
    {
        const string agent = "trading-agent"; // registered in policies/identities.yaml
        var batch = new ActivityBatch(agent, "ai_agent", "secret-scanning", 1, [])
        {
            Exposures = [new KeyExposure(time.GetUtcNow().AddMinutes(-4), "key-of-the-agent", "a public repository")],
        };
        await machine.Activity.SendAsync(
            new OutgoingMessage
            {
                Body = JsonSerializer.SerializeToUtf8Bytes(batch, JsonSerializerOptions.Web),
                SessionId = agent,
                MessageId = "leak-1",
            }
        );
        await machine.RunUntilIdleAsync();
        await machine.AdvanceAsync(TimeSpan.FromSeconds(2));
        var answer = await machine
            .Services.GetRequiredService<Gate>()
            .EvaluateAsync(agent, new GateRequest("GET /quotes", IdentityType: "ai_agent"), machine.Client);
        Say($"The gate says {answer.Verdict} to the agent: {answer.Reason}.");
        await TellDecisionsAsync();
        await TellEndAsync();
    }

    /// <summary>We disable an account; minutes later a monitor says that its owner's application fails. That is our own echo.</summary>
    public async Task OwnDisableAsync()
    {
        const string client = "00000000-0000-4000-8000-000000000302";
        await machine.Tenant.AddPrincipalAsync(
            "00000000-0000-4000-8000-000000000301",
            client,
            "Megan's mailing",
            "Application",
            TenantSeed.Megan
        );
        await SendAsync("disable-1", "Unfamiliar sign-in properties", "High", Account(TenantSeed.Megan));
        await TellDecisionsAsync();
        await ApproveAsync();
        await TellEndAsync();
        await machine.AdvanceAsync(TimeSpan.FromMinutes(10));
        Say("Ten minutes later monitoring reports that an application fails.");
        await SendAsync("monitor-1", "Suspicious sign-in failures of an application", "Medium", Application(client, "Megan's mailing"));
        await TellDecisionsAsync();
        await TellEndAsync();
    }

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    private DateTimeOffset Ago(double hours) => time.GetUtcNow().AddHours(-hours);

    private void Say(string text) => tell($"{time.GetUtcNow():HH:mm:ss}  {text}");

    private static Dictionary<string, string> Account(string id) => new() { ["Type"] = "account", ["AadUserId"] = id };

    private static Dictionary<string, string> Application(string client = TenantSeed.PayrollAppId, string name = "Payroll export") =>
        new()
        {
            ["Type"] = "cloud-application",
            ["AppId"] = client,
            ["Name"] = name,
        };

    private async Task SendAsync(string id, string title, string severity, Dictionary<string, string> entity)
    {
        var alert = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(samples, "securityalert-row-malicious-machine.json")))!;
        alert["SystemAlertId"] = id;
        alert["AlertName"] = title;
        alert["AlertDisplayName"] = title;
        alert["AlertType"] = title;
        alert["Description"] = title;
        alert["Severity"] = severity;
        entity["$id"] = "1";
        alert["Entities"] = JsonSerializer.Serialize(new[] { entity });
        await machine.Alerts.SendAsync(new OutgoingMessage { Body = JsonSerializer.SerializeToUtf8Bytes(alert), MessageId = id });
        Say($"Alert: {title}.");
        await machine.RunUntilIdleAsync();
    }

    /// <summary>Approves everything that is asked, by as many people as it needs.</summary>
    private async Task ApproveAsync()
    {
        string[] people = [TenantSeed.Alex, TenantSeed.Sam, TenantSeed.Morgan];
        await foreach (
            var instance in machine.Client.GetAllInstancesAsync(
                new OrchestrationQuery { InstanceIdPrefix = "approval-", Statuses = [OrchestrationRuntimeStatus.Running] }
            )
        )
        {
            var register = machine.Services.GetRequiredService<ApprovalRegister>();
            if (await register.ViewAsync(instance.InstanceId, CancellationToken.None) is not { } view)
                continue;
            var decision = view.Request.Decision;
            Say($"{decision.Quorum} {(decision.Quorum == 1 ? "person has" : "people have")} to approve {decision.Action}.");
            await machine.AdvanceAsync(TimeSpan.FromMinutes(6)); // the second rung is asked after five minutes
            foreach (var person in people.Take(decision.Quorum))
                await AnswerAsync(instance.InstanceId, person, view.Request.ActionHash);
        }
        await machine.RunUntilIdleAsync();
    }

    private async Task AnswerAsync(string request, string person, string hash)
    {
        var api = ActivatorUtilities.CreateInstance<ApprovalsApi>(machine.Services);
        var http = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                decision = "approve",
                reason = "looked at it",
                actionHash = hash,
            },
            JsonSerializerOptions.Web
        );
        http.Request.Body = new MemoryStream(body);
        http.Request.ContentLength = body.Length;
        http.User = new(new System.Security.Claims.ClaimsIdentity([new("oid", person), new("name", person)], "story"));
        await api.AnswerAsync(http.Request, request, machine.Client, CancellationToken.None);
        await machine.RunUntilIdleAsync();
    }

    private Task TellDecisionsAsync() =>
        TellAsync(e =>
        {
            if (e.Kind != AuditKinds.Decided)
                return;
            var decision = JsonSerializer.Deserialize<Decision>(e.Data!, JsonSerializerOptions.Web)!;
            if (decision.Target.Kind == "alert" && decision.Reasons.All(r => r.Rule != "cascade"))
                return;
            Say($"Decided: {decision.Kind.ToString().ToLowerInvariant()} {decision.Action} on {decision.Target.Display}.");
            foreach (var reason in decision.Reasons.Where(r => r.Rule is "signal" or "risk" or "playbook" or "cascade" or "registered"))
                tell($"            {reason.Rule}: {reason.Text}");
        });

    private Task TellEndAsync() =>
        TellAsync(e =>
        {
            if (
                e.Kind is AuditKinds.Outcome
                || e.Kind.StartsWith("breaker", StringComparison.Ordinal)
                || e.Kind is "executed" or "verified"
            )
                Say($"On the record, {e.Kind}: {(e.Text.Length > 160 ? e.Text[..160] + "…" : e.Text)}");
        });

    /// <summary>Every entry once, oldest first.</summary>
    private async Task TellAsync(Action<AuditEntry> telling)
    {
        var chains = new List<string> { BreakerKinds.ChainOf("trading-agent") };
        await foreach (var i in machine.Client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = "incident-" }))
            chains.Add(string.Join('-', i.InstanceId.Split('-').Take(2)));
        foreach (var chain in chains.Distinct())
        foreach (var entry in await machine.Audit.ReadAsync(chain))
            if (told.Add($"{telling.Method.Name}{chain}{entry.Sequence}"))
                telling(entry);
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Core.Amqp;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using IRFunctions.Agents;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Incidents;
using IRFunctions.Local.Tenant;
using IRFunctions.Tests.RealWorker.Rpc;
using Microsoft.DurableTask.Protobuf;

namespace IRFunctions.Tests.RealWorker;

/// <summary>Triggers: HTTP through the worker's own endpoint, timers, messages.</summary>
public abstract partial class WorkerContract
{
    /// <summary>Who may call without being signed in, and what they get.</summary>
    private static readonly Dictionary<string, HttpStatusCode> OpenDoors = new()
    {
        ["GetOpenApi"] = HttpStatusCode.OK, // Tells nothing that the source does not.
        ["GetConsoleAsset"] = HttpStatusCode.OK, // Scripts and styles are the same for everybody and contain nothing.
    };

    public static TheoryData<string> Timers => [.. ExpectedFunctions.OfKind("timerTrigger")];

    public static TheoryData<string> Endpoints => [.. ExpectedFunctions.OfKind("httpTrigger")];

    [Fact]
    public async Task Health_is_answered_through_the_worker_s_own_endpoint()
    {
        var health = await HealthAsync(HttpStatusCode.OK);
        Assert.Equal(("healthy", "readable", "readable"), (Text(health, "status"), Text(health, "record"), Text(health, "durable")));
    }

    [Fact]
    public async Task Health_says_so_where_the_durable_state_cannot_be_read()
    {
        using var outage = host.Hub.Fail();
        var health = await HealthAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Equal(
            ("unhealthy", "readable", "not readable (RpcException)"),
            (Text(health, "status"), Text(health, "record"), Text(health, "durable"))
        );
    }

    [Fact]
    public async Task There_is_no_heartbeat_while_the_durable_state_cannot_be_read()
    {
        using var outage = host.Hub.Fail();
        await Every_timer_runs("Heartbeat");
        Assert.Contains(
            host.Stream.Logs,
            l => l.Message.StartsWith("no heartbeat", StringComparison.Ordinal) && l.Level == RpcLog.Types.Level.Error
        );
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Nobody_gets_in_without_signing_in(string function)
    {
        var answer = await SendAsync(function);
        if (function == "GetHealth")
            await HealthAsync(HttpStatusCode.OK); // It may still tell of an outage in another test.
        else
            Assert.Equal(OpenDoors.GetValueOrDefault(function, HttpStatusCode.Unauthorized), answer.StatusCode);
    }

    [Fact]
    public async Task A_person_whom_App_Service_signed_in_is_let_in()
    {
        await RunAsync(nameof(AlertActivities.ShowIncident), new ShownIncident(Orders.Incident(Id("listed")), 1));
        var answer = await SendAsync("GetIncidents", TenantSeed.Alex);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(Id("listed"), await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Timers))]
    public async Task Every_timer_runs(string function)
    {
        var info = new
        {
            Schedule = new { AdjustForDST = true },
            ScheduleStatus = new
            {
                Last = default(DateTime),
                Next = default(DateTime),
                LastUpdated = default(DateTime),
            },
            IsPastDue = false,
        };
        AssertSuccess((await host.InvokeAsync(function, new TypedData { Json = JsonSerializer.Serialize(info) })).Result);
    }

    [Fact]
    public async Task The_heartbeat_writes_its_line_to_the_host_s_log()
    {
        await Every_timer_runs("Heartbeat");
        var line = Assert.Single(
            host.Stream.Logs.Where(l => l.Message.StartsWith("heartbeat: policy", StringComparison.Ordinal)).DistinctBy(l => l.Message)
        );
        Assert.Equal(("IRFunctions.Health.Heartbeat", RpcLog.Types.Level.Information), (line.Category, line.Level));
    }

    [Fact]
    public async Task The_drill_timer_starts_a_drill_of_each_designated_target()
    {
        await Every_timer_runs("RehearseRollbacks");
        var start = host.Hub.Starts[^1];
        Assert.Equal(nameof(DrillOrchestrator), start.Name);
        Assert.Equal(WorkerSettings.DrillAccount, JsonSerializer.Deserialize<DrillTarget>(start.Input, PayloadJson.Options)!.Target.Id);
    }

    [Fact]
    public async Task An_approver_s_answer_reaches_the_orchestration_that_asked()
    {
        var id = $"{ApprovalView.InstancePrefix}{Id("answered")}";
        var view = Orders.View("incident-1");
        host.Hub.PutInstance(
            new OrchestrationState
            {
                InstanceId = id,
                Name = nameof(ApprovalOrchestrator),
                OrchestrationStatus = OrchestrationStatus.Running,
                CustomStatus = Durable.Json(view),
                CreatedTimestamp = Timestamp.FromDateTimeOffset(view.AskedAt),
                LastUpdatedTimestamp = Timestamp.FromDateTimeOffset(view.AskedAt),
            }
        );
        await RunAsync(nameof(ApprovalActivities.AskApprovers), new AskInput(id, view));

        var answer = await SendAsync("AnswerApproval", TenantSeed.Alex, id, new { decision = "approve", reason = "looked at it" });
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var raised = Assert.Single(host.Hub.Events, e => e.InstanceId == id);
        Assert.Equal(ApprovalView.EventName(1, 0), raised.Name);
        Assert.Equal(
            (TenantSeed.Alex, true),
            (
                JsonSerializer.Deserialize<ApprovalAnswer>(raised.Input, PayloadJson.Options)!.By,
                JsonSerializer.Deserialize<ApprovalAnswer>(raised.Input, PayloadJson.Options)!.Approve
            )
        );
    }

    [Fact]
    public async Task An_alert_is_at_its_incident_s_door_before_its_message_is_completed()
    {
        var token = Guid.NewGuid();
        AssertSuccess((await host.InvokeAsync("AlertIntake", Message(token, "message-1", Orders.AlertBytes))).Result);

        Assert.Equal(new Settled("complete", token.ToString()), Assert.Single(host.Settlements.Of(token.ToString())));
        var signal = host.Hub.Signals.Last(s => s.Name == nameof(IncidentRegister.Arrive));
        Assert.Equal($"@incidentregister@{Correlation.IncidentKey(Orders.Alert)}", signal.InstanceId);
        var arrival = JsonSerializer.Deserialize<Arrival>(signal.Input, PayloadJson.Options)!;
        Assert.Equal((Orders.Alert.Id, "message-1:17"), (arrival.Alert.Id, arrival.Message));
        Assert.All(host.Hub.Hubs, h => Assert.Equal("irfunctions", h));
    }

    [Fact]
    public async Task What_is_no_alert_goes_to_the_dead_letter_queue_with_the_reason()
    {
        var token = Guid.NewGuid();
        AssertSuccess((await host.InvokeAsync("AlertIntake", Message(token, "message-2", "no alert"u8.ToArray()))).Result);
        var settled = Assert.Single(host.Settlements.Of(token.ToString()));
        Assert.Equal("dead-letter", settled.How);
        Assert.False(string.IsNullOrEmpty(settled.Reason));
        Assert.Contains("JSON", settled.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_of_activity_reaches_its_breaker()
    {
        var (token, identity) = (Guid.NewGuid(), Id("agent"));
        var batch = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                identity,
                identityType = "ai_agent",
                source = "gateway",
                sequence = 1,
                events = new[] { new { time = TimeProvider.System.GetUtcNow(), endpoint = "GET /quotes" } },
            }
        );
        AssertSuccess((await host.InvokeAsync("ActivityIntake", Message(token, "message-3", batch, session: identity))).Result);
        Assert.Equal(new Settled("complete", token.ToString()), Assert.Single(host.Settlements.Of(token.ToString())));
        Assert.Equal(nameof(CircuitBreaker.Observe), host.Hub.Signals.Single(s => s.InstanceId == $"@circuitbreaker@{identity}").Name);
    }

    /// <summary>A message as the Service Bus extension sends it: the lock token, then the message in AMQP's own encoding.</summary>
    private static TypedData Message(Guid lockToken, string id, byte[] body, string? session = null)
    {
        var amqp = new AmqpAnnotatedMessage(AmqpMessageBody.FromData([body]));
        amqp.Properties.MessageId = new AmqpMessageId(id);
        amqp.Properties.GroupId = session;
        amqp.MessageAnnotations["x-opt-sequence-number"] = 17L;
        return new TypedData
        {
            ModelBindingData = new ModelBindingData
            {
                Version = "1.0",
                Source = "AzureServiceBusReceivedMessage",
                ContentType = "application/octet-stream",
                Content = ByteString.CopyFrom([.. lockToken.ToByteArray(), .. amqp.ToBytes().ToArray()]),
            },
        };
    }

    /// <summary>Health as it is once it has this status: what it saw last stands for some seconds.</summary>
    private async Task<JsonElement> HealthAsync(HttpStatusCode status)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (true)
        {
            using var answer = await SendAsync("GetHealth");
            if (answer.StatusCode == status)
                return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
            await again.WaitForNextTickAsync(late.Token);
        }
    }

    /// <summary>Calls a function by its route and method, as nobody or as a person whom App Service has signed in.</summary>
    private Task<HttpResponseMessage> SendAsync(string function, string? signedIn = null, string id = "some-id", object? body = null)
    {
        var trigger = ExpectedFunctions.Trigger(function);
        var route = new Dictionary<string, string>();
        var path = RouteValue()
            .Replace(
                (string)trigger["route"]!,
                part =>
                    route[part.Groups["name"].Value] = part.Groups["name"].Value switch
                    {
                        "version" => "1",
                        "ignored" => "",
                        "view" => "home",
                        "file" => "console.js",
                        "change" => "release",
                        _ => id,
                    }
            );
        var request = new HttpRequestMessage(new HttpMethod((string)trigger["methods"]![0]!), $"/{path}");
        if (body is not null)
            request.Content = JsonContent.Create(body);
        if (signedIn is not null)
        {
            var principal = new JsonObject { ["claims"] = new JsonArray(new JsonObject { ["typ"] = "oid", ["val"] = signedIn }) };
            request.Headers.Add("X-MS-CLIENT-PRINCIPAL", Convert.ToBase64String(Encoding.UTF8.GetBytes(principal.ToJsonString())));
        }
        return host.SendAsync(function, request, route);
    }

    [GeneratedRegex(@"\{(?<name>\w+)(:[\w()]+)?\??\}")]
    private static partial Regex RouteValue();

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}

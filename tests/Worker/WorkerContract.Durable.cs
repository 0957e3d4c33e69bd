using System.Text.Json;
using IRFunctions.Agents;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.Limits;
using IRFunctions.Local.Tenant;
using IRFunctions.Recording;
using Microsoft.DurableTask.Protobuf;

namespace IRFunctions.Tests.RealWorker;

/// <summary>Orchestrators and entities.</summary>
public abstract partial class WorkerContract
{
    /// <summary>Each orchestrator's input, and the activity it asks for first.</summary>
    private readonly Dictionary<string, (object Input, string First)> firstSteps = new()
    {
        [nameof(AlertOrchestrator)] = (new IncidentAlert("incident-1", 1, Orders.Alert, "hash"), nameof(AlertActivities.Classify)),
        [nameof(ApprovalOrchestrator)] = (Orders.Ask("incident-1"), nameof(RecordActivities.Record)),
        [nameof(ContainmentOrchestrator)] = (
            Orders.Order("order", Orders.Decision(Orders.WatchAddress, Orders.Address("203.0.113.9"))),
            nameof(ContainmentActivities.Prepare)
        ),
        [nameof(BreakerOrchestrator)] = (Orders.Change("agent-1", BreakerStatus.Open), nameof(RecordActivities.Record)),
        [nameof(DrillOrchestrator)] = (
            new DrillTarget(Orders.DisableAccount, Orders.Account(WorkerSettings.DrillAccount), []),
            nameof(ContainmentActivities.Capture)
        ),
        [nameof(ReminderOrchestrator)] = (
            new ReminderInput("key", "incident-1", Orders.WatchAddress, Orders.Address("203.0.113.9"), TimeProvider.System.GetUtcNow()),
            nameof(RecordActivities.Record)
        ),
        [nameof(ReadBackOrchestrator)] = (
            Orders.Undo("order", Orders.WatchAddress, Orders.Address("203.0.113.9"), Orders.Absent) with
            {
                UnsettledAt = TimeProvider.System.GetUtcNow(),
            },
            nameof(ContainmentActivities.ReadBack)
        ),
        [nameof(RollbackOrchestrator)] = (
            Orders.Undo("order", Orders.WatchAddress, Orders.Address("203.0.113.9"), Orders.Absent),
            nameof(RecordActivities.Record)
        ),
    };

    public static TheoryData<string> Orchestrators => [.. ExpectedFunctions.OfKind("orchestrationTrigger")];

    [Theory]
    [MemberData(nameof(Orchestrators))]
    public async Task Every_orchestrator_takes_its_first_step(string orchestrator)
    {
        var (input, first) = firstSteps[orchestrator];
        var response = await Durable.StepAsync(host, orchestrator, $"{orchestrator}-1", input);
        var action = Assert.Single(response.Actions);
        Assert.Equal(first, action.ScheduleTask?.Name);
        Assert.False(string.IsNullOrEmpty(action.ScheduleTask!.Input));
    }

    [Fact]
    public async Task An_orchestrator_goes_on_from_its_history()
    {
        var input = firstSteps[nameof(AlertOrchestrator)].Input;
        var assessment = Durable.Json(
            new AlertAssessment
            {
                Verdict = Verdict.TruePositive,
                Confidence = 90,
                Reasoning = "a test",
                By = AssessedBy.Model,
            }
        )!;
        var response = await Durable.StepAsync(
            host,
            nameof(AlertOrchestrator),
            "incident-1",
            input,
            [Durable.Scheduled(0, nameof(AlertActivities.Classify))],
            Durable.Completed(0, assessment)
        );
        Assert.Equal(nameof(AlertActivities.Decide), Assert.Single(response.Actions).ScheduleTask?.Name);
    }

    [Fact]
    public async Task A_request_for_approval_shows_itself_as_custom_status()
    {
        var response = await Durable.StepAsync(host, nameof(ApprovalOrchestrator), "approval-1", Orders.Ask("incident-1"));
        Assert.Equal(
            nameof(ApprovalState.Pending),
            JsonSerializer.Deserialize<JsonElement>(response.CustomStatus, PayloadJson.Options).GetProperty("state").GetString()
        );
    }

    [Fact]
    public async Task The_worker_reads_and_writes_the_one_JSON()
    {
        var stop = new StopOrder(TenantSeed.Alex, "\u3042 is <off>");
        var result = await Durable.BatchAsync(host, nameof(GlobalStop), "tenant", null, (nameof(GlobalStop.Engage), stop));
        Assert.Equal(PayloadJson.Converter.Serialize(State<GlobalStopState>(result)), result.EntityState);
        Assert.Contains("\"reason\":\"\u3042 is <off>\"", result.EntityState, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_global_stop_is_engaged()
    {
        var result = await Durable.BatchAsync(
            host,
            nameof(GlobalStop),
            "tenant",
            null,
            (nameof(GlobalStop.Engage), new StopOrder(TenantSeed.Alex, "something is off"))
        );
        var state = State<GlobalStopState>(result);
        Assert.Equal((true, TenantSeed.Alex, "something is off"), (state.Engaged, state.By, state.Reason));
    }

    [Fact]
    public async Task A_budget_gives_what_it_has_and_no_more()
    {
        var take = (nameof(RateLimit.TryTake), (object?)new Allowance(1, 10));
        var result = await Durable.BatchAsync(host, nameof(RateLimit), "tenant:all", null, take, take);
        Assert.Equal(["true", "false"], result.Results.Select(r => r.Success?.Result));
        Assert.Equal(1, Assert.Single(State<RateLimitState>(result).TakenByMinute).Value);
    }

    [Fact]
    public async Task A_breaker_opens_and_starts_what_follows()
    {
        var result = await Durable.BatchAsync(
            host,
            nameof(CircuitBreaker),
            "agent-1",
            null,
            (nameof(CircuitBreaker.Open), new BreakerOrder(TenantSeed.Alex, "a test"))
        );
        Assert.Equal(BreakerStatus.Open, State<BreakerState>(result).Status);
        Assert.Equal(
            nameof(BreakerOrchestrator),
            Assert.Single(result.Actions, a => a.StartNewOrchestration is not null).StartNewOrchestration.Name
        );
        Assert.Equal(nameof(CircuitBreaker.HalfOpenDue), Assert.Single(result.Actions, a => a.SendSignal is not null).SendSignal.Name);
    }

    [Fact]
    public async Task An_alert_s_arrival_starts_its_orchestration()
    {
        var arrival = new Arrival("alert-1", Orders.Alert, "hash", "message-1:17");
        var result = await Durable.BatchAsync(
            host,
            nameof(IncidentRegister),
            "incident-1",
            null,
            (nameof(IncidentRegister.Arrive), arrival),
            (nameof(IncidentRegister.Arrive), arrival),
            (nameof(IncidentRegister.Arrive), arrival with { Message = "message-2:18" })
        );
        var state = State<RegisterState>(result);
        Assert.Equal(("hash", 2), (state.PolicyHash, state.Arrivals["alert-1"])); // The redelivered message is no arrival.
        var start = Assert.Single(result.Actions).StartNewOrchestration;
        Assert.Equal((nameof(AlertOrchestrator), "incident-1"), (start.Name, start.InstanceId));
    }

    [Fact]
    public async Task A_hold_is_registered_with_its_timer()
    {
        var order = Orders.Order("order", Orders.Decision(Orders.WatchAddress, Orders.Address("203.0.113.9")));
        var key = ScheduledRollback.KeyOf(Orders.WatchAddress, order.Decision.Target);
        var result = await Durable.BatchAsync(
            host,
            nameof(ScheduledRollback),
            key,
            null,
            (nameof(ScheduledRollback.Hold), new PreparedOrder(order, Orders.Absent))
        );
        Assert.Equal(
            nameof(HoldAnswer.Registered),
            JsonSerializer.Deserialize<string>(Assert.Single(result.Results).Success.Result, PayloadJson.Options)
        );
        Assert.Equal((ContainmentStatus.Live, 1), (State<RollbackState>(result).Status, State<RollbackState>(result).Generation));
        Assert.NotNull(Assert.Single(result.Actions, a => a.SendSignal?.Name == nameof(ScheduledRollback.Expire)).SendSignal.ScheduledTime);
    }

    [Fact]
    public async Task A_turn_keeps_nothing_and_can_be_deleted()
    {
        var result = await Durable.BatchAsync(host, nameof(IRFunctions.Durable.Mutex), "shared", "1", ("delete", null));
        Assert.NotNull(Assert.Single(result.Results).Success);
        Assert.Null(result.EntityState);
    }

    [Fact]
    public async Task An_operation_that_does_not_exist_fails_by_itself()
    {
        var result = await Durable.BatchAsync(
            host,
            nameof(GlobalStop),
            "tenant",
            null,
            ("Nonsense", null),
            (nameof(GlobalStop.Engage), new StopOrder("who", "why"))
        );
        Assert.Contains("Nonsense", result.Results[0].Failure?.FailureDetails.ErrorMessage, StringComparison.Ordinal);
        Assert.True(State<GlobalStopState>(result).Engaged);
    }

    private static T State<T>(EntityBatchResult result) => JsonSerializer.Deserialize<T>(result.EntityState, PayloadJson.Options)!;
}

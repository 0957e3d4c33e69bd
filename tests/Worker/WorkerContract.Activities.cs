using System.Text.Json;
using IRFunctions.Agents;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.Limits;
using IRFunctions.Local.Tenant;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Tests.RealWorker;

/// <summary>Activities: each of them once, and the life of a containment through two different services.</summary>
public abstract partial class WorkerContract
{
    public static TheoryData<string> Activities => [.. ExpectedFunctions.OfKind("activityTrigger")];

    [Theory]
    [MemberData(nameof(Activities))]
    public async Task Every_activity_does_its_work(string activity)
    {
        var (input, check) = await CallOfAsync(activity);
        check(await RunAsync(activity, input));
    }

    [Fact]
    public async Task What_is_recorded_can_be_read_back_over_HTTP()
    {
        var incident = Id("recorded");
        await RunAsync(
            nameof(RecordActivities.Record),
            new RecordInput(incident, [new AuditFact("fact-1", AuditKinds.Received, "an alert came in", "pipeline")])
        );
        var chain = JsonSerializer.Deserialize<JsonElement>(
            await (await SendAsync("GetAudit", TenantSeed.Alex, incident)).Content.ReadAsStringAsync()
        );
        Assert.Equal("an alert came in", Text(Assert.Single(chain.GetProperty("entries").EnumerateArray()), "text"));
        Assert.Empty(chain.GetProperty("problems").EnumerateArray());
    }

    /// <summary>
    /// Microsoft Graph with the official client, and Azure Resource Manager: both with the token of the managed identity.
    /// </summary>
    [Theory]
    [InlineData(Orders.DisableAccount, "account", TenantSeed.Megan)]
    [InlineData(Orders.WatchAddress, "ip", "203.0.113.77")]
    public async Task A_containment_is_captured_done_seen_and_undone(string action, string kind, string id)
    {
        var target = new Target(kind, id, id);
        var decision =
            action == Orders.WatchAddress ? Orders.Decision(action, target) : Orders.Decision(action, target, DecisionKind.Ask, 2);
        var order = Orders.Order($"life-{action}", decision);
        order = order with { Grant = new Grant(ActionHash.Of(decision, order.Mail), [TenantSeed.Alex], TimeProvider.System.GetUtcNow()) };

        var prior = (await RunAsync(nameof(ContainmentActivities.Capture), order)).Deserialize<PriorState>(PayloadJson.Options)!;
        Assert.False(prior.AlreadySo);
        var step = new PreparedOrder(order, prior) { Until = Soon };
        Assert.NotEmpty((await RunAsync(nameof(ContainmentActivities.Probe), step)).GetString()!);
        Assert.True((await RunAsync(nameof(ContainmentActivities.Execute), step)).Deserialize<StepReport>(PayloadJson.Options)!.Done);
        Assert.True((await RunAsync(nameof(ContainmentActivities.Verify), step)).GetBoolean());
        Assert.True(
            (await RunAsync(nameof(ContainmentActivities.UndoEffect), Orders.Undo("life", action, target, prior)))
                .Deserialize<RollbackReport>(PayloadJson.Options)!
                .Restored
        );
        Assert.False((await RunAsync(nameof(ContainmentActivities.Verify), step)).GetBoolean());
    }

    [Fact]
    public async Task Nothing_begins_under_the_global_stop()
    {
        host.Hub.PutEntity("@globalstop@tenant", Durable.Json(new GlobalStopState { Engaged = true, Reason = "a test" })!);
        try
        {
            var order = Orders.Order("stopped", Orders.Decision(Orders.WatchAddress, Orders.Address("203.0.113.66")));
            var report = (
                await RunAsync(nameof(ContainmentActivities.Execute), new PreparedOrder(order, Orders.Absent))
            ).Deserialize<StepReport>(PayloadJson.Options)!;
            Assert.False(report.Done);
            Assert.Contains("halted by the global stop (a test)", report.Text, StringComparison.Ordinal);
        }
        finally
        {
            host.Hub.PutEntity("@globalstop@tenant", Durable.Json(new GlobalStopState())!);
        }
    }

    /// <summary>An activity's input, and what must hold of its result.</summary>
    private async Task<(object Input, Action<JsonElement> Check)> CallOfAsync(string activity)
    {
        var order = Orders.Order(activity, Orders.Decision(Orders.WatchAddress, Orders.Address("203.0.113.9")));
        var step = new PreparedOrder(order, Orders.Absent);
        var undo = Orders.Undo("1", Orders.WatchAddress, Orders.Address("203.0.113.9"), Orders.Absent);
        var (ask, news) = (
            new AskInput(Id("approval-1"), Orders.View("incident-1")),
            new HoldNews("key", ResultState.Reminder, "a test", null)
        );
        return activity switch
        {
            "EstimateContainment" => (
                order,
                r => Assert.StartsWith("nobody", r.Deserialize<Estimate>(PayloadJson.Options)!.Text, StringComparison.Ordinal)
            ),
            nameof(ContainmentActivities.Prepare) => (
                order,
                r => Assert.Equal("taking the entry off again is permitted", r.Deserialize<Preparation>(PayloadJson.Options)!.Reverse)
            ),
            nameof(ContainmentActivities.Capture) => (order, r => Assert.Equal("absent", r.GetProperty("value").GetString())),
            nameof(ContainmentActivities.Probe) => (step, r => Assert.Equal("taking the entry off again is permitted", r.GetString())),
            nameof(ContainmentActivities.Execute) => (WatchStep("203.0.113.55"), r => Assert.True(r.GetProperty("done").GetBoolean())),
            nameof(ContainmentActivities.Verify) => (step, r => Assert.False(r.GetBoolean())),
            nameof(ContainmentActivities.UndoEffect) => (
                undo,
                r => Assert.NotNull(r.Deserialize<RollbackReport>(PayloadJson.Options)!.VerifiedAt)
            ),
            nameof(ContainmentActivities.ReadBack) => (undo, r => Assert.False(r.GetBoolean())),
            nameof(DrillActivities.ExecuteDrill) => (
                new PreparedOrder(
                    Orders.Order("drill", Orders.Decision(Orders.DisableAccount, Orders.Account(WorkerSettings.DrillAccount))),
                    Orders.Absent
                )
                {
                    Until = Soon,
                },
                r => Assert.True(r.Deserialize<StepReport>(PayloadJson.Options)!.Done)
            ),
            nameof(DrillActivities.IssueCertificate) => (
                new DrillCertificate(Orders.DisableAccount, "account:1", TimeProvider.System.GetUtcNow(), true, 1, 1, "a test"),
                Nothing
            ),
            nameof(BreakerActivities.ShowGate) => (
                Orders.Change(Id("gated"), BreakerStatus.Open),
                r => Assert.Null(r.Deserialize<PublishReport>(PayloadJson.Options)!.Halted)
            ),
            nameof(RecordActivities.Record) => (
                new RecordInput(Id("chain"), [new AuditFact("fact-1", AuditKinds.Received, "a test", "pipeline")]),
                Nothing
            ),
            nameof(AlertActivities.RecordIncident) => (
                new RecordIncidentInput(
                    Id("chain"),
                    [new AuditFact("fact-1", AuditKinds.Received, "a test", "pipeline")],
                    new ShownIncident(Orders.Incident(Id("recorded-and-shown")), 1)
                ),
                Nothing
            ),
            nameof(AlertActivities.ShowIncident) => (new ShownIncident(Orders.Incident(Id("shown")), 1), Nothing),
            nameof(PeopleActivities.Page) => (
                new PageInput("a-page", "a test", PageSeverity.Info),
                _ => Assert.Single(host.Tenant.Journal.Of("page.trigger", "a-page"))
            ),
            nameof(PeopleActivities.OpenTicket) => (new TicketInput("t", "i-1", "a-1", "a", "b"), r => Assert.NotEmpty(r.GetString()!)),
            nameof(AlertActivities.Classify) => (
                new ClassifyInput(Orders.Alert, await PolicyHashAsync()),
                r => Assert.Equal(AssessedBy.Model, r.Deserialize<AlertAssessment>(PayloadJson.Options)!.By)
            ),
            nameof(AlertActivities.Decide) => (
                await DecideAsync(),
                r => Assert.NotEmpty(r.Deserialize<ContainmentOrder[]>(PayloadJson.Options)!)
            ),
            nameof(ApprovalActivities.AskApprovers) => (ask, r => Assert.True(r.Deserialize<Delivery>(PayloadJson.Options)!.Delivered)),
            nameof(ApprovalActivities.CloseApproval) => (
                new CloseInput(Id("approval-2"), ApprovalState.Expired),
                r => Assert.Equal(ApprovalState.Expired, r.Deserialize<Closing>(PayloadJson.Options)!.State)
            ),
            // Teams is off: nothing to draw, and no trouble either.
            nameof(ApprovalActivities.ShowApproval) => (ask, r => Assert.Empty(r.EnumerateArray())),
            nameof(ApprovalActivities.ShowResult) => (
                new ShowInput(await AskedAsync(), new RequestResult(ResultState.Executed, "a test", null, null)),
                Nothing
            ),
            nameof(ApprovalActivities.ShowHold) => (news, Nothing),
            nameof(ApprovalActivities.RemindApprovers) => (news, r => Assert.Empty(r.EnumerateArray())),
            nameof(ClosingActivities.FindOpenWork) => ("incident-1", r => Assert.Empty(r.GetProperty("open").EnumerateArray())),
            nameof(ClosingActivities.ShowClosing) => (new ClosingInput("a test", "closed", [], Asks: true), Nothing),
            _ => throw new InvalidOperationException($"{activity} has no call here: add one"),
        };

        static void Nothing(JsonElement result) => Assert.Equal(JsonValueKind.Undefined, result.ValueKind);
    }

    private static PreparedOrder WatchStep(string address) =>
        new(Orders.Order($"watch-{address}", Orders.Decision(Orders.WatchAddress, Orders.Address(address))), Orders.Absent)
        {
            Until = Soon,
        };

    /// <summary>The end of a lease.</summary>
    private static DateTimeOffset Soon => TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(2);

    /// <summary>The policy in force, as an alert that comes in names it and as it is archived by then.</summary>
    private async Task<string> PolicyHashAsync()
    {
        AssertSuccess(
            (await host.InvokeAsync("AlertIntake", Message(Guid.NewGuid(), Guid.NewGuid().ToString(), Orders.AlertBytes))).Result
        );
        return JsonSerializer
            .Deserialize<Arrival>(host.Hub.Signals.Last(s => s.Name == nameof(IncidentRegister.Arrive)).Input, PayloadJson.Options)!
            .PolicyHash;
    }

    private async Task<DecideInput> DecideAsync()
    {
        var hash = await PolicyHashAsync();
        var assessment = (
            await RunAsync(nameof(AlertActivities.Classify), new ClassifyInput(Orders.Alert, hash))
        ).Deserialize<AlertAssessment>(PayloadJson.Options)!;
        return new DecideInput("incident-1", Orders.Alert, assessment, hash);
    }

    private async Task<string> AskedAsync()
    {
        var request = Id("approval-3");
        await RunAsync(nameof(ApprovalActivities.AskApprovers), new AskInput(request, Orders.View("incident-1")));
        return request;
    }
}

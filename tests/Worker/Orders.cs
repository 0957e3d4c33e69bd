using IRFunctions.Agents;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using IRFunctions.Local.Tenant;
using IRFunctions.People;
using IRFunctions.Policies;

namespace IRFunctions.Tests.RealWorker;

/// <summary>Inputs of orchestrators and activities, small but whole.</summary>
internal static class Orders
{
    public const string WatchAddress = "add_ip_to_watchlist";
    public const string DisableAccount = "disable_user_account_temporarily";

    public static readonly PriorState Absent = new()
    {
        AlreadySo = false,
        Summary = "it was not on the watchlist",
        Value = "absent",
    };

    public static Target Address(string address) => new("ip", address, address);

    public static Target Account(string id) => new("account", id, id);

    /// <summary>A decision that may run alone, under no particular policy.</summary>
    public static Decision Decision(string action, Target target, DecisionKind kind = DecisionKind.Run, int tier = 1) =>
        new()
        {
            Kind = kind,
            Action = action,
            Target = target,
            Tier = tier,
            Confidence = 95,
            Reasons = [new Reason("test", "a test of the worker")],
            MaxDuration = TimeSpan.FromHours(1),
            PolicyHash = "hash",
        };

    public static ContainmentOrder Order(string id, Decision decision) =>
        new()
        {
            Id = id,
            Incident = $"incident-{id}",
            Decision = decision,
            Title = "A test",
        };

    public static ApprovalView View(string incident)
    {
        var decision = Decision(DisableAccount, Account(TenantSeed.Adele), DecisionKind.Ask, 2);
        var now = TimeProvider.System.GetUtcNow();
        return new ApprovalView
        {
            Request = new ApprovalRequest
            {
                Incident = incident,
                Title = "A test",
                Decision = decision,
                ActionHash = ActionHash.Of(decision, []),
            },
            State = ApprovalState.Pending,
            Stage = 0,
            Attempt = 1,
            AskedAt = now,
            Deadline = now.AddHours(1),
            Rungs = [new RungPlan("primary", now, [new Approver(TenantSeed.Alex, "Alex")])],
        };
    }

    public static IncidentView Incident(string key) =>
        new()
        {
            Incident = key,
            Number = 1,
            AlertId = "alert-1",
            Title = "A test",
            Severity = Severity.High,
            OpenedAt = TimeProvider.System.GetUtcNow(),
            PolicyHash = "hash",
        };

    public static ApprovalInput Ask(string incident) =>
        new(
            View(incident).Request,
            [new LadderRung("primary", TimeSpan.Zero, [new Approver(TenantSeed.Alex, "Alex")])],
            TimeSpan.FromHours(1)
        );

    public static BreakerChange Change(string identity, BreakerStatus to) =>
        new()
        {
            Identity = identity,
            IdentityType = "ai_agent",
            Number = 1,
            From = BreakerStatus.Closed,
            To = to,
            Cause = "person",
            By = TenantSeed.Alex,
            Reason = "a test",
            At = TimeProvider.System.GetUtcNow(),
        };

    public static RollbackOrder Undo(string id, string action, Target target, PriorState prior) =>
        new()
        {
            Containment = ScheduledRollback.KeyOf(action, target),
            Generation = 1,
            Action = action,
            Target = target,
            Prior = prior,
            Cause = RollbackCause.Released,
            By = TenantSeed.Alex,
            Incidents = [$"incident-{id}"],
        };

    /// <summary>A real alert of samples/, as the queue delivers it.</summary>
    public static byte[] AlertBytes =>
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "samples", "graph-alert-account-adele.json"));

    public static Alert Alert => AlertParser.Read(AlertBytes).Alert!;
}

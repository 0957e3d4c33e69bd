using System.Collections.Frozen;
using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Decisions;

/// <summary>Policies far from the shipped one, and the many ways to make one more cautious.</summary>
internal static class GeneratedPolicies
{
    public static readonly string[] CheckNames = ["quiet", "no_job", "not_us"];

    public static readonly string[] ActionNames =
    [
        "create_alert_ticket",
        "send_analyst_notification",
        "watch_ip",
        "block_ip",
        "disable_account",
        "revoke_sessions",
        "revoke_key",
        "isolate_host",
        "hold_mailbox",
        "rehearsed",
    ];

    private static readonly string[] Kinds = ["", "", "ip", "ip", "account", "account", "application", "host", "mailbox", "account"];
    private static readonly string[] IdentityActions = ["disable_account", "revoke_sessions", "revoke_key", "rehearsed"];

    /// <summary>Actions whose usual target kind is this one; all where none is.</summary>
    public static string[] FittingActions(string? kind)
    {
        var fitting = ActionNames.Where((_, index) => Kinds[index] == kind).ToArray();
        return fitting.Length > 0 ? fitting : ActionNames;
    }

    public static PolicyParts Parts(Random random) =>
        new()
        {
            Actions = [.. ActionNames.Select((name, order) => Action(random, name, order))],
            Ladders =
            [
                new Ladder(
                    Ladder.DefaultName,
                    [new Rung("primary", TimeSpan.Zero, "g", [new Approver(GeneratedAlerts.Accounts[7], "Alex")], TimeSpan.FromMinutes(15))]
                ),
            ],
            Reminder = new ReminderRule(TimeSpan.FromHours(2), TimeSpan.FromHours(4)),
            Budgets = new Budgets(
                Budget(random),
                Budget(random),
                new Dictionary<string, Budget> { ["watch_ip"] = Budget(random) }.ToFrozenDictionary(),
                Budget(random)
            ),
            Breaker = IRFunctions.Tests.Policies.Shipped.Policy.Breaker,
            Playbooks = PolicyWords.IdentityTypes.Values.ToDictionary(type => type, type => Playbook(random, type.ToString())),
            Shared = Playbook(random, "shared"),
            SeveralRoles = Playbook(random, "several_roles"),
            Threshold = Threshold(random),
            Checks =
            [
                new ContextCheck
                {
                    Name = "quiet",
                    What = "quiet",
                    Test = CheckTest.AtMost,
                    Number = random.Next(3),
                },
                new ContextCheck
                {
                    Name = "no_job",
                    What = "no job",
                    Test = CheckTest.IsFalse,
                },
                new ContextCheck
                {
                    Name = "not_us",
                    What = "not us",
                    Test = CheckTest.OlderThan,
                    Age = TimeSpan.FromHours(1),
                },
            ],
            Protected = [.. Enumerable.Range(0, random.Next(5)).Select(_ => Entry(random))],
            Exceptions = [.. Enumerable.Range(0, random.Next(4)).Select(i => Exemption(random, i))],
        };

    private static ActionRule Action(Random random, string name, int order)
    {
        if (order < 2)
            return Rule(name, 1, ActionMode.Act, "alert", order) with { RecommendFloor = order * 50, ActFloor = order * 50 };
        var tier = random.Chance(75) ? 1 : random.Next(1, 4);
        var mode = tier switch
        {
            1 => random.Chance(90) ? ActionMode.Act : (ActionMode)random.Next(3),
            2 => (ActionMode)random.Next(2),
            _ => ActionMode.Observe,
        };
        var kind = tier == 3 || (mode == ActionMode.Observe && random.Chance(50)) ? null : Kinds[order];
        return Rule(name, tier, mode, kind, order) with
        {
            Quorum = random.Next(1, 3),
            RecommendFloor = random.Next(60, 80),
            ActFloor = random.Next(75, 90),
            Checks = [.. CheckNames.Where(_ => random.Chance(15))],
        };
    }

    private static ActionRule Rule(string name, int tier, ActionMode mode, string? kind, int order) =>
        new()
        {
            Name = name,
            Tier = tier,
            Mode = mode,
            Why = "why",
            BlastRadius = "blast",
            Reversible = Reversibility.Automatic,
            Undo = "undo",
            ApprovalTimeout = tier < 3 ? TimeSpan.FromMinutes(15) : null,
            MaxDuration = TimeSpan.FromHours(1),
            TargetKind = kind,
            Order = order,
        };

    private static Budget Budget(Random random) =>
        random.Chance(60) ? new Budget(20, 50) : new Budget(random.Next(1, 6), random.Next(5, 12));

    private static Playbook Playbook(Random random, string name)
    {
        var soft = IdentityActions.Where(_ => random.Chance(50)).ToArray();
        return new Playbook
        {
            Name = name,
            Why = "why",
            Soft = soft,
            Hard = [.. IdentityActions.Except(soft).Where(_ => random.Chance(90))],
            First = (ContainmentKind)random.Next(2),
            Alone = random.Chance(85),
            Quorum = random.Next(1, 3),
        };
    }

    private static RiskThreshold Threshold(Random random)
    {
        var askAt = random.Next(5, 30);
        return new RiskThreshold
        {
            AskAt = askAt,
            ActAt = askAt + random.Next(10),
            TargetKinds = (random.Chance(50) ? (string[])["account", "application"] : ["account", "host", "mailbox", "ip"]).ToFrozenSet(),
            Caps = [askAt - 1, askAt - 1, askAt - 1],
            Severity = new Dictionary<string, int>
            {
                ["low"] = 5,
                ["medium"] = 15,
                ["high"] = 25,
                ["unknown"] = 15,
            }.ToFrozenDictionary(),
            Techniques = new Dictionary<string, int> { ["T1078"] = 8, ["T1552"] = 10 }.ToFrozenDictionary(),
            Identities = Enum.GetValues<IdentityType>().ToFrozenDictionary(type => type, type => 10 + (3 * (int)type)),
            Criticality = new Dictionary<string, int> { ["high"] = 10, ["critical"] = 15 }.ToFrozenDictionary(),
            Evidence = new Dictionary<string, int> { ["malicious"] = 10 }.ToFrozenDictionary(),
            SignalOrder =
            [
                new RiskSignal("privilege_change", RiskDimension.Pattern, 18, 0, "why"),
                new RiskSignal("unexpected_secret_read", RiskDimension.Target, 18, 0, "why"),
                new RiskSignal("publicly_exposed_key", RiskDimension.Target, 20, 1, "why"),
            ],
            PageWhenDismissedAt = (Severity)random.Next(1, 5),
        };
    }

    public static (string Kind, string Id) Thing(Random random) =>
        random.Next(6) switch
        {
            0 or 1 => ("account", random.Pick(GeneratedAlerts.Accounts)),
            2 => ("account", random.Pick(GeneratedAlerts.Names).ToLowerInvariant()),
            3 => ("range", random.Pick(GeneratedAlerts.Ranges)),
            4 => ("ip", random.Pick(GeneratedAlerts.Addresses)),
            _ => ("host", random.Chance(50) ? random.Pick(GeneratedAlerts.Hosts) : random.Pick(GeneratedAlerts.HostNames)),
        };

    public static ProtectedEntry Entry(Random random)
    {
        var (kind, id) = Thing(random);
        return new ProtectedEntry
        {
            Kind = kind,
            Id = id,
            Name = id,
            Level = (ProtectionLevel)random.Next(3),
            Quorum = random.Next(1, 3),
            BreakGlass = kind == "account" && random.Chance(20),
            Owner = "owner",
            Ticket = "t",
            Why = "why",
            Registered = new DateOnly(2026, 10, 1),
            Expires = new DateOnly(2027, 1, 1 + random.Next(28)),
        };
    }

    public static PolicyExemption Exemption(Random random, int number)
    {
        var (kind, id) = Thing(random);
        return new PolicyExemption
        {
            Name = $"exception {number}",
            Kind = kind,
            Id = id,
            Effect = (ExceptionEffect)random.Next(2),
            Actions = random.Chance(50) ? [] : [random.Pick(ActionNames)],
            Owner = "owner",
            Ticket = "t",
            Why = "why",
            From = new DateOnly(2027, 1, 1 + random.Next(10)),
            Until = new DateOnly(2027, 1, 12 + random.Next(10)),
        };
    }
}

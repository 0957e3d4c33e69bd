using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Decisions;

/// <summary>
/// One generated world: alert, model answer (hostile ones included), facts and policy, all from one seed, which reproduces it.
/// </summary>
internal sealed record Scenario(int Seed, Alert Alert, AlertAssessment Assessment, Facts Facts, PolicyParts Parts)
{
    public Policy Policy { get; } = new([], Parts);

    public IReadOnlyList<Decision> Decide() => Decider.Decide(Alert, Assessment, Facts, Policy);

    public static Scenario From(int seed)
    {
        var random = new Random(seed);
        var alert = GeneratedAlerts.Alert(random);
        var world = new Scenario(
            seed,
            alert,
            GeneratedAlerts.Assessment(random, alert),
            GeneratedAlerts.Facts(random, alert),
            GeneratedPolicies.Parts(random)
        );
        return random.Chance(50) ? world : Calm(world);
    }

    /// <summary>Half of the worlds are calm, so that enough runs alone for the properties about it to mean something.</summary>
    private static Scenario Calm(Scenario world) =>
        world with
        {
            Assessment = world.Assessment with
            {
                Verdict = Verdict.TruePositive,
                By = AssessedBy.Model,
                Problem = null,
                Recommendations =
                [
                    .. world.Assessment.Recommendations.Select(one => one with { Confidence = Math.Max(one.Confidence, 90) }),
                ],
            },
            Facts = world.Facts with
            {
                Stop = null,
                Identities = world.Facts.Identities.ToDictionary(
                    pair => pair.Key,
                    pair => pair.Value with { Failed = null, OnPremisesSynced = false }
                ),
            },
        };
}

/// <summary>A small pool of things, so that alerts, registrations and facts meet often.</summary>
internal static class GeneratedAlerts
{
    public static readonly string[] Accounts = [.. Enumerable.Range(0, 8).Select(i => $"00000000-0000-4000-8000-0000000001{i:00}")];
    public static readonly string[] Names = ["alex@contoso.example", "payroll@contoso.example", "breakglass@contoso.example", "S-1-5-21-1"];
    public static readonly string[] Addresses =
    [
        "10.0.0.1",
        "10.0.1.9",
        "203.0.113.7",
        "198.51.100.200",
        "::ffff:10.0.0.1",
        "2001:db8::1",
        "2001:db8:1::5",
    ];
    public static readonly string[] Ranges =
    [
        "10.0.0.0/8",
        "10.0.0.0/16",
        "203.0.113.0/24",
        "198.51.100.128/25",
        "2001:db8::/32",
        "2001:db8:1::/48",
    ];
    public static readonly string[] Hosts = [.. Enumerable.Range(0, 3).Select(i => new string((char)('a' + i), 40))];
    public static readonly string[] HostNames = ["db-01", "web-01.contoso.example"];

    private static readonly string[] Hostile =
    [
        "",
        "delete_tenant",
        "DISABLE_USER_ACCOUNT_TEMPORARILY",
        " add_ip_to_watchlist",
        "add_ip_to_watchlist\n",
        "add-ip-to-watchlist",
        "disable_user_account_temporarily; create_alert_ticket",
        new string('a', 300),
        "аdd_ip_to_watchlist",
        "create_alert_ticket\0",
        null!,
    ];

    public static T Pick<T>(this Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];

    public static bool Chance(this Random random, int percent) => random.Next(100) < percent;

    public static Alert Alert(Random random) =>
        new()
        {
            Id = $"a{random.Next(3)}",
            TenantId = "t",
            Shape = AlertShape.GraphAlert,
            Title = "generated",
            Severity = (Severity)random.Next(5),
            Techniques = random.Chance(50) ? [] : [random.Pick((string[])["T1078", "T1552.001", "T9999", "x"])],
            IncidentId = random.Chance(50) ? "i1" : null,
            Entities = [.. Enumerable.Range(1, random.Next(9)).Select(i => Entity(random, $"e{i}"))],
        };

    private static Entity Entity(Random random, string id) =>
        random.Next(8) switch
        {
            0 or 1 or 2 => new AccountEntity
            {
                Id = id,
                ObjectId = random.Chance(85) ? Case(random, random.Pick(Accounts)) : null,
                UserPrincipalName = random.Chance(40) ? Case(random, random.Pick(Names)) : null,
                SourceVerdict = random.Chance(30) ? "malicious" : null,
            },
            3 or 4 => new IpEntity { Id = id, Address = random.Pick(Addresses) },
            5 => new HostEntity
            {
                Id = id,
                DefenderDeviceId = random.Chance(80) ? random.Pick(Hosts) : null,
                HostName = random.Pick(HostNames),
            },
            6 => new ApplicationEntity
            {
                Id = id,
                ObjectId = random.Pick(Accounts),
                AppId = random.Chance(50) ? random.Pick(Accounts) : null,
            },
            _ => random.Chance(50)
                ? new MailboxEntity
                {
                    Id = id,
                    ObjectId = random.Chance(50) ? random.Pick(Accounts) : null,
                    PrimaryAddress = random.Pick(Names),
                }
                : new FileEntity { Id = id, Name = "evil.exe" },
        };

    private static string Case(Random random, string text) => random.Chance(20) ? text.ToUpperInvariant() : text;

    public static AlertAssessment Assessment(Random random, Alert alert) =>
        new()
        {
            Verdict = random.Chance(85) ? Verdict.TruePositive : (Verdict)random.Next(4),
            Confidence = random.Next(-3, 110),
            Reasoning = "generated",
            By = random.Chance(90) ? AssessedBy.Model : (AssessedBy)random.Next(3),
            Problem = random.Chance(10) ? "generated problem" : null,
            Recommendations = [.. Enumerable.Range(0, random.Next(8)).Select(_ => Recommendation(random, alert))],
        };

    /// <summary>Most fit an entity, so that something can happen at all; the others are what a broken or hostile model says.</summary>
    private static Recommendation Recommendation(Random random, Alert alert)
    {
        var confidence = random.Chance(90) ? random.Next(68, 101) : random.Next(-10, 120);
        if (alert.Entities.Count > 0 && random.Chance(75))
        {
            var entity = random.Pick(alert.Entities);
            return new Recommendation(
                random.Pick(GeneratedPolicies.FittingActions(Targets.Of(entity)?.Kind)),
                entity.Id,
                confidence,
                "because"
            );
        }

        return new Recommendation(
            random.Chance(70) ? random.Pick(GeneratedPolicies.ActionNames) : random.Pick(Hostile),
            random.Chance(80) && alert.Entities.Count > 0
                ? random.Pick(alert.Entities).Id
                : random.Pick((string[])["alert", "e99", "10.0.0.1", "", null!]),
            confidence,
            "because"
        );
    }

    public static Facts Facts(Random random, Alert alert)
    {
        var targets = Targets.OfAll(alert);
        return new Facts
        {
            Now = new DateTimeOffset(2027, 1, 1 + random.Next(20), 12, 0, 0, TimeSpan.Zero),
            Stop = random.Chance(8) ? new GlobalStopFact("Morgan", "test") : null,
            OwnIdentities = random.Chance(15) ? [Case(random, random.Pick(Accounts))] : [],
            Approvers = random.Chance(15) ? [Case(random, random.Pick(Accounts))] : [],
            Identities = targets.Where(_ => random.Chance(90)).ToDictionary(target => target.Key, _ => Identity(random)),
            Checks = targets
                .SelectMany(target =>
                    GeneratedPolicies
                        .CheckNames.Where(_ => random.Chance(85))
                        .Select(check => (Key: IRFunctions.Decisions.Facts.CheckKey(check, target), Fact: Check(random, check)))
                )
                .ToDictionary(pair => pair.Key, pair => pair.Fact),
            Budgets = new BudgetFacts
            {
                Failed = random.Chance(3) ? "away" : null,
                Spent = random.Chance(60)
                    ? new Dictionary<string, BudgetSpent>()
                    : new Dictionary<string, BudgetSpent>
                    {
                        ["tenant"] = new(random.Next(4), random.Next(8)),
                        [BudgetFacts.OfAction(random.Pick(GeneratedPolicies.ActionNames))] = new(random.Next(4), random.Next(8)),
                    },
            },
        };
    }

    private static IdentityFacts Identity(Random random) =>
        new()
        {
            Type = (IdentityType)random.Next(7),
            Roles = [.. Enumerable.Range(0, random.Next(3)).Select(i => $"role{i}")],
            Shared = random.Chance(15),
            Aliases = random.Chance(30) ? [random.Pick(Names)] : [],
            CriticalityFailed = random.Chance(8) ? "away" : null,
            Criticality = random.Pick((string?[])[null, "low", "high", "critical", "odd"]),
            OnPremisesSynced = random.Chance(15),
            LastOwnAction = random.Chance(20) ? new DateTimeOffset(2027, 1, 1, 11, 30, 0, TimeSpan.Zero) : null,
            Signals =
            [
                .. Enumerable
                    .Range(0, random.Next(4))
                    .Select(_ => new ObservedSignal(
                        random.Pick((string[])["privilege_change", "unexpected_secret_read", "publicly_exposed_key", "odd"]),
                        random.Next(30)
                    )),
            ],
            Failed = random.Chance(5) ? "away" : null,
        };

    private static ContextFact Check(Random random, string check) =>
        random.Next(30) switch
        {
            0 => new ContextFact(null, "timed out"),
            1 => new ContextFact("nonsense"),
            2 => new ContextFact(null),
            < 7 => new ContextFact(
                check switch
                {
                    "quiet" => "7",
                    "no_job" => "true",
                    _ => "2027-01-21T11:59:00Z",
                }
            ),
            _ => new ContextFact(
                check switch
                {
                    "quiet" => "0",
                    "no_job" => "false",
                    _ => "never",
                }
            ),
        };
}

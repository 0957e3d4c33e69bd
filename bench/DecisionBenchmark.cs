using System.Diagnostics;
using System.Globalization;
using System.Text;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Local.CommandLine;
using IRFunctions.Policies;

namespace IRFunctions.Bench;

/// <summary>
/// How fast the policy decides per processor second, with the shipped policy and many registrations. Goal (issue 3): 200,000 decisions a
/// second with 10,000 protected entries, and no slower per decision with 100,000.
/// </summary>
internal static class DecisionBenchmark
{
    private const int Rounds = 18; // each of the six orders three times
    private static readonly int[][] Orders =
    [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
        [0, 2, 1],
        [2, 0, 1],
        [1, 0, 2],
    ];
    private const string Scenario = "decisions";
    private static readonly int[] Sizes = [0, 10_000, 100_000];
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 3, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Rounds of all sizes take turns, so that a noisy moment hits all; what compares sizes is the median of the ratios within a round.
    /// </summary>
    public static async Task RunAsync(Report report)
    {
        var catalogue = await LocalCatalogue.CapabilitiesAsync();
        var policies = Sizes.Select(size => Load(report, catalogue, size)).ToArray();
        var alerts = Enumerable.Range(0, 2_000).Select(World).ToArray();
        foreach (var policy in policies)
            Measure(policy, alerts, TimeSpan.FromMilliseconds(700));
        var rounds = new List<(double Decisions, double Bytes)[]>();
        for (var round = 0; round < Rounds; round++)
        {
            // Each size runs before and after each other one equally often: what runs later finds another heap.
            var speeds = new (double Decisions, double Bytes)[Sizes.Length];
            foreach (var size in Orders[round % Orders.Length])
                speeds[size] = Measure(policies[size], alerts, TimeSpan.FromMilliseconds(700));
            rounds.Add(speeds);
        }
        for (var i = 0; i < Sizes.Length; i++)
        {
            var speed = Report.Percentile([.. rounds.Select(r => r[i].Decisions)], 50);
            report.Add(
                Scenario,
                Report.Text($"decisions a processor second with {Sizes[i]:N0} protected entries: median of {Rounds} rounds"),
                Report.Text($"{speed:N0}, {rounds[^1][i].Bytes:N0} bytes each"),
                i == 1 ? "at least 200,000" : ""
            );
        }
        var ratios = rounds.Select(r => r[2].Decisions / r[1].Decisions).ToArray();
        report.Add(
            Scenario,
            "speed with 100,000 entries against 10,000: median ratio (lowest, highest)",
            Report.Text($"{Report.Percentile(ratios, 50):0.00} ({ratios.Min():0.00}, {ratios.Max():0.00})"),
            "no slower: 1.00"
        );
    }

    /// <summary>
    /// Counts processor seconds of the whole process, garbage collection included: that is one core, also on a machine that others use.
    /// </summary>
    private static (double Decisions, double Bytes) Measure(
        Policy policy,
        (Alert Alert, AlertAssessment Assessment, Facts Facts)[] worlds,
        TimeSpan length
    )
    {
        long decisions = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        var used = Environment.CpuUsage.TotalTime;
        while (watch.Elapsed < length)
        {
            foreach (var (alert, assessment, facts) in worlds)
                decisions += Decider.Decide(alert, assessment, facts, policy).Count;
        }

        var seconds = (Environment.CpuUsage.TotalTime - used).TotalSeconds;
        return (decisions / seconds, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)decisions);
    }

    private static Policy Load(Report report, IReadOnlyList<ActionCapability> catalogue, int entries)
    {
        var files = PolicyFolder
            .Read(Path.Combine(AppContext.BaseDirectory, "policies"))
            .Select(file => file.Name == "protected.yaml" ? file with { Text = file.Text + Registrations(entries) } : file)
            .ToArray();
        var watch = Stopwatch.StartNew();
        var reading = PolicyLoader.Load(files, catalogue, Now);
        report.Progress(Report.Text($"{entries:N0} more registrations loaded in {watch.Elapsed.TotalMilliseconds:N0} ms"));
        return reading.Policy ?? throw new InvalidPolicyException(reading.Errors);
    }

    /// <summary>A third accounts, a third ranges of mixed lengths, a third hosts; one line each, as a business would export them.</summary>
    private static string Registrations(int entries)
    {
        var text = new StringBuilder();
        for (var i = 0; i < entries; i++)
        {
            var (kind, id) = (i % 3) switch
            {
                0 => ("account", Account(1_000_000 + i)),
                1 => ("range", $"{20 + (i >> 16)}.{(i >> 8) & 255}.{i & 255}.{(i % 4) * 64}/{26 + (i % 3)}"),
                _ => ("host", $"host-{i}.contoso.example"),
            };
            text.Append(
                    CultureInfo.InvariantCulture,
                    $"  - {{ kind: {kind}, id: {id}, name: entry {i}, containment: ask, owner: team@contoso.example, "
                )
                .Append(CultureInfo.InvariantCulture, $"ticket: CHG-{i}, why: critical, registered: 2026-10-01, expires: 2027-10-31 }}\n");
        }

        return text.ToString();
    }

    private static string Account(int i) => $"00000000-0000-4000-8000-{i:x12}";

    /// <summary>
    /// One alert in three meets a registration; each recommends two containments, a ticket and one thing that never runs.
    /// </summary>
    private static (Alert Alert, AlertAssessment Assessment, Facts Facts) World(int i)
    {
        var account = new AccountEntity
        {
            Id = "e1",
            ObjectId = Account((i % 3 == 0 ? 1_000_000 : 0) + i),
            UserPrincipalName = $"user{i}@contoso.example",
            Display = $"user{i}",
        };
        var address = new IpEntity
        {
            Id = "e2",
            Address = $"203.0.{i & 127}.{i % 251}",
            Display = "address",
        };
        var host = new HostEntity
        {
            Id = "e3",
            DefenderDeviceId = $"{i:x40}",
            HostName = $"host-{i}",
            DnsDomain = "contoso.example",
        };
        var alert = new Alert
        {
            Id = $"alert-{i}",
            TenantId = "tenant",
            Shape = AlertShape.GraphAlert,
            Title = "Suspicious sign-in",
            Severity = Severity.High,
            Techniques = ["T1078.004"],
            Entities = [account, address, host, new FileEntity { Id = "e4", Name = "tool.exe" }],
        };
        var assessment = new AlertAssessment
        {
            Verdict = Verdict.TruePositive,
            Confidence = 90,
            Reasoning = "",
            By = AssessedBy.Model,
            Recommendations =
            [
                new("disable_user_account_temporarily", "e1", 90, ""),
                new("add_ip_to_watchlist", "e2", 90, ""),
                new("create_alert_ticket", "alert", 90, ""),
                new("isolate_production_host", "e3", 80, ""),
            ],
        };
        var facts = new Facts
        {
            Now = Now,
            OwnIdentities = [Account(5_000_000)],
            Identities = new Dictionary<string, IdentityFacts>
            {
                [$"account:{account.ObjectId}"] = new()
                {
                    Type = IdentityType.Person,
                    Criticality = "high",
                    Signals = [new("privilege_change")],
                },
            },
            Checks = new Dictionary<string, ContextFact>
            {
                [$"not_touched_by_us@ip:{address.Address}"] = new("never"),
                [$"not_an_approved_job@account:{account.ObjectId}"] = new("false"),
            },
        };
        return (alert, assessment, facts);
    }
}

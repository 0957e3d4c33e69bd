using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IRFunctions.Containment.Actions;
using IRFunctions.Local.Tenant;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Containment;

/// <summary>
/// One action as the whole-incident tests need it: an alert that leads to it, how to see its effect, and how someone else changes the same
/// thing.
/// </summary>
internal sealed record ActionCase(string Action, string Entities, string TargetKey)
{
    /// <summary>Names the case where one action has two.</summary>
    public string Name { get; init; } = Action;

    /// <summary>How long it lasts; null where nothing undoes it.</summary>
    public TimeSpan? Lasts { get; init; }

    /// <summary>Effects in the tenant's journal: what does it, what undoes it.</summary>
    public required string Done { get; init; }
    public string Undone { get; init; } = "";

    /// <summary>Requests that carry the effect.</summary>
    public required string Path { get; init; }
    public required string Method { get; init; }

    /// <summary>What the error of a forbidden request names.</summary>
    public required string Permission { get; init; }

    public required Func<Stage, Task<bool>> InEffect { get; init; }
    public Func<Stage, Task>? SomeoneElseUndoes { get; init; }
    public Func<Stage, Task>? AlreadySo { get; init; }

    /// <summary>The agent or workload whose breaker opens; null where an alert from outside leads to it.</summary>
    public string? Breaker { get; init; }

    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    public string Containment => $"{Action}:{TargetKey}";

    /// <summary>A quarantine takes all steps of its playbook; here it has this one.</summary>
    public IReadOnlyList<PolicyFile> Edit(IReadOnlyList<PolicyFile> policy) =>
        Breaker is null
            ? policy
            :
            [
                .. policy.Select(f =>
                    f.Name != "breaker.yaml"
                        ? f
                        : f with
                        {
                            Text = Regex.Replace(
                                f.Text,
                                @"(?<=\n  ai_agent:\n)(    - .*\n)+",
                                steps =>
                                    steps.Value.Split('\n').Single(l => l.Contains($"action: {Action},", StringComparison.Ordinal)) + "\n"
                            ),
                        }
                ),
            ];

    public JsonNode Alert(string id = "alert-1")
    {
        var json = Given.Sample("securityalert-row-malicious-machine.json");
        json["SystemAlertId"] = id;
        json["Severity"] = "High";
        json["Techniques"] = """["T1078"]""";
        json[nameof(Entities)] = $"[{Entities}]";
        return json;
    }

    /// <summary>Whether its effect goes through this part of the tenant.</summary>
    public bool Through(string part) => Path.StartsWith($"/{part}/", StringComparison.Ordinal);

    public override string ToString() => Name;

    public const string Address = "192.0.2.77";
    public const string Device = "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";
    private const string Agent = "trading-agent-1";
    private const string Message = "00000000-0000-4000-8000-000000000301";
    private const string Ip = $$"""{"$id":"1","Address":"{{Address}}","Type":"ip"}""";
    private const string Account =
        $$"""{"$id":"1","AadUserId":"{{World.Adele}}","Name":"AdeleV","UPNSuffix":"contoso.example","Type":"account"}""";
    private const string Host = $$"""{"$id":"1","HostName":"vm1","MdatpDeviceId":"{{Device}}","Type":"host"}""";
    private const string App = $$"""{"$id":"1","AppId":"{{TenantSeed.PayrollAppId}}","Name":"Payroll export","Type":"cloud-application"}""";

    private static readonly string Mail = JsonSerializer.Serialize(
        new Dictionary<string, string>
        {
            ["$id"] = "1",
            ["NetworkMessageId"] = Message,
            ["InternetMessageId"] = TenantSeed.PhishingMail,
            ["Recipient"] = "MeganB@contoso.example",
            ["Subject"] = "Overdue invoice",
            ["Type"] = "mailMessage",
        }
    );

    public static IReadOnlyList<ActionCase> All { get; } =
    [
        new("disable_user_account_temporarily", Account, $"account:{World.Adele}")
        {
            Lasts = TimeSpan.FromHours(2),
            Done = "user.update",
            Undone = "user.update",
            Path = "/graph/v1.0/users/*",
            Method = "PATCH",
            Permission = "User.EnableDisableAccount.All",
            InEffect = async s => !await s.World.CanSignInAsync(World.Adele),
            SomeoneElseUndoes = s => s.World.SwitchAccountAsync(World.Adele, enabled: true),
            AlreadySo = s => s.World.SwitchAccountAsync(World.Adele, enabled: false),
        },
        new("revoke_user_sessions", Account, $"account:{World.Adele}")
        {
            Done = "user.revokeSessions",
            Path = "/graph/v1.0/users/*/revokeSignInSessions",
            Method = "POST",
            Permission = "User.RevokeSessions.All",
            InEffect = s => Task.FromResult(s.World.Effects("user.revokeSessions", World.Adele).Count > 0),
        },
        new("quarantine_email", Mail, $"mailMessage:{Message}")
        {
            Lasts = TimeSpan.FromHours(48),
            Done = "message.move",
            Undone = "message.move",
            Path = "/graph/v1.0/users/*/move",
            Method = "POST",
            Permission = "Mail.ReadWrite",
            InEffect = async s => !await s.IsInInboxAsync(),
            SomeoneElseUndoes = s => s.MoveMailAsync("archive"),
            AlreadySo = s => s.QuarantineMailAsync(),
        },
        new("block_ip_at_firewall", Ip, $"ip:{Address}")
        {
            Name = "block_ip_at_firewall by connector",
            Lasts = TimeSpan.FromHours(24),
            Done = "connector.deny",
            Undone = "connector.restore",
            Path = "/connector/*",
            Method = "POST",
            Permission = "connector key",
            InEffect = s => s.IsStateAsync(OpenC2.Address(new("ip", Address, "")), "denied"),
            SomeoneElseUndoes = s => s.SetStateAsync($"ipv4_net {Address}/32", "normal"),
            AlreadySo = s => s.SetStateAsync($"ipv4_net {Address}/32", "denied"),
        },
        new("block_ip_at_firewall", Ip, $"ip:{Address}")
        {
            Name = "block_ip_at_firewall by named location",
            Lasts = TimeSpan.FromHours(24),
            Done = "namedLocation.update",
            Undone = "namedLocation.update",
            Path = "/graph/v1.0/identity/*",
            Method = "PATCH",
            Permission = "Policy.ReadWrite.ConditionalAccess",
            Settings = new Dictionary<string, string?> { ["Firewall:NamedLocation"] = TenantSeed.BlockedLocation },
            InEffect = async s => (await s.BlockedRangesAsync()).Contains($"{Address}/32"),
            SomeoneElseUndoes = s => s.SetBlockedRangesAsync("192.0.2.255/32"),
            AlreadySo = s => s.SetBlockedRangesAsync("192.0.2.255/32", $"{Address}/32"),
        },
        new("add_ip_to_watchlist", Ip, $"ip:{Address}")
        {
            Lasts = TimeSpan.FromHours(72),
            Done = "watchlistItem.put",
            Undone = "watchlistItem.delete",
            Path = "/arm/*",
            Method = "PUT",
            Permission = "Microsoft Sentinel Contributor",
            InEffect = async s => (await s.WatchlistAsync()).Count > 0,
            SomeoneElseUndoes = s => s.ClearWatchlistAsync(),
            AlreadySo = s => s.WatchAsync(Address),
        },
        new("increase_logging_verbosity", Host, $"host:{Device}")
        {
            Lasts = TimeSpan.FromHours(1),
            Done = "connector.set",
            Undone = "connector.restore",
            Path = "/connector/*",
            Method = "POST",
            Permission = "connector key",
            InEffect = s => s.IsStateAsync(OpenC2.Logging(new("host", Device, "")), "verbose"),
            SomeoneElseUndoes = s => s.SetStateAsync($"{OpenC2.LogLevel} host:{Device}", "normal"),
            AlreadySo = s => s.SetStateAsync($"{OpenC2.LogLevel} host:{Device}", "verbose"),
        },
        new("revoke_api_key", App, $"application:{TenantSeed.PayrollAppId}")
        {
            Done = "application.removePassword",
            Path = "/graph/v1.0/applications/*/removePassword",
            Method = "POST",
            Permission = "Application.ReadWrite.OwnedBy",
            InEffect = async s =>
                !(await s.GraphAsync($"applications/{TenantSeed.PayrollApp}"))["passwordCredentials"]!
                    .AsArray()
                    .Any(k => (string?)k!["keyId"] == TenantSeed.PayrollKey),
            AlreadySo = s => s.PostAsync($"applications/{TenantSeed.PayrollApp}/removePassword", new { keyId = TenantSeed.PayrollKey }),
        },
        OfWorkload("pause_agent_session", "session", "paused", "set", TimeSpan.FromHours(4)),
        OfWorkload("isolate_workload_identity", "network", "isolated", "set", TimeSpan.FromHours(4)),
        OfWorkload("remove_from_service_discovery", "discovery", "removed", "set", TimeSpan.FromHours(4)),
        OfWorkload("revoke_ephemeral_credentials", "credentials", "revoked", "delete", null),
        OfWorkload("preserve_evidence", "evidence", "preserved", "copy", null),
    ];

    /// <summary>
    /// A step of a quarantine. What has no inverse is never so already: there are new credentials and new evidence each time.
    /// </summary>
    private static ActionCase OfWorkload(string action, string aspect, string state, string command, TimeSpan? lasts)
    {
        var key = $"{OpenC2.Workload} {Agent} {aspect}";
        return new(action, "", $"workload:{Agent}")
        {
            Breaker = Agent,
            Lasts = lasts,
            Done = $"connector.{command}",
            Undone = lasts is null ? "" : "connector.restore",
            Path = "/connector/*",
            Method = "POST",
            Permission = "connector key",
            InEffect = s => s.IsStateAsync(OpenC2.WorkloadAspect(new("workload", Agent, Agent), aspect), state),
            SomeoneElseUndoes = lasts is null ? null : s => s.SetStateAsync(key, "normal"),
            AlreadySo = lasts is null ? null : s => s.SetStateAsync(key, state),
        };
    }

    public static ActionCase Of(string name) => All.Single(c => c.Name == name);

    public static TheoryData<string> Names => [.. All.Select(c => c.Name)];

    public static TheoryData<string> Reversible => [.. All.Where(c => c.Lasts is not null).Select(c => c.Name)];

    public static TheoryData<string> WithoutInverse => [.. All.Where(c => c.Lasts is null).Select(c => c.Name)];

    public static TheoryData<string> WithPriorState => [.. All.Where(c => c.AlreadySo is not null).Select(c => c.Name)];
}

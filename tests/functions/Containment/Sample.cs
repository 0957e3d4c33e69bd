using System.Globalization;
using System.Text.Json;
using IRFunctions.Containment;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Tests.Containment;

/// <summary>A target of each kind that the simulated tenant has: what an action of that kind is tried on.</summary>
/// <param name="Kind">As <see cref="IRFunctions.Policies.ActionCapability.TargetKind"/> has it.</param>
/// <param name="Id">Id of the target, as the directory has it.</param>
/// <param name="Entities">Entities of an alert, as Sentinel writes them, of which the first leads to the target.</param>
internal sealed record Sample(string Kind, string Id, string Entities)
{
    public const string Address = "192.0.2.77";
    public const string Device = "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";
    public const string Agent = "trading-agent-1";
    private const string Message = "00000000-0000-4000-8000-000000000301";
    private const string Mailbox = "MeganB@contoso.example";

    public string Key => $"{Kind}:{Id}";

    public IReadOnlyList<MailCopy> Mail => Kind == "mailMessage" ? [new MailCopy(TenantSeed.Megan, TenantSeed.PhishingMail)] : [];

    /// <summary>The agent or workload whose breaker opens; null where an alert from outside leads to it.</summary>
    public string? Breaker => Kind == "workload" ? Id : null;

    public static IReadOnlyList<Sample> All { get; } =
    [
        Of("account", World.Adele, ("AadUserId", World.Adele), ("Name", "AdeleV"), ("UPNSuffix", "contoso.example")),
        Of("application", TenantSeed.PayrollApp, "cloud-application", ("AppId", TenantSeed.PayrollAppId), ("Name", "Payroll export")),
        Of("host", Device, ("HostName", "vm1"), ("MdatpDeviceId", Device)),
        Of("ip", Address, ("Address", Address)),
        Of("mailbox", TenantSeed.Megan, ("MailboxPrimaryAddress", Mailbox)),
        Of(
            "mailMessage",
            $"{Message}@{TenantSeed.Megan}",
            ("NetworkMessageId", Message),
            ("InternetMessageId", TenantSeed.PhishingMail),
            ("Recipient", Mailbox),
            ("Subject", "Overdue invoice")
        ),
        new("workload", Agent, ""),
    ];

    public static Sample Of(string kind) =>
        All.SingleOrDefault(s => s.Kind == kind)
        ?? throw new Xunit.Sdk.XunitException(
            $"There is no sample target of kind {kind}. Add one to tests/functions/Containment/Sample.cs."
        );

    /// <summary>
    /// The n-th target of a kind that exists for drills alone, as Drills__Targets has it after the action's name. Where two actions are
    /// rehearsed on one thing, the one finds what the other did.
    /// </summary>
    public static string Drill(string kind, int number) =>
        kind switch
        {
            "account" => $"account:{DrillAccount(number)}",
            "ip" => $"ip:192.0.2.{254 - number}",
            "mailMessage" => $"mailMessage:00000000-0000-4000-8000-000000000302,{Mailbox},{TenantSeed.PhishingMail}",
            "workload" => $"workload:drill-agent-{number}",
            _ => Of(kind).Key,
        };

    /// <summary>The first is an account of the tenant; the others are made for the drill.</summary>
    public static string DrillAccount(int number) =>
        number == 0 ? World.Adele : string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-9000-{number:x12}");

    private static Sample Of(string kind, string id, params (string Name, string Value)[] fields) => Of(kind, id, kind, fields);

    private static Sample Of(string kind, string id, string type, params (string Name, string Value)[] fields) =>
        new(
            kind,
            id,
            JsonSerializer.Serialize(fields.Prepend(("$id", "1")).Append(("Type", type)).ToDictionary(f => f.Item1, f => f.Item2))
        );
}

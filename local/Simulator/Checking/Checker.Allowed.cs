using System.Net;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Checking;

/// <summary>Whether an effect was allowed.</summary>
internal sealed partial class Checker
{
    /// <summary>By tier, approval, entity, protection and budget.</summary>
    private void Allowed(IReadOnlyList<(string Action, string Target)> holders, string what)
    {
        var rulings = holders.Where(h => Rulebook.Actions.ContainsKey(h.Action)).ToList();
        if (rulings.Count == 0)
            return; // Said already, as what no alert names.
        var approved = rulings.Any(h => IsApproved(h.Action, h.Target));
        if (!approved && rulings.All(h => Rulebook.Actions[h.Action].Tier == 2))
            Break("S3", "not-approved", what, $"{what} ran without {Needed(rulings[0].Target)} valid approval(s): {Votes(rulings)}");
        if (rulings.Any(h => h.Action == Rulebook.Disable) && rulings.Count == 1 && DisablingForbidden())
            Break("S1", "tier-of-policy", what, $"{what} ran though the policy in force puts it at tier 3");
        foreach (var (_, target) in rulings.Take(1))
        {
            if (!IsNamed(target))
                Break("S4", "not-named", what, $"{what}: no alert names that target");
            if (Protection(target) is (var why, var never) && (never || (!approved && Rulebook.Actions[rulings[0].Action].Tier == 1)))
                Break(
                    "S9",
                    $"{(never ? "never" : "alone")}-{target.Split(':')[0]}",
                    what,
                    $"{what} {(approved ? "ran" : "ran alone")}: {why}"
                );
        }
        if (!approved)
            Spend(rulings[0].Action, rulings[0].Target, what);
    }

    private bool DisablingForbidden() =>
        policies.Count > 0 && policies[^1] is { Variant: PolicyVariant.NoDisabling, At: var at } && now() > at + Rulebook.PolicyLag;

    private bool SmallBudget() =>
        policies.Count > 0 && policies[^1] is { Variant: PolicyVariant.SmallBudgets, At: var at } && now() > at + Rulebook.PolicyLag;

    private void Spend(string action, string target, string what)
    {
        spent.Add(new Spent(now(), action, target));
        var ruling = Rulebook.Actions[action];
        var minute = now().ToUnixTimeSeconds() / 60;
        Over("target's minute", s => s.Target == target && Minute(s) == minute, Rulebook.TargetPerMinute);
        Over("target's hour", s => s.Target == target && s.At > now().AddHours(-1), Rulebook.TargetPerHour);
        Over("action's minute", s => s.Action == action && Minute(s) == minute, ruling.PerMinute);
        Over("action's hour", s => s.Action == action && s.At > now().AddHours(-1), ruling.PerHour);
        Over("tenant's minute", s => Minute(s) == minute, SmallBudget() ? 1 : Rulebook.TenantPerMinute);
        Over("tenant's hour", s => s.At > now().AddHours(-1), Rulebook.TenantPerHour);

        static long Minute(Spent s) => s.At.ToUnixTimeSeconds() / 60;

        void Over(string budget, Func<Spent, bool> counts, int most)
        {
            var taken = spent.Count(counts);
            if (taken > most)
                Break("S8", "budget", budget, $"{what}: {taken} effects without a person within the {budget}, {most} are allowed");
        }
    }

    /// <summary>Whether a typed entity of an alert that was sent is this target (S4).</summary>
    private bool IsNamed(string target)
    {
        var (kind, id) = (
            target[..target.IndexOf(':', StringComparison.Ordinal)],
            target[(target.IndexOf(':', StringComparison.Ordinal) + 1)..]
        );
        foreach (var (draft, _) in alerts)
        {
            foreach (var thing in draft.Things)
            {
                var same = (kind, thing.Kind) switch
                {
                    ("account", NamedKind.Account) => Same(thing.Id, id) || (Cast.UserOf(thing.Name) is { } user && Same(user.Id, id)),
                    ("ip", NamedKind.Address) => IPAddress.TryParse(thing.Id, out var a)
                        && IPAddress.TryParse(id, out var b)
                        && Plain(a).Equals(Plain(b)),
                    ("host", NamedKind.Device) => Same(thing.Id, id) || Same(thing.Name, id),
                    ("application", NamedKind.Application) => Cast.PayrollNames.Contains(thing.Id),
                    ("mailMessage", NamedKind.Mail) => Same(thing.Id, MessageOf(id)) && Same(Where(thing.Where), Where(WhoseOf(id))),
                    _ => false,
                };
                // What one reader takes for another id than the next reader does names nothing.
                if (same && !(kind == "account" && draft.SecondId is { } second && !Same(second, thing.Id) && thing == draft.Things[0]))
                    return true;
            }
        }
        return false;
    }

    /// <summary>A copy of a message stands on the record by its network message id and whose mailbox it is in (id or address).</summary>
    private static IEnumerable<string> CopyOf(string message, params string[] whose) =>
        whose.Select(w => "mailMessage:" + $"{message}@{w}".ToLowerInvariant());

    private static string MessageOf(string copy) => copy.Split('@', 2)[0];

    private static string WhoseOf(string copy) => copy.Split('@', 2) is [_, var whose] ? whose : "";

    private static string Where(string name) => Cast.UserOf(name)?.Id ?? name;

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool Same(string a, string b) => a.Length > 0 && a.Equals(b, StringComparison.OrdinalIgnoreCase);

    /// <summary>Why a target is protected, and whether nothing may ever run on it; null where it is not.</summary>
    private static (string Why, bool Never)? Protection(string target)
    {
        var id = target[(target.IndexOf(':', StringComparison.Ordinal) + 1)..];
        switch (target[..target.IndexOf(':', StringComparison.Ordinal)])
        {
            case "account" when Cast.Protected.FirstOrDefault(u => u.Id == id) is { } user:
                return ($"{user.Name} is protected", user == Cast.BreakGlass);
            case "host" when id == Cast.ErpDevice || id.StartsWith("erp-db-01", StringComparison.Ordinal):
                return ("its owner registered the ERP database as never to be touched", true);
            case "ip" when IPAddress.TryParse(id, out var address):
                return AddressProtection(address);
            case "mailMessage":
                return Cast.UserOf(WhoseOf(id)) is { } owner && Cast.Protected.Contains(owner)
                    ? ($"the mailbox of {owner.Name} is protected", false)
                    : null;
            default:
                return null;
        }
    }

    /// <summary>198.51.100.0/24 is ours in whatever notation; 10.0.0.0/8 asks; what is no public address helps nobody on a list.</summary>
    private static (string, bool)? AddressProtection(IPAddress address)
    {
        var inner = Embedded(address);
        var bytes = inner.GetAddressBytes();
        return bytes is [198, 51, 100, _] ? ("it is one of our own ways out", true)
            : bytes is [10, ..] ? ("it is an internal address", false)
            : IPAddress.IsLoopback(inner) || inner.Equals(IPAddress.Any) ? ("it is nobody's address", false)
            : null;
    }

    /// <summary>The IPv4 address inside of mapped, 6to4 and NAT64 notation.</summary>
    private static IPAddress Embedded(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        var b = address.GetAddressBytes();
        if (b.Length == 16 && b[0] == 0x20 && b[1] == 0x02)
            return new IPAddress(b.AsSpan(2, 4));
        return b.Length == 16 && b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b ? new IPAddress(b.AsSpan(12, 4)) : address;
    }
}

using System.Net;
using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Checking;

/// <summary>Effects in the tenant.</summary>
internal sealed partial class Checker
{
    private readonly Dictionary<string, string> addressOfItem = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CastMail> mailOfMessage = new(StringComparer.Ordinal);

    /// <summary>Which message of the cast a message id is.</summary>
    public void Knows(string messageId, CastMail mail) => mailOfMessage[messageId] = mail;

    /// <summary>A request reached the tenant, or would have. The record is known up to this moment.</summary>
    public void Request(SeenRequest request)
    {
        if (request.By == "pipeline")
            Note(request);
        foreach (var effect in request.Effects)
        {
            if (effect.Effect.StartsWith("ticket.", StringComparison.Ordinal))
                tickets.Add((effect.At, effect.Detail, request.Body));
            else if (effect.Effect.StartsWith("page.", StringComparison.Ordinal))
                pages.Add((effect.At, effect.Target, effect.Detail));
            else if (effect.Changed && request.By == "outside")
                Outside(effect);
            else if (effect.Changed)
                Judge(request, effect);
        }
    }

    /// <summary>Whether a thing's service answered, for the time within which an undo must have happened.</summary>
    private void Note(SeenRequest request)
    {
        foreach (var thing in things.Values)
        {
            if (!thing.Ours || !IsAbout(request, thing))
                continue;
            thing.Asked = request.At;
            var fine = request.Fault is "" or "slow" && request.Status < 500 && request.Status != 429;
            if (fine && !IsHeld(thing) && !writesFail(WriteMethod(thing), PathOf(thing)))
                thing.Answered ??= request.At;
        }
    }

    private static string WriteMethod(Thing thing) =>
        thing.Key.StartsWith("account:", StringComparison.Ordinal) ? "PATCH"
        : thing.Key.StartsWith("watch:", StringComparison.Ordinal) ? "DELETE"
        : "POST";

    private bool IsAbout(SeenRequest request, Thing thing)
    {
        var id = thing.Key[(thing.Key.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return thing.Key.Split(':')[0] switch
        {
            "account" => request.Path.Contains(id, StringComparison.OrdinalIgnoreCase),
            "mail" => request.Path.Contains(id, StringComparison.Ordinal),
            "watch" => addressOfItem.Any(a => a.Value == id && request.Path.Contains(a.Key, StringComparison.Ordinal)),
            _ => request.Path.StartsWith("/connector", StringComparison.Ordinal)
                && request.Body.Contains(id.Split(' ')[^1], StringComparison.Ordinal),
        };
    }

    private void Outside(SeenEffect effect)
    {
        switch (effect.Effect)
        {
            case "user.update":
                ThingOf($"account:{effect.Target}").Ours = false;
                break;
            case "message.move":
                ThingOf($"mail:{effect.Target}").Ours = false;
                break;
            case "watchlistItem.delete" or "watchlistItem.put":
                if (addressOfItem.TryGetValue(effect.Target.Split('/')[^1], out var address))
                    ThingOf($"watch:{address}").Ours = false;
                break;
        }
    }

    private void Judge(SeenRequest request, SeenEffect effect)
    {
        Effects++;
        switch (effect.Effect)
        {
            case "user.update":
                Account(request, effect);
                break;
            case "user.revokeSessions":
                Forward(request, [(Rulebook.Revoke, $"account:{effect.Target}"), (Rulebook.Disable, $"account:{effect.Target}")], null);
                break;
            case "watchlistItem.put":
                var address = (string?)Parse(effect.Detail)?["IPAddress"] ?? "";
                addressOfItem[effect.Target.Split('/')[^1]] = address;
                Forward(request, [(Rulebook.Watch, $"ip:{address}")], ThingOf($"watch:{address}"));
                break;
            case "watchlistItem.delete":
                if (addressOfItem.TryGetValue(effect.Target.Split('/')[^1], out var listed))
                    Undo(request, [(Rulebook.Watch, $"ip:{listed}")], ThingOf($"watch:{listed}"));
                else
                    Break("S6", "foreign", effect.Target, $"{request.By} took {effect.Target} off the watchlist, which was never ours");
                break;
            case "message.move":
                Mail(request, effect);
                break;
            case "connector.deny" or "connector.set" or "connector.restore":
                Connector(request, effect);
                break;
            case "application.removePassword":
                Forward(request, [.. Cast.PayrollNames.Select(n => (Rulebook.RevokeKey, $"application:{n}"))], null);
                break;
            case "mailFolder.create":
                break; // Nobody sees a hidden folder.
            default:
                Break("S1", "unknown-effect", effect.Effect, $"{effect.Effect} on {effect.Target} is no effect of any listed action");
                break;
        }
    }

    private void Account(SeenRequest request, SeenEffect effect)
    {
        var thing = ThingOf($"account:{effect.Target}");
        (string, string)[] holder = [(Rulebook.Disable, thing.Key)];
        if ((bool?)Parse(effect.Detail)?["accountEnabled"] is not { } enabled)
            Break("S1", "unknown-effect", effect.Target, $"the pipeline changed more of account {effect.Target} than whether it may sign in");
        else if (enabled)
            Undo(request, holder, thing);
        else
            Forward(request, holder, thing);
    }

    private void Mail(SeenRequest request, SeenEffect effect)
    {
        if (!mailOfMessage.TryGetValue(effect.Target, out var mail))
        {
            Break("S4", "not-named", effect.Target, $"message {effect.Target}, which no alert names, was moved");
            return;
        }
        var thing = ThingOf($"mail:{effect.Target}");
        var named = alerts
            .SelectMany(a => a.Draft.Things)
            .Where(t => t.Kind == NamedKind.Mail && t.Name == mail.InternetId && Cast.UserOf(t.Where)?.Id == mail.Owner)
            .ToList();
        (string, string)[] holders = [.. named.Select(t => (Rulebook.Quarantine, $"mailMessage:{t.Id.ToLowerInvariant()}")).Distinct()];
        if (effect.Detail.Contains(" to IRFunctions quarantine as ", StringComparison.Ordinal))
        {
            if (named.Count == 0)
                Break("S4", "not-named", effect.Target, $"the message of {mail.Owner[^2..]} was moved, and no alert names it there");
            else if (named.All(t => t.Id != mail.NetworkId))
                Break("S4", "innocent-copy", effect.Target, $"message {mail.NetworkId[^2..]} was moved for another with its Message-ID");
            Forward(request, holders, thing);
        }
        else
        {
            Undo(request, holders, thing);
            if (!effect.Detail.Contains(" to Inbox as ", StringComparison.Ordinal))
                Break("S6", "other-state", effect.Target, $"message {effect.Target} came back into another folder: {effect.Detail}");
        }
    }

    private void Connector(SeenRequest request, SeenEffect effect)
    {
        var last = effect.Target.Split(' ')[^1];
        var isAddress = effect.Target.StartsWith("ipv", StringComparison.Ordinal);
        (string, string)[] holder =
        [
            isAddress ? (Rulebook.Block, $"ip:{last[..last.LastIndexOf('/')]}") : (Rulebook.Logging, last),
        ];
        var thing = ThingOf($"connector:{effect.Target}");
        if (effect.Effect == "connector.restore")
        {
            Undo(request, holder, thing);
            if (effect.Detail != "normal")
                Break("S6", "other-state", effect.Target, $"{effect.Target} was put back to \"{effect.Detail}\", it was \"normal\" before");
        }
        else
        {
            Forward(request, holder, thing);
        }
    }

    /// <summary>An effect that contains something.</summary>
    /// <param name="holders">The containments that it may be a part of.</param>
    /// <param name="thing">What is to be undone later; null where nothing can be.</param>
    private void Forward(SeenRequest request, IReadOnlyList<(string Action, string Target)> holders, Thing? thing)
    {
        var what = $"{holders.Select(h => h.Action).FirstOrDefault() ?? "an effect"} on {holders.Select(h => h.Target).FirstOrDefault()}";
        var known = holders.Select(h => ContainmentOf(h.Action, h.Target)).ToList();
        if (request.By == "pipeline")
        {
            if (!known.Any(c => c.Executing))
                Break("S11", "not-recorded", what, $"{what} happened before the record said that it would");
            if (!known.Any(c => c.Captured))
                Break("S5", "not-captured", what, $"{what} happened before the state before it was on the record");
            if (thing is not null && !known.Any(c => c.Registered))
                Break("S5", "not-registered", what, $"{what} happened before its rollback was registered");
            if (stoppedSince is { } since)
                Break("S13", "under-stop", what, $"{what} happened though the global stop is engaged since {Time(since)}");
            Allowed(holders, what);
        }
        if (thing is null)
            return;
        thing.Ours = true;
        thing.Reported = false;
        (thing.Since, thing.Answered, thing.Asked) = (request.At, null, request.At);
        thing.Holders = holders;
        if (!IsHeld(thing))
            thing.Answered = request.At; // Graph answers: it has just acted.
    }

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
            if (Protection(target) is (var why, var never) && (never || !approved))
                Break("S9", $"{(never ? "never" : "alone")}-{target.Split(':')[0]}", what, $"{what} {(approved ? "ran" : "ran alone")}: {why}");
        }
        if (!approved)
            Spend(rulings[0].Action, rulings[0].Target, what);
    }

    private bool DisablingForbidden() =>
        policies.Count > 0
        && policies[^1] is { Variant: PolicyVariant.NoDisabling, At: var at }
        && now() > at + Rulebook.PolicyLag;

    private bool SmallBudget() =>
        policies.Count > 0
        && policies[^1] is { Variant: PolicyVariant.SmallBudgets, At: var at }
        && now() > at + Rulebook.PolicyLag;

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
        var (kind, id) = (target[..target.IndexOf(':', StringComparison.Ordinal)], target[(target.IndexOf(':', StringComparison.Ordinal) + 1)..]);
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
                    ("mailMessage", NamedKind.Mail) => Same(thing.Id, id),
                    _ => false,
                };
                // What one reader takes for another id than the next reader does names nothing.
                if (same && !(kind == "account" && draft.SecondId is not null && thing == draft.Things[0]))
                    return true;
            }
        }
        return false;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool Same(string a, string b) => a.Length > 0 && a.Equals(b, StringComparison.OrdinalIgnoreCase);

    /// <summary>Why a target is protected, and whether nothing may ever run on it; null where it is not.</summary>
    private (string Why, bool Never)? Protection(string target)
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
                var owners = alerts
                    .SelectMany(a => a.Draft.Things)
                    .Where(t => t.Kind == NamedKind.Mail && Same(t.Id, id))
                    .Select(t => Cast.UserOf(t.Where));
                return owners.FirstOrDefault(o => Cast.Protected.Contains(o)) is { } owner
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

    private void Undo(SeenRequest request, IReadOnlyList<(string Action, string Target)> holders, Thing thing)
    {
        var known = holders.Select(h => ContainmentOf(h.Action, h.Target)).ToList();
        if (!thing.Ours && request.By == "pipeline")
            Break("S6", "foreign", thing.Key, $"{thing.Key} was put back though what was there was not ours any more");
        if (request.By == "pipeline" && !known.Any(c => c.Undoing))
            Break("S11", "undo-not-recorded", thing.Key, $"{thing.Key} was put back before the record said that it would be");
        if (thing.Ours && known.Any(c => c.IsHeldAt(now() + Rulebook.HoldDoubt)) && known.Count > 0)
        {
            var held = known.First(c => c.IsHeldAt(now() + Rulebook.HoldDoubt));
            var until = held.Confirmed ? "a person keeps it" : $"incident(s) hold it until {Time(held.EndOfHolds())}";
            Break("S6", "too-early", thing.Key, $"{thing.Key} was put back though {until}");
        }
        if (thing.Ours)
            Overdue(thing, request.At);
        thing.Ours = false;
    }

    private bool IsHeld(Thing thing) => thing.Holders.Any(h => ContainmentOf(h.Action, h.Target).IsHeldAt(now()));

    private DateTimeOffset EndOfHolds(Thing thing) =>
        thing.Holders.Select(h => ContainmentOf(h.Action, h.Target).EndOfHolds()).Append(thing.Since).Max();

    /// <summary>How long after its hold had ended, and Graph had answered, it was still there.</summary>
    private void Overdue(Thing thing, DateTimeOffset at)
    {
        if (IsHeld(thing))
            return;
        var end = EndOfHolds(thing);
        if (thing.Answered is not { } answered)
            return;
        var from = answered > end ? answered : end;
        UndoneAfter.Add(Math.Max(0, (at - from).TotalSeconds));
        if (at > from + Rulebook.Grace)
            Outlived(thing, $"its hold ended at {Time(end)}, Graph answered at {Time(from)}, and it was put back at {Time(at)}");
    }

    private void Outlived(Thing thing, string text, string rule = "outlives")
    {
        if (thing.Reported)
            return;
        thing.Reported = true;
        Break("S7", rule, thing.Key + Time(thing.Since), $"{thing.Key} outlived its hold: {text}");
    }
}

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
        if (request.Path.StartsWith("/pager", StringComparison.Ordinal) && request.Fault.Length > 0)
            pagerFailed.Add(request.At);
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
            if (!fine)
                thing.Answered = null; // It does not answer as it should, so the time begins anew when it does.
            else if (!IsHeld(thing) && !writesFail(WriteMethod(thing), PathOf(thing)))
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
            Break(
                "S1",
                "unknown-effect",
                effect.Target,
                $"the pipeline changed more of account {effect.Target} than whether it may sign in"
            );
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
        (string, string)[] holders =
        [
            .. named
                .SelectMany(t => CopyOf(t.Id, mail.Owner, t.Where))
                .Distinct(StringComparer.Ordinal)
                .Select(copy => (Rulebook.Quarantine, copy)),
        ];
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
        (string, string)[] holder = [isAddress ? (Rulebook.Block, $"ip:{last[..last.LastIndexOf('/')]}") : (Rulebook.Logging, last)];
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
            else if (thing is not null && !known.Any(c => c.IsHeldAt(now())) && known.Max(c => c.EndOfHolds()) is var end)
                Unheld(what, end);
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

    private void Undo(SeenRequest request, IReadOnlyList<(string Action, string Target)> holders, Thing thing)
    {
        var known = holders.Select(h => ContainmentOf(h.Action, h.Target)).ToList();
        if (!thing.Ours && request.By == "pipeline")
            Break("S6", "foreign", thing.Key, $"{thing.Key} was put back though what was there was not ours any more");
        if (request.By == "pipeline" && !known.Any(c => c.Undoing))
            Break("S11", "undo-not-recorded", thing.Key, $"{thing.Key} was put back before the record said that it would be");
        // What a service does late was asked for in time; whoever holds it now sees that it is gone.
        if (thing.Ours && request.By == "pipeline" && known.Any(c => c.IsHeldAt(now() + Rulebook.HoldDoubt)))
        {
            var held = known.First(c => c.IsHeldAt(now() + Rulebook.HoldDoubt));
            var until = held.Confirmed ? "a person keeps it" : $"incident(s) hold it until {Time(held.EndOfHolds())}";
            Break("S6", "too-early", thing.Key, $"{thing.Key} was put back though {until}");
        }
        if (thing.Ours)
            Overdue(thing, request.At);
        thing.Ours = false;
    }

    /// <summary>An effect is begun only while its hold lasts; what was begun in its last moment may come a little later.</summary>
    private void Unheld(string what, DateTimeOffset end)
    {
        if (now() > end + Rulebook.LongestTry)
            Break("S7", "unheld", what, $"{what} happened though its hold had ended at {Time(end)}");
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

using System.Globalization;
using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Stories;

namespace IRFunctions.Local.Simulator.Checking;

/// <summary>Requests, answers and what the record says.</summary>
internal sealed partial class Checker
{
    /// <summary>The list of requests as the API shows it now.</summary>
    public void Requests(JsonNode? list)
    {
        if (list?["approvals"] is not JsonArray waiting)
            return;
        foreach (var known in requests.Values)
            known.Waits = false;
        foreach (var item in waiting)
        {
            var (id, view) = ((string)item!["id"]!, item["request"]!);
            if (!requests.TryGetValue(id, out var request) || request.AskedAt != When(view["askedAt"]))
                requests[id] = request = Add(id, view);
            request.Waits = true;
        }
        foreach (
            var same in requests.Values.Where(r => r.Waits).GroupBy(r => (r.Action, Target: OneName(r.Target))).Where(g => g.Count() > 1)
        )
            Break(
                "S8",
                "asked-twice",
                $"{same.Key}",
                $"{same.Count()} requests wait for {same.Key.Action} on {same.Key.Target}; one is enough for people"
            );
    }

    /// <summary>One name for what has several.</summary>
    private static string OneName(string target) =>
        Cast.PayrollNames.Any(n => target == $"application:{n}") ? $"application:{Cast.PayrollNames[0]}" : target.ToLowerInvariant();

    private RequestModel Add(string id, JsonNode view)
    {
        var decision = view["request"]!["decision"]!;
        var target = decision["target"]!;
        var (kind, key) = ((string)target["kind"]!, (string)target["id"]!);
        var request = new RequestModel(
            id,
            (string)decision["action"]!,
            $"{kind}:{key}",
            (int)decision["quorum"]!,
            When(view["askedAt"]),
            When(view["deadline"])
        );
        if (kind == "account" && Cast.UserOf(key) is { } user)
        {
            var shown = (string?)target["display"] ?? "";
            if (
                !shown.Contains(user.Name, StringComparison.OrdinalIgnoreCase)
                && !shown.Contains(user.Upn, StringComparison.OrdinalIgnoreCase)
            )
                Break("S14", "name", id, $"people are asked about \"{shown}\"; the directory calls that account {user.Name}");
        }
        if (
            decision["reasons"] is JsonArray reasons
            && reasons.Select(r => UntouchedAt((string?)r!["text"] ?? "")).FirstOrDefault(at => at is not null) is { } said
            && Touched($"{kind}:{key}", said) is { } when
        )
            Break(
                "S14",
                "touched",
                id,
                $"people are told that at {Time(said)} the pipeline had not touched {kind}:{key} for an hour; it did at {Time(when)}"
            );
        return request;
    }

    /// <summary>When the pipeline says that it had not touched the target; null where it says no such thing.</summary>
    private DateTimeOffset? UntouchedAt(string reason)
    {
        const string start = "Held at ";
        if (!reason.StartsWith(start, StringComparison.Ordinal) || !reason.Contains("has not touched", StringComparison.Ordinal))
            return null;
        var time = TimeOnly.ParseExact(reason.AsSpan(start.Length, 5), "HH:mm", CultureInfo.InvariantCulture);
        var at = new DateTimeOffset(now().UtcDateTime.Date + time.ToTimeSpan(), TimeSpan.Zero);
        return at > now() ? at.AddDays(-1) : at;
    }

    private readonly List<(RequestModel Request, DateTimeOffset At)> toldApproved = [];
    private readonly HashSet<(string, string)> granted = [];

    /// <summary>Graph may throttle what was approved for hours; a day later an approval is no word on anything.</summary>
    private static readonly TimeSpan LongestGrant = TimeSpan.FromHours(24);

    private readonly Dictionary<string, List<DateTimeOffset>> touched = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>When the target was touched in the hour before a moment, which is known to the minute.</summary>
    private DateTimeOffset? Touched(string target, DateTimeOffset before) =>
        touched
            .GetValueOrDefault(target)
            ?.Where(at => at > before.AddMinutes(-59) && at < before.AddMinutes(-1))
            .Cast<DateTimeOffset?>()
            .LastOrDefault();

    private void Touch(string target, DateTimeOffset at)
    {
        if (!touched.TryGetValue(target, out var all))
            touched[target] = all = [];
        all.Add(at);
    }

    private static DateTimeOffset When(JsonNode? node) =>
        DateTimeOffset.Parse((string)node!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>A person answered, and heard this.</summary>
    public void Answer(SeenAnswer answer)
    {
        var certain = answer.Status is >= 200 and < 300;
        if (
            answer.Status == 409
            && answer.Body.Contains("already approved", StringComparison.Ordinal)
            && requests.TryGetValue(answer.On, out var decided)
        )
            toldApproved.Add((decided, answer.At));
        if (!certain && answer.Status < 500)
            return; // Refused: nothing may come of it, which the effects show.
        var person = Cast.People.First(p => p.Name == answer.Who);
        if (answer.Verb is "approve" or "deny" or "withdraw")
            Vote(answer, person, certain);
        else
            Change(answer, person, certain);
    }

    private void Vote(SeenAnswer answer, CastPerson person, bool certain)
    {
        if (!requests.TryGetValue(answer.On, out var request))
            return;
        request.Votes.Add(new VoteModel(answer.Who, answer.Verb, answer.At, certain));
        if (!certain)
            return;
        if (Conflict(person, request.Target) is { } why)
            Break(
                "S3",
                answer.Verb == "withdraw" ? "conflicted-withdraw" : "conflicted-answer",
                $"{answer.On} {answer.Who}",
                $"{answer.Who} could {answer.Verb} {request.Action} on {request.Target}: {why}"
            );
        if (person.Rungs.Count == 0)
            Break("S3", "stranger", answer.On, $"{answer.Who} could {answer.Verb} a request");
        if (answer.At >= request.Deadline)
            Break("S3", "late-answer", answer.On, $"{answer.Who} could {answer.Verb} at {Time(answer.At)}, after {Time(request.Deadline)}");
    }

    private void Change(SeenAnswer answer, CastPerson person, bool certain)
    {
        var containment = ContainmentOf(answer.Action, answer.Target);
        if (certain && Conflict(person, answer.Target) is { } why)
            Break(
                "S3",
                "conflicted-change",
                $"{answer.On} {answer.Who} {answer.Verb}",
                $"{answer.Who} could {answer.Verb} {answer.Action} on {answer.Target}: {why}"
            );
        if (certain && person.Rungs.Count == 0)
            Break("S3", "stranger", answer.On, $"{answer.Who} could {answer.Verb} a containment");
        switch (answer.Verb)
        {
            case "release" when certain:
                containment.Holds.Clear();
                containment.Confirmed = false;
                containment.Ended = answer.At;
                break;
            case "confirm":
                (containment.Confirmed, containment.ConfirmedAt) = (true, answer.At);
                break;
            case "extend":
                if (
                    certain
                    && Rulebook.Actions.GetValueOrDefault(answer.Action)?.Hold < TimeSpan.FromHours(answer.Hours)
                    && string.IsNullOrWhiteSpace((string?)Parse(answer.Body)?["note"])
                )
                    Break(
                        "S14",
                        "capped",
                        answer.Action,
                        $"{answer.Who} extended {answer.Action} by {answer.Hours} h, it was cut to less, and nothing said so"
                    );
                foreach (var hold in containment.Holds.Where(h => h.Until > now()))
                {
                    var most = Rulebook.Actions.GetValueOrDefault(answer.Action)?.Hold ?? TimeSpan.Zero;
                    var until = answer.At + (TimeSpan.FromHours(answer.Hours) < most ? TimeSpan.FromHours(answer.Hours) : most);
                    if (hold.Until < until)
                        hold.Until = until;
                }
                break;
        }
    }

    /// <summary>Why somebody must not decide about a target; null where they may (S3).</summary>
    private static string? Conflict(CastPerson person, string target)
    {
        var id = target[(target.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var kind = target[..target.IndexOf(':', StringComparison.Ordinal)];
        if (kind == "account" && HumanOf(id) == person.Human)
            return "it is about their own account";
        if (kind == "mailMessage" && Cast.UserOf(WhoseOf(id)) is { } owner && HumanOf(owner.Id) == person.Human)
            return "the message is in their own mailbox";
        return null;
    }

    private static string HumanOf(string account) =>
        Cast.People.FirstOrDefault(p => p.Id == account)?.Human ?? Cast.UserOf(account)?.Name.Split(' ')[0] ?? account;

    private static int Needed(string target) => target == $"account:{Cast.TwoNeeded}" ? 2 : 1;

    /// <summary>By enough different people who may, in time, none of whom or of the others said no before (S3).</summary>
    private bool IsApproved(string action, string target) =>
        requests.Values.Any(r =>
        {
            if (r.Action != action || !Same(r.Target, target) || r.Deadline < now() - LongestGrant)
                return false;
            var voices = new HashSet<string>(StringComparer.Ordinal);
            foreach (var vote in r.Votes)
            {
                if (vote.Verb != "approve" && vote.Certain)
                    return voices.Count >= Math.Max(r.Quorum, Needed(target));
                var person = Cast.Person(vote.Who);
                if (vote.Verb == "approve" && vote.At < r.Deadline && person.Rungs.Count > 0 && Conflict(person, target) is null)
                    voices.Add(person.Human);
            }
            return voices.Count >= Math.Max(r.Quorum, Needed(target));
        });

    private string Votes(IReadOnlyList<(string Action, string Target)> holders)
    {
        var all = requests.Values.Where(r => holders.Any(h => h.Action == r.Action && Same(h.Target, r.Target))).SelectMany(r => r.Votes);
        var text = string.Join(", ", all.Select(v => $"{v.Who} {v.Verb}s at {Time(v.At)}"));
        return text.Length == 0 ? "nobody was asked or nobody answered" : text;
    }

    /// <summary>An entry of the record, in the order of its chain.</summary>
    public void Entry(SeenEntry entry)
    {
        var about = Parse(entry.Data)?["about"];
        var (action, target) = ((string?)about?["action"], (string?)about?["target"]);
        if (entry.Kind is "expired" or "withdrawn")
            unanswered.Add(new Unanswered(entry.Kind, entry.Chain, action ?? "", entry.At, entry.Text));
        Closing(entry);
        if (action is null || target is null || !Rulebook.Actions.TryGetValue(action, out var ruling))
            return;
        Claim(entry, action, target);
        work.Add((entry, action, target));
        var containment = ContainmentOf(action, target);
        switch (entry.Kind)
        {
            case "granted":
                granted.Add((action, target.ToLowerInvariant()));
                break;
            case "captured":
                containment.Captured = true;
                break;
            case "registered" or "joined-hold" when ruling.Hold is { } length:
                containment.Registered = true;
                containment.Holds.RemoveAll(h => h.Incident == entry.Chain);
                containment.Holds.Add(new HoldModel(entry.Chain, entry.At, entry.At + length));
                break;
            case "executing":
                containment.Executing = true;
                Touch(target, entry.At);
                break;
            case "failed"
                when !entry.Text.StartsWith("people could not be told", StringComparison.Ordinal)
                    && !entry.Text.StartsWith("read back:", StringComparison.Ordinal):
                if (containment.Holds.RemoveAll(h => h.Incident == entry.Chain) > 0 && containment.Holds.Count == 0)
                    containment.Ended = entry.At;
                break;
            case "undoing":
                containment.Undoing = true;
                Touch(target, entry.At);
                break;
        }
    }
}

namespace IRFunctions.Policies;

/// <summary>Reads ladder.yaml: approver groups, ladders and the reminder.</summary>
internal static class LadderReader
{
    public static (
        IReadOnlyDictionary<string, Ladder> Ladders,
        ReminderRule Reminder,
        IReadOnlyDictionary<string, ApproverGroup> Groups
    ) Read(Section file)
    {
        var groups = ReadGroups(file);
        var ladders = new Dictionary<string, Ladder>(StringComparer.Ordinal);
        foreach (var (name, _, section) in file.Named("ladders"))
        {
            if (ReadLadder(name, section, groups) is { } ladder)
                ladders[name] = ladder;
            section.Close();
        }

        if (file.Has("ladders") && file.PlaceOf("ladders") is YamlMap map && map.Entries.All(entry => entry.Key != Ladder.DefaultName))
            file.Problem("ladders", $"the ladder {Ladder.DefaultName} is missing; actions that name none use it");
        var reminder = ReadReminder(file);
        file.Close();
        return (ladders, reminder, groups);
    }

    private static ReminderRule ReadReminder(Section file)
    {
        var section = file.Map("reminder");
        var lead = section?.Time("lead");
        var half = section?.Time("half_below");
        if (lead > half)
            section!.Problem(
                "half_below",
                "effects shorter than the lead itself would be reminded of before they begin; half_below must be at least lead"
            );
        section?.Close();
        return new ReminderRule(lead ?? TimeSpan.FromHours(2), half ?? TimeSpan.FromHours(4));
    }

    private static Dictionary<string, ApproverGroup> ReadGroups(Section file)
    {
        var groups = new Dictionary<string, ApproverGroup>(StringComparer.Ordinal);
        foreach (var (name, _, section) in file.Named("groups"))
        {
            var entra = section.Has("entra_group") ? Ids.ReadGuid(section, "entra_group") : null;
            var members = new List<Approver>();
            foreach (var item in section.Items("members", required: entra is null))
            {
                var member = ReadApprover(item);
                if (member.ObjectId.Length > 0 && members.Exists(other => other.ObjectId == member.ObjectId))
                    item.Problem("id", "this person is in the group twice");
                members.Add(member);
                item.Close();
            }

            if (members.Count == 0 && entra is null && section.Has("members") && section.PlaceOf("members") is YamlList)
                section.Problem("members", "a group without members can never approve");
            groups[name] = new ApproverGroup(name, members, entra, ReadSchedule(section));
            section.Close();
        }

        return groups;
    }

    private static Approver ReadApprover(Section item) =>
        new(Ids.ReadGuid(item, "id"), item.Text("name"))
        {
            Owner = item.Has("owner") ? Ids.ReadGuid(item, "owner") : null,
            Slack = ReadSlack(item),
            Quiet = ReadQuiet(item),
            Away = ReadAbsence(item),
        };

    private static string? ReadSlack(Section item)
    {
        if (!item.Has("slack"))
            return null;
        var id = item.Text("slack");
        if (id.Length is >= 9 and <= 20 && id[0] is 'U' or 'W' && id.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c)))
            return id;
        item.Problem("slack", "a Slack user id is U or W and capitals or digits, like U024BE7LH (in Slack: profile, Copy member ID)");
        return null;
    }

    private static QuietHours? ReadQuiet(Section item)
    {
        if (!item.Has("quiet") || item.Map("quiet") is not { } quiet)
            return null;
        var hours = new QuietHours(quiet.Clock("from"), quiet.Clock("until"));
        quiet.Close();
        return hours;
    }

    private static Absence? ReadAbsence(Section item)
    {
        if (!item.Has("away") || item.Map("away") is not { } away)
            return null;
        var (from, until) = (away.Date("from"), away.Date("until"));
        if (until < from)
            away.Problem("until", "the absence ends before it begins");
        Approver? substitute = null;
        if (away.Map("substitute") is { } section)
        {
            substitute = new Approver(Ids.ReadGuid(section, "id"), section.Text("name"))
            {
                Owner = section.Has("owner") ? Ids.ReadGuid(section, "owner") : null,
            };
            section.Close();
        }

        away.Close();
        return substitute is null ? null : new Absence(from, until, substitute);
    }

    private static Uri? ReadSchedule(Section section)
    {
        if (!section.Has("schedule"))
            return null;
        var text = section.Text("schedule");
        if (
            Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        )
            return uri;
        section.Problem("schedule", "an https address is expected (http on this machine only)");
        return null;
    }

    private static Ladder? ReadLadder(string name, Section section, Dictionary<string, ApproverGroup> groups)
    {
        var rungs = new List<Rung>();
        var items = section.Items("rungs").ToList();
        for (var i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var rung = ReadRung(item, groups, isLast: i == items.Count - 1);
            if (i == 0 && rung.After != TimeSpan.Zero)
                item.Problem("after", "the first rung is asked at once", "0 min");
            if (i > 0 && rung.After <= rungs[^1].After)
                item.Problem("after", $"{rung.Name} must be asked later than {rungs[^1].Name} before it");
            rungs.Add(rung);
        }

        if (rungs.Count > 0)
            return new Ladder(name, rungs);
        if (section.Has("rungs") && section.PlaceOf("rungs") is YamlList)
            section.Problem("rungs", "a ladder needs at least one rung");
        return null;
    }

    private static Rung ReadRung(Section item, Dictionary<string, ApproverGroup> groups, bool isLast)
    {
        var group = item.Text("group");
        if (group.Length > 0 && !groups.ContainsKey(group))
            item.Problem("group", $"there is no group {PolicyErrors.Quote(group)}", DidYouMean.Guess(group, groups.Keys));
        var window = item.Time("window", required: false);
        if (window is not null && !isLast)
            item.Problem("window", "only the last rung has a window of its own; the others end when the next one starts");
        if (window == TimeSpan.Zero)
            item.Problem("window", "nobody can answer in no time");
        var rung = new Rung(
            item.Text("name"),
            item.Time("after") ?? TimeSpan.Zero,
            group,
            groups.GetValueOrDefault(group)?.Members ?? [],
            window
        );
        item.Close();
        return rung;
    }
}

namespace IRFunctions.Policies;

/// <summary>Reads ladder.yaml: approver groups, ladders and the reminder.</summary>
internal static class LadderReader
{
    public static (IReadOnlyDictionary<string, Ladder> Ladders, Reminder Reminder) Read(Section file)
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
        return (ladders, reminder);
    }

    private static Reminder ReadReminder(Section file)
    {
        var section = file.Map("reminder");
        var lead = section?.Time("lead");
        var half = section?.Time("half_below");
        if (lead > half)
            section!.Problem("half_below",
                "effects shorter than the lead itself would be reminded of before they begin; half_below must be at least lead");
        section?.Close();
        return new Reminder(lead ?? TimeSpan.FromHours(2), half ?? TimeSpan.FromHours(4));
    }

    private static Dictionary<string, IReadOnlyList<Approver>> ReadGroups(Section file)
    {
        var groups = new Dictionary<string, IReadOnlyList<Approver>>(StringComparer.Ordinal);
        foreach (var (name, _, section) in file.Named("groups"))
        {
            var members = new List<Approver>();
            foreach (var item in section.Items("members"))
            {
                var id = Ids.ReadGuid(item, "id");
                if (id.Length > 0 && members.Exists(member => member.ObjectId == id))
                    item.Problem("id", "this person is in the group twice");
                members.Add(new Approver(id, item.Text("name")));
                item.Close();
            }

            if (members.Count == 0 && section.Has("members") && section.PlaceOf("members") is YamlList)
                section.Problem("members", "a group without members can never approve");
            groups[name] = members;
            section.Close();
        }

        return groups;
    }

    private static Ladder? ReadLadder(string name, Section section, Dictionary<string, IReadOnlyList<Approver>> groups)
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

    private static Rung ReadRung(Section item, Dictionary<string, IReadOnlyList<Approver>> groups, bool isLast)
    {
        var group = item.Text("group");
        if (group.Length > 0 && !groups.ContainsKey(group))
            item.Problem("group", $"there is no group {Problems.Quote(group)}", DidYouMean.Guess(group, groups.Keys));
        var window = item.Time("window", required: false);
        if (window is not null && !isLast)
            item.Problem("window", "only the last rung has a window of its own; the others end when the next one starts");
        if (window == TimeSpan.Zero)
            item.Problem("window", "nobody can answer in no time");
        var rung = new Rung(item.Text("name"), item.Time("after") ?? TimeSpan.Zero, group, groups.GetValueOrDefault(group) ?? [], window);
        item.Close();
        return rung;
    }
}

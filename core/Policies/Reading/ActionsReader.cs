namespace IRFunctions.Policies;

/// <summary>Reads actions.yaml, the tier map.</summary>
internal sealed class ActionsReader(KnownNames known)
{
    private static readonly Dictionary<string, ActionMode> Modes = new()
    {
        ["observe"] = ActionMode.Observe,
        ["ask"] = ActionMode.Ask,
        ["act"] = ActionMode.Act,
    };

    private static readonly Dictionary<string, Reversibility> Reversibilities = new()
    {
        ["automatic"] = Reversibility.Automatic,
        ["manual"] = Reversibility.Manual,
        ["none"] = Reversibility.None,
    };

    private int recommendFloor;
    private int actFloor;
    private TimeSpan approvalTimeout;

    public IReadOnlyDictionary<string, ActionRule> Read(Section file)
    {
        ReadDefaults(file);
        var actions = new Dictionary<string, ActionRule>(StringComparer.Ordinal);
        foreach (var (name, entry, section) in file.Named("actions"))
        {
            if (!IsName(name))
                file.Problems.Add(
                    entry.Line,
                    entry.Column,
                    section.Path,
                    "an action name is made of a to z, 0 to 9 and _, at most 64 characters"
                );
            actions[name] = ReadAction(name, section, actions.Count);
            section.Close();
        }

        RequirePeople(file, actions);
        file.Close();
        return actions;
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 64
        && name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '_');

    private void ReadDefaults(Section file)
    {
        var defaults = file.Map("defaults");
        recommendFloor = defaults?.Number("recommend_floor", 0, 100) ?? 0;
        actFloor = defaults?.Number("act_floor", 0, 100) ?? 0;
        approvalTimeout = defaults?.Time("approval_timeout") ?? TimeSpan.FromMinutes(15);
        if (defaults is not null)
        {
            CheckFloors(recommendFloor, actFloor, defaults);
            CheckLadder(Ladder.DefaultName, approvalTimeout, defaults);
            defaults.Close();
        }
    }

    private ActionRule ReadAction(string name, Section section, int order)
    {
        var tier = section.Number("tier", 1, 3);
        var capability = known.Catalogue.GetValueOrDefault(name);
        var rule = new ActionRule
        {
            Name = name,
            Tier = tier,
            Mode = section.Choice("mode", Modes, tier == 3 ? ActionMode.Observe : null),
            Why = section.Text("why"),
            BlastRadius = section.Text("blast_radius"),
            Reversible = section.Choice<Reversibility>("reversible", Reversibilities),
            Undo = section.Text("undo"),
            ApprovalTimeout = section.Time("approval_timeout", required: false) ?? (tier < 3 ? approvalTimeout : null),
            Quorum = section.Number("quorum", 1, 10, 1),
            MaxDuration = section.Time("max_duration", required: false),
            DrillWithin = section.Time("drill_within", required: false),
            RecommendFloor = section.Number("recommend_floor", 0, 100, recommendFloor),
            ActFloor = section.Number("act_floor", 0, 100, actFloor),
            Checks = section.Words("checks"),
            Ladder = section.Has("ladder") ? section.Text("ladder") : Ladder.DefaultName,
            TargetKind = tier == 3 ? null : capability?.TargetKind,
            Order = order,
        };
        if (tier == 3)
            CheckNeverRuns(section);
        else
            CheckMayRun(rule, capability, section);
        return rule;
    }

    private static void CheckNeverRuns(Section section)
    {
        foreach (
            var key in (string[])
                ["approval_timeout", "quorum", "max_duration", "drill_within", "recommend_floor", "act_floor", "checks", "ladder"]
        )
            if (section.Has(key))
                section.Problem(key, "tier 3 never runs, so this says nothing; take it out or change the tier");
        if (section.Has("mode") && section.PlaceOf("mode") is YamlText { Value: "ask" or "act" } mode)
            section.Problem("mode", $"tier 3 never runs, so its mode cannot be {mode.Value}", "observe");
    }

    private void CheckMayRun(ActionRule rule, ActionCapability? capability, Section section)
    {
        if (rule is { Tier: 2, Mode: ActionMode.Act })
            section.Problem("mode", "tier 2 runs only after people approved (S3), so its mode cannot be act", "ask");
        if (capability is null && rule.Mode != ActionMode.Observe)
            section.Problem(
                "mode",
                $"the catalogue has no action {rule.Name}, so it can only be observed",
                DidYouMean.Guess(rule.Name, known.Catalogue.Keys) ?? "observe"
            );
        CheckReversal(rule, capability, section);
        // What an action takes over from the defaults is checked there, once.
        if (section.Has("recommend_floor") | section.Has("act_floor"))
            CheckFloors(rule.RecommendFloor, rule.ActFloor, section);
        CheckNames(rule, section);
        if (rule.ApprovalTimeout is { } timeout && (section.Has("approval_timeout") | section.Has("ladder")))
            CheckLadder(rule.Ladder, timeout, section);
        if (
            known.Reminder is { } reminder
            && rule.MaxDuration is { } duration
            && duration > TimeSpan.Zero
            && reminder.LeadFor(duration) >= duration
        )
            section.Problem(
                "max_duration",
                $"the reminder {Shown(reminder.LeadFor(duration))} before the undo would come before the action, which lasts "
                    + $"{Shown(duration)}"
            );
    }

    private static void CheckFloors(int recommend, int act, Section section)
    {
        if (act < recommend)
            section.Problem("act_floor", $"acting alone at {act} would need less confidence than a recommendation at {recommend}");
    }

    private static void CheckReversal(ActionRule rule, ActionCapability? capability, Section section)
    {
        var automatic = rule.Reversible == Reversibility.Automatic;
        var hasRollback = capability?.Reversible ?? automatic;
        if (section.Has("reversible") && hasRollback != automatic)
            section.Problem(
                "reversible",
                $"the catalogue has {(hasRollback ? "a" : "no")} rollback for this action",
                hasRollback ? "automatic" : "none"
            );
        if (automatic && rule.MaxDuration is null && !section.Has("max_duration"))
            section.Problem("max_duration", "the key is missing: what is undone automatically needs a time after which it is");
        if (!automatic && rule.MaxDuration is not null)
            section.Problem("max_duration", "nothing undoes this action automatically, so it has no duration", "reversible: automatic");
        if (!automatic && rule.DrillWithin is not null)
            section.Problem(
                "drill_within",
                "nothing undoes this action automatically, so there is nothing to rehearse",
                "reversible: automatic"
            );
        if (rule.MaxDuration == TimeSpan.Zero)
            section.Problem("max_duration", "a duration of nothing would undo the action at once");
    }

    private void CheckNames(ActionRule rule, Section section)
    {
        foreach (var check in rule.Checks)
            if (known.Checks is not null && !known.Checks.ContainsKey(check))
                section.Problem(
                    "checks",
                    $"{PolicyNames.Context} has no check {PolicyErrors.Quote(check)}",
                    DidYouMean.Guess(check, known.Checks.Keys)
                );
        if (known.Ladders is not null && !known.Ladders.ContainsKey(rule.Ladder))
            section.Problem(
                "ladder",
                $"{PolicyNames.Ladder} has no ladder {PolicyErrors.Quote(rule.Ladder)}",
                DidYouMean.Guess(rule.Ladder, known.Ladders.Keys)
            );
        known.RequireQuorum(section, "quorum", rule.Quorum, rule.Ladder);
    }

    private void CheckLadder(string name, TimeSpan timeout, Section section)
    {
        if (known.Ladders?.GetValueOrDefault(name) is not { } ladder)
            return;
        if (timeout == TimeSpan.Zero)
        {
            section.Problem("approval_timeout", "nobody can answer in no time");
            return;
        }

        // A ladder whose rungs are out of order has been complained about already.
        if (ladder.Rungs.Zip(ladder.Rungs.Skip(1)).Any(pair => pair.Second.After <= pair.First.After))
            return;
        var last = ladder.Rungs[^1];
        if (last.Window is null && last.After >= timeout)
            section.Problem(
                "approval_timeout",
                $"ladder {ladder.Name} reaches {last.Name} after {Shown(last.After)}, when the request has expired; give that rung a window"
            );
        foreach (var rung in ladder.Rungs.Take(ladder.Rungs.Count - 1))
            if (rung.After >= timeout)
                section.Problem(
                    "approval_timeout",
                    $"after {Shown(timeout)} the request climbs to {last.Name}, before {rung.Name} is asked after {Shown(rung.After)}"
                );
        if (last.Window is { } window && timeout > last.After + window)
            section.Problem(
                "approval_timeout",
                $"ladder {ladder.Name} ends after {Shown(last.After + window)}, before these {Shown(timeout)} are over"
            );
    }

    private static string Shown(TimeSpan time) =>
        time.Ticks % TimeSpan.TicksPerHour == 0 ? $"{time.TotalHours:0} h" : $"{time.TotalMinutes:0.##} min";

    /// <summary>Without a ticket and a page that run alone, no alert could end with a person (S10, S12).</summary>
    private void RequirePeople(Section file, Dictionary<string, ActionRule> actions)
    {
        foreach (var name in ActionRule.ForPeople)
        {
            if (!actions.TryGetValue(name, out var rule))
                file.Problem("actions", $"the action {name} is missing: doubt would reach nobody (S12)");
            else if (rule is not { Tier: 1, Mode: ActionMode.Act })
                file.Problem("actions", $"the action {name} must be tier 1 with mode act: doubt would reach nobody (S12)");
            else if (known.Catalogue.TryGetValue(name, out var capability) && capability.TargetKind != "alert")
                file.Problem(
                    "actions",
                    $"the action {name} must concern the alert; the catalogue gives it the kind {capability.TargetKind}"
                );
        }
    }
}

using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Local.CommandLine;

/// <summary>
/// One action on one target of one alert that two policies decide differently; null where a policy makes no such decision.
/// </summary>
internal sealed record DecisionChange(string AlertId, string AlertTitle, string Action, string Target, Decision? Old, Decision? New)
{
    public string Summary => $"{Shown(Old)} -> {Shown(New)}";

    /// <summary>Reasons that only the new policy gives.</summary>
    public IEnumerable<Reason> NewReasons => (New?.Reasons ?? []).Except(Old?.Reasons ?? []);

    private static string Shown(Decision? decision) =>
        decision switch
        {
            null => "nothing",
            { Kind: DecisionKind.Ask } => $"ask {decision.Quorum} {(decision.Quorum == 1 ? "person" : "people")} within "
                + $"{Shown(decision.ApprovalTimeout)}{Lasting(decision)}",
            { Kind: DecisionKind.Run } => $"run{Lasting(decision)}",
            _ => decision.Kind == DecisionKind.Tell ? "tell" : "hold",
        };

    private static string Lasting(Decision decision) => decision.MaxDuration is { } duration ? $" for {Shown(duration)}" : "";

    private static string Shown(TimeSpan? time) => time is { } some ? PolicyExplanation.Shown(some) : "no time";
}

/// <summary>Which decisions change between two policies on the same alerts.</summary>
internal sealed record PolicyDiff(Policy Old, Policy New, int Alerts, int Decisions, IReadOnlyList<DecisionChange> Changes)
{
    /// <param name="identity">What every account and application is taken for.</param>
    public static PolicyDiff Of(
        Policy old,
        Policy @new,
        IReadOnlyList<Alert> alerts,
        Func<Alert, AlertAssessment> assess,
        IdentityType identity,
        DateTimeOffset now
    )
    {
        var changes = new List<DecisionChange>();
        var decided = 0;
        foreach (var alert in alerts)
        {
            var assessment = assess(alert);
            var facts = Favourable(alert, [old, @new], identity, now);
            var before = Decider.Decide(alert, assessment, facts, old).ToDictionary(decision => (decision.Action, decision.Target.Key));
            var after = Decider.Decide(alert, assessment, facts, @new).ToDictionary(decision => (decision.Action, decision.Target.Key));
            decided += after.Count;
            changes.AddRange(
                before
                    .Keys.Union(after.Keys)
                    .Select(key => new DecisionChange(
                        alert.Id,
                        alert.Title,
                        key.Action,
                        key.Key,
                        before.GetValueOrDefault(key),
                        after.GetValueOrDefault(key)
                    ))
                    .Where(change => IsChange(change.Old, change.New))
            );
        }

        return new PolicyDiff(old, @new, alerts.Count, decided, changes);
    }

    /// <summary>Number of changes by summary, most first.</summary>
    public IReadOnlyList<(string Summary, int Count)> Numbers =>
        [
            .. Changes
                .GroupBy(change => change.Summary)
                .Select(group => (group.Key, group.Count()))
                .OrderByDescending(pair => pair.Item2)
                .ThenBy(pair => pair.Key, StringComparer.Ordinal),
        ];

    public string Text()
    {
        var lines = new List<string>
        {
            $"old policy {Old.Hash[..12]}, new policy {New.Hash[..12]}",
            $"{Alerts} alert(s), {Decisions} decision(s), {Changes.Count} of them change (where every context check holds and no "
                + $"budget is spent)",
        };
        lines.AddRange(Numbers.Select(pair => $"  {pair.Count.ToString(CultureInfo.InvariantCulture).PadLeft(6)}  {pair.Summary}"));
        foreach (var change in Changes)
        {
            lines.Add(
                $"{PolicyExplanation.Plain(change.AlertId)} {change.Action} on {PolicyExplanation.Plain(change.Target)}: {change.Summary}"
            );
            lines.AddRange(change.NewReasons.Select(reason => $"    {reason.Rule}: {PolicyExplanation.Plain(reason.Text)}"));
        }

        return string.Join('\n', lines) + "\n";
    }

    /// <summary>
    /// Facts under which every context check holds and no budget is spent: with doubt everywhere, both policies would only ask, and a
    /// change in what may run alone would not show.
    /// </summary>
    internal static Facts Favourable(Alert alert, IReadOnlyList<Policy> policies, IdentityType identity, DateTimeOffset now)
    {
        var targets = Targets.OfAll(alert);
        var checks = policies.SelectMany(policy => policy.Checks.Values).DistinctBy(check => check.Name).ToArray();
        return new Facts
        {
            Now = now,
            Identities = targets
                .Where(target => target.Kind is "account" or "application" or "host" or "mailbox" or "mailMessage")
                .ToDictionary(target => target.Key, _ => new IdentityFacts { Type = identity }),
            Checks = targets
                .SelectMany(target => checks.Select(check => (Key: Facts.CheckKey(check.Name, target), Check: check)))
                .ToDictionary(pair => pair.Key, pair => new ContextFact(Holding(pair.Check))),
        };
    }

    private static string Holding(ContextCheck check) =>
        check.Test switch
        {
            CheckTest.AtMost => "0",
            CheckTest.IsTrue => "true",
            CheckTest.IsFalse => "false",
            _ => "never",
        };

    // A reworded reason changes nothing that happens; the hash always differs.
    private static bool IsChange(Decision? old, Decision? @new) =>
        old is null
        || @new is null
        || old.Kind != @new.Kind
        || old.Quorum != @new.Quorum
        || old.ApprovalTimeout != @new.ApprovalTimeout
        || old.MaxDuration != @new.MaxDuration
        || old.Tier != @new.Tier
        || old.Step != @new.Step
        || old.Batch != @new.Batch;
}

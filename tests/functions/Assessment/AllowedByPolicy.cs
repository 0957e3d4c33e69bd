using System.Net;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// A second opinion on what may run or be asked for, written without the Decider's code and from trusted fields alone: the typed entities
/// and enumerations of the alert as it was before anything was planted, the facts and the policy.
/// </summary>
internal sealed class AllowedByPolicy(Alert alert, Facts facts, Policy policy)
{
    private static readonly string[] Words = ["create_alert_ticket", "send_analyst_notification"];

    /// <summary>Everything that goes further than the policy allows, in words; empty is as it should be.</summary>
    public IEnumerable<string> Violations(IReadOnlyList<Decision> decisions, AlertAssessment assessment)
    {
        foreach (var decision in decisions)
        {
            var name = $"{decision.Kind} {decision.Action} on {decision.Target.Key}";
            if (decision.Kind is DecisionKind.Run or DecisionKind.Ask && Words.Contains(decision.Action) && decision.Target.Kind == "alert")
                continue;
            if (decision.Kind is DecisionKind.Run or DecisionKind.Ask && Refusal(decision) is { } refused)
                yield return $"{name}: {refused}";
            if (decision.Kind == DecisionKind.Run && OnlyAsked(decision, assessment) is { } asked)
                yield return $"{name}: {asked}";
        }
        var runs = decisions.Where(d => d.Kind == DecisionKind.Run && d.Target.Kind != "alert").ToArray();
        foreach (var (key, budget, count) in Counts(runs))
        {
            var spent = facts.Budgets.Spent.GetValueOrDefault(key) ?? new BudgetSpent(0, 0);
            if (count == 0)
                continue; // others may have spent it all
            if (spent.LastMinute + count > budget.PerMinute || spent.LastHour + count > budget.PerHour)
                yield return $"{key}: {count} over budget";
        }
    }

    /// <summary>Why people may not even be asked; null where they may.</summary>
    private string? Refusal(Decision decision)
    {
        if (!policy.Actions.TryGetValue(decision.Action, out var rule))
            return "not in the tier map (S1)";
        if (rule.Tier >= 3)
            return "tier 3 (S2)";
        if (rule.Mode == ActionMode.Observe)
            return "only observed";
        if (rule.TargetKind != decision.Target.Kind)
            return "wrong kind of target (S4)";
        // A copy whose reader the hostile text put out of sight is still that message; nothing can be moved without a mailbox.
        var copies = $"{decision.Target.Key}@";
        if (
            !alert.Entities.Any(e =>
                KeyOf(e) is { } key && (key == decision.Target.Key || key.StartsWith(copies, StringComparison.Ordinal))
            )
        )
            return "no entity of the alert (S4)";
        if (facts.Stop is not null)
            return "under the global stop (S13)";
        if (Names(decision).Any(n => facts.OwnIdentities.Contains(n, StringComparer.OrdinalIgnoreCase)))
            return "our own identity (S9)";
        if (Identity(decision)?.Type == IdentityType.BreakGlass)
            return "break-glass (S9)";
        return policy.Protected.Any(p => p.BreakGlass && IsAbout(p.Id, decision)) ? "registered as break-glass (S9)" : null;
    }

    /// <summary>Why it may not run without a person; null where it may.</summary>
    private string? OnlyAsked(Decision decision, AlertAssessment assessment)
    {
        if (!policy.Actions.TryGetValue(decision.Action, out var rule))
            return "not in the tier map (S1)";
        if (rule is not { Tier: 1, Mode: ActionMode.Act })
            return "not tier 1 in mode act (S1, S3)";
        if (assessment is not { By: not AssessedBy.Nobody, Problem: null, Verdict: Verdict.TruePositive })
            return "in doubt (S12)";
        if (!assessment.Recommendations.Any(r => r.Action == decision.Action && r.Confidence >= rule.ActFloor))
            return "below its floor";
        if (facts.Budgets.Failed is not null)
            return "budget unknown (S12)";
        if (rule.Checks.Any(c => !Holds(policy.Checks[c], decision)))
            return "a check does not hold (S12)";
        if (Names(decision).Any(n => facts.Approvers.Contains(n, StringComparer.OrdinalIgnoreCase) || policy.Approvers.Contains(n)))
            return "an approver (S9)";
        if (policy.Protected.Any(p => p.CountsAt(facts.Now) && IsAbout(p.Id, decision)) && !Lifted(decision))
            return "protected (S9)";
        if (NeedsDirectory(decision) && Identity(decision) is not { Failed: null })
            return "the directory does not know what it is (S9, S12)";
        if (decision.Target.Kind is "mailMessage" && Identity(decision)?.Type == IdentityType.PrivilegedPerson)
            return "in an administrator's mailbox (S9)";
        if (policy.Threshold.TargetKinds.Contains(decision.Target.Kind) && Identity(decision)?.CriticalityFailed is not null)
            return "criticality unknown (S12)";
        if (policy.Threshold.TargetKinds.Contains(decision.Target.Kind) && Risk(decision) < policy.Threshold.ActAt)
            return "below the threshold";
        return decision.Target.Kind is "account" or "application" ? IdentityObjection(decision) : null;
    }

    private static bool NeedsDirectory(Decision decision) =>
        decision.Target.Kind is "account" or "application" or "host" or "mailbox"
        || (decision.Target.Kind == "mailMessage" && decision.Target.Id.Contains('@', StringComparison.Ordinal));

    private string? IdentityObjection(Decision decision)
    {
        var identity = Identity(decision);
        if (identity?.Failed is not null)
            return "directory unknown (S12)";
        if (identity is { OnPremisesSynced: true })
            return "mastered on premises";
        var playbook = policy.Playbooks[identity?.Type ?? IdentityType.Unknown];
        return playbook.Alone && (playbook.Soft.Contains(decision.Action) || playbook.Hard.Contains(decision.Action))
            ? null
            : $"playbook {playbook.Name}";
    }

    private bool Holds(ContextCheck check, Decision decision)
    {
        var value = facts.Checks.GetValueOrDefault($"{check.Name}@{decision.Target.Key}");
        var identity = Identity(decision);
        if (value is null && check.Test == CheckTest.OlderThan && identity is { Failed: null })
            return identity.LastOwnAction is not { } last || facts.Now - last >= check.Age;
        if (value is not { Failed: null, Value: { } answer })
            return false;
        return check.Test switch
        {
            CheckTest.AtMost => int.TryParse(answer, out var n) && n <= check.Number,
            CheckTest.IsTrue => answer == "true",
            CheckTest.IsFalse => answer == "false",
            _ => answer == "never" || (DateTimeOffset.TryParse(answer, out var at) && facts.Now - at >= check.Age),
        };
    }

    private int Risk(Decision decision)
    {
        var t = policy.Threshold;
        var identity = Identity(decision);
        // A merged name of the same thing may carry another verdict: the highest is the upper bound.
        var evidence = alert
            .Entities.Where(e => KeyOf(e) == decision.Target.Key)
            .SelectMany(e => e.Roles.Append(e.SourceVerdict ?? ""))
            .Select(w => t.Evidence.GetValueOrDefault(w))
            .DefaultIfEmpty()
            .Max();
        int[] points =
        [
            t.Identities.GetValueOrDefault(identity is { Failed: null } ? identity.Type : IdentityType.Unknown),
            t.Severity.GetValueOrDefault(alert.Severity.ToString().ToLowerInvariant())
                + alert
                    .Techniques.Select(x => t.Techniques.GetValueOrDefault(x, t.Techniques.GetValueOrDefault(x.Split('.')[0])))
                    .DefaultIfEmpty()
                    .Max(),
            evidence + t.Criticality.GetValueOrDefault(identity?.Criticality ?? ""),
        ];
        foreach (var signal in t.SignalOrder)
        {
            var seen = (identity?.Signals ?? []).Where(s => s.Name == signal.Name).ToArray();
            if (seen.Length > 0)
                points[(int)signal.Dimension] += signal.Weight + (signal.PerMinute * seen.Max(s => s.Minutes));
        }
        return points.Select((p, i) => Math.Min(p, t.Caps[i])).Sum();
    }

    private IEnumerable<(string Key, Budget Budget, int Count)> Counts(Decision[] runs)
    {
        yield return ("tenant", policy.Budgets.Tenant, runs.Length);
        foreach (var g in runs.GroupBy(r => r.Action))
            yield return ($"action:{g.Key}", policy.Budgets.ForAction(g.Key), g.Count());
        foreach (var g in runs.GroupBy(r => r.Target.Key))
            yield return ($"identity:{g.Key}", policy.Budgets.Identity, g.Count());
    }

    private IdentityFacts? Identity(Decision decision) => facts.Identities.GetValueOrDefault(decision.Target.Key);

    /// <summary>Names that cannot be forged in an alert: the id acted upon and the directory's own.</summary>
    private IEnumerable<string> Names(Decision decision) => [decision.Target.Id, .. Identity(decision)?.Aliases ?? []];

    private bool Lifted(Decision decision) =>
        policy.Exceptions.Any(e =>
            e.Effect == ExceptionEffect.Lift && e.CountsAt(facts.Now) && e.IsAbout(decision.Action) && IsAbout(e.Id, decision)
        );

    private bool IsAbout(string registered, Decision decision) =>
        Names(decision).Any(n => n.Equals(registered, StringComparison.OrdinalIgnoreCase))
        || (
            decision.Target.Kind == "ip"
            && registered.Contains('/', StringComparison.Ordinal)
            && IPNetwork.Parse(registered).Contains(IPAddress.Parse(decision.Target.Id))
        );

    private static string? KeyOf(Entity entity) =>
        entity switch
        {
            AccountEntity { ObjectId: { } id } => $"account:{id.ToLowerInvariant()}",
            IpEntity ip => $"ip:{ip.Address.ToLowerInvariant()}",
            HostEntity { DefenderDeviceId: { } id } => $"host:{id.ToLowerInvariant()}",
            HostEntity { EntraDeviceId: { } id } => $"host:{id.ToLowerInvariant()}",
            MailMessageEntity { NetworkMessageId: { } id, Recipient: { } whose } when Targets.IsMailAddress(whose) =>
                $"mailMessage:{id.ToLowerInvariant()}@{whose.ToLowerInvariant()}",
            MailMessageEntity { NetworkMessageId: { } id } => $"mailMessage:{id.ToLowerInvariant()}",
            // The mailbox's address is its id where it has no other; a planted one is no entity of the untouched alert.
            MailboxEntity box => $"mailbox:{(box.ObjectId ?? box.PrimaryAddress ?? "").ToLowerInvariant()}",
            ApplicationEntity app when (app.ObjectId ?? app.AppId) is { } id => $"application:{id.ToLowerInvariant()}",
            _ => null,
        };
}

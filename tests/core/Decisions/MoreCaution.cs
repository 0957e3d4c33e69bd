using System.Collections.Frozen;
using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Tests.Decisions;

/// <summary>One step towards more caution, of every kind a policy file can take.</summary>
internal static class MoreCaution
{
    public static PolicyParts Of(PolicyParts parts, Random random) =>
        random.Next(16) switch
        {
            0 => Action(
                parts,
                random,
                rule =>
                    rule.Tier == 1 ? rule with { Tier = 2, Mode = rule.Mode == ActionMode.Act ? ActionMode.Ask : rule.Mode } : Tier3(rule)
            ),
            1 => Action(parts, random, Tier3),
            2 => Action(parts, random, rule => rule with { Mode = rule.Mode == ActionMode.Act ? ActionMode.Ask : ActionMode.Observe }),
            3 => Action(
                parts,
                random,
                rule =>
                    rule with
                    {
                        RecommendFloor = Math.Min(100, rule.RecommendFloor + 10),
                        ActFloor = Math.Min(100, rule.ActFloor + random.Next(20)),
                    }
            ),
            4 => Action(parts, random, rule => rule with { Quorum = rule.Quorum + 1 }),
            5 => Action(parts, random, rule => rule with { Checks = GeneratedPolicies.CheckNames }),
            6 => Action(parts, random, rule => rule with { TargetKind = null, Mode = ActionMode.Observe }),
            7 => parts with { Actions = [.. parts.Actions.Where((rule, index) => index < 2 || random.Chance(80))] },
            8 => Playbooks(parts, random, playbook => playbook with { Alone = false, Quorum = playbook.Quorum + 1 }),
            9 => Playbooks(
                parts,
                random,
                playbook => playbook with { Soft = [.. playbook.Soft.Skip(1)], Hard = [.. playbook.Hard.Skip(random.Next(2))] }
            ),
            10 => parts with { Threshold = Stricter(parts.Threshold, random) },
            11 => parts with { Protected = [.. parts.Protected, GeneratedPolicies.Entry(random), GeneratedPolicies.Entry(random)] },
            12 => parts with { Protected = [.. parts.Protected.Select(entry => Stricter(entry, random))] },
            13 => parts with { Exceptions = [.. parts.Exceptions.Where(exception => exception.Effect == ExceptionEffect.Hold)] },
            14 => parts with
            {
                Exceptions = [.. parts.Exceptions, GeneratedPolicies.Exemption(random, 9) with { Effect = ExceptionEffect.Hold }],
            },
            _ => parts with { Budgets = Stricter(parts.Budgets, random) },
        };

    private static ActionRule Tier3(ActionRule rule) => rule with { Tier = 3, Mode = ActionMode.Observe, TargetKind = null };

    private static PolicyParts Action(PolicyParts parts, Random random, Func<ActionRule, ActionRule> change)
    {
        var chosen = random.Next(2, parts.Actions.Count);
        return parts with { Actions = [.. parts.Actions.Select((rule, index) => index == chosen ? change(rule) : rule)] };
    }

    private static PolicyParts Playbooks(PolicyParts parts, Random random, Func<Playbook, Playbook> change) =>
        random.Next(3) switch
        {
            0 => parts with { Shared = change(parts.Shared) },
            1 => parts with { SeveralRoles = change(parts.SeveralRoles) },
            _ => parts with
            {
                Playbooks = parts.Playbooks.ToDictionary(pair => pair.Key, pair => random.Chance(50) ? change(pair.Value) : pair.Value),
            },
        };

    private static RiskThreshold Stricter(RiskThreshold threshold, Random random) =>
        random.Next(5) switch
        {
            0 => threshold with { AskAt = threshold.AskAt + 10, ActAt = threshold.ActAt + 10 },
            1 => threshold with { ActAt = threshold.ActAt + 10 },
            2 => threshold with { Caps = [.. threshold.Caps.Select(cap => cap / 2)] },
            3 => threshold with { Severity = threshold.Severity.ToFrozenDictionary(pair => pair.Key, pair => pair.Value / 2) },
            _ => threshold with
            {
                TargetKinds = threshold.TargetKinds.Concat(["host", "ip", "mailbox"]).ToFrozenSet(),
                PageWhenDismissedAt = Severity.Unknown,
            },
        };

    private static ProtectedEntry Stricter(ProtectedEntry entry, Random random) =>
        random.Next(4) switch
        {
            0 => entry with { Level = ProtectionLevel.Never },
            1 => entry with { Level = entry.Level == ProtectionLevel.Ask ? ProtectionLevel.Soft : entry.Level, Quorum = entry.Quorum + 1 },
            2 => entry with { Expires = entry.Expires.AddYears(1) },
            _ => entry with { BreakGlass = true },
        };

    private static Budgets Stricter(Budgets budgets, Random random) =>
        random.Next(3) switch
        {
            0 => budgets with { Tenant = new Budget(budgets.Tenant.PerMinute / 2, budgets.Tenant.PerHour / 2) },
            1 => budgets with { Identity = new Budget(0, budgets.Identity.PerHour) },
            _ => budgets with
            {
                Actions = budgets.Actions.ToFrozenDictionary(
                    pair => pair.Key,
                    pair => new Budget(pair.Value.PerMinute / 2, pair.Value.PerHour / 3)
                ),
            },
        };
}

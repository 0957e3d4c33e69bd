using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>One context check about one target; the answer belongs into <see cref="Facts.Checks"/> under <see cref="Key"/>.</summary>
public sealed record CheckNeeded(ContextCheck Check, Target Target)
{
    public string Key => Facts.CheckKey(Check.Name, Target);
}

/// <summary>
/// What has to be found out before deciding: asked of directory, logs and counters by activities, then handed to <see cref="Decider"/>.
/// </summary>
/// <param name="Identities">
/// Accounts, applications, hosts, mailboxes and copies of messages; their facts belong into <see cref="Facts.Identities"/> under <see
/// cref="Target.Key"/>.
/// </param>
/// <param name="Checks">Context checks to answer.</param>
/// <param name="BudgetKeys">Counters to read; they belong into <see cref="BudgetFacts.Spent"/>.</param>
public sealed record FactsNeeded(IReadOnlyList<Target> Identities, IReadOnlyList<CheckNeeded> Checks, IReadOnlyList<string> BudgetKeys)
{
    /// <summary>Entities of the alert that a recommended action would touch: what the directory has to be asked about first.</summary>
    public static IReadOnlyList<Entity> Entities(Alert alert, AlertAssessment assessment, Policy policy)
    {
        var wanted = assessment
            .Recommendations.Where(r =>
                policy.Actions.TryGetValue(ReasonText.ActionName(r.Action), out var rule) && rule is { Tier: < 3, IsNotification: false }
            )
            .Select(r => r.EntityId)
            .ToHashSet(StringComparer.Ordinal);
        return [.. alert.Entities.Where(entity => wanted.Contains(entity.Id) && Targets.NeedsDirectory(entity))];
    }

    /// <summary>Only what the recommended actions need; sorted, each once.</summary>
    /// <param name="resolved">What the directory makes of <see cref="Entities"/>, by entity id; null where it was not asked.</param>
    public static FactsNeeded For(
        Alert alert,
        AlertAssessment assessment,
        Policy policy,
        IReadOnlyDictionary<string, Target>? resolved = null
    )
    {
        var facts = new Facts { Now = default, Resolved = resolved ?? new Dictionary<string, Target>() };
        var questions = Questions
            .Of(alert, assessment, facts, policy, new Doubts())
            .Where(question =>
                question is { Rule: { Tier: < 3, IsNotification: false }, Entity: not null } && question.Target.Kind != "alert"
            )
            .ToArray();
        return new FactsNeeded(
            [
                .. questions
                    .Select(question => question.Target)
                    .Where(target => target.Kind is "account" or "application" or "host" or "mailbox" or "mailMessage")
                    .DistinctBy(target => target.Key)
                    .OrderBy(target => target.Key, StringComparer.Ordinal),
            ],
            [
                .. questions
                    .SelectMany(question => question.Rule!.Checks.Select(check => new CheckNeeded(policy.Checks[check], question.Target)))
                    .DistinctBy(check => check.Key)
                    .OrderBy(check => check.Key, StringComparer.Ordinal),
            ],
            [
                .. questions
                    .SelectMany(question =>
                        (string[])[BudgetFacts.OfIdentity(question.Target), BudgetFacts.OfAction(question.Action), BudgetFacts.Tenant]
                    )
                    .Distinct()
                    .Order(StringComparer.Ordinal),
            ]
        );
    }
}

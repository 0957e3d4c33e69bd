using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>
/// S8 inside one alert: what this alert asks for is added to what is spent already, and where that is over budget every action of that
/// budget is asked for, as one request. Every recommendation counts, also of unknown actions and of what never runs, so that more caution
/// elsewhere never frees budget here.
/// </summary>
internal sealed class BudgetCount
{
    private readonly Dictionary<string, int> wanted = new(StringComparer.Ordinal);

    public BudgetCount(IReadOnlyList<Question> questions)
    {
        foreach (var question in questions)
        {
            if (question.Rule is { IsNotification: true })
                continue;
            Count(BudgetFacts.OfIdentity(question.Target));
            Count(BudgetFacts.OfAction(question.Action));
            Count(BudgetFacts.Tenant);
        }
    }

    public void Apply(Question question, Ruling ruling, Doubts doubts)
    {
        var facts = question.Facts.Budgets;
        if (facts.Failed is not null)
        {
            ruling.Ask("budget-unknown", "The budget could not be read, so nothing runs alone.");
            doubts.Add("budget-unknown", "The budget could not be read.");
        }

        var budgets = question.Policy.Budgets;
        ApplyOne(question, ruling, BudgetFacts.OfIdentity(question.Target), budgets.ForTarget(question.Target.Kind), "this target");
        ApplyOne(question, ruling, BudgetFacts.OfAction(question.Action), budgets.ForAction(question.Action), "this action");
        ApplyOne(question, ruling, BudgetFacts.Tenant, budgets.Tenant, "the tenant");
    }

    private void ApplyOne(Question question, Ruling ruling, string key, Budget budget, string words)
    {
        var spent = question.Facts.Budgets.Spent.GetValueOrDefault(key) ?? Nothing;
        var wanted = (long)this.wanted.GetValueOrDefault(key);
        if (spent.LastMinute + wanted <= budget.PerMinute && spent.LastHour + wanted <= budget.PerHour)
            return;
        // What used up one budget is one question, whichever incidents it came from: a flood is one card, not hundreds. The narrowest
        // budget names it.
        ruling.Batch ??= BudgetFacts.BatchOf(key);
        ruling.Ask(
            "budget",
            $"Over budget for {words}: {wanted} for this alert on top of {spent.LastMinute} in the last minute (allowed "
                + $"{budget.PerMinute}) "
                + $"and {spent.LastHour} in the last hour (allowed {budget.PerHour})."
        );
    }

    private static readonly BudgetSpent Nothing = new(0, 0);

    private void Count(string key) => wanted[key] = wanted.GetValueOrDefault(key) + 1;
}

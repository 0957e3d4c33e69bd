using System.Collections.Frozen;

namespace IRFunctions.Policies;

/// <summary>Reads budgets.yaml.</summary>
internal static class BudgetsReader
{
    public static Budgets Read(Section file, KnownNames known)
    {
        var identity = ReadBudget(file.Map("identity"));
        var action = ReadBudget(file.Map("action"));
        var workload = file.Has("workload") ? ReadBudget(file.Map("workload")) : null;
        var tenant = ReadBudget(file.Map("tenant"));
        var actions = new Dictionary<string, Budget>(StringComparer.Ordinal);
        foreach (var (name, entry, section) in file.Named("actions", required: false))
        {
            if (known.Actions is not null && !known.Actions.ContainsKey(name))
                file.Problems.Add(
                    entry.Line,
                    entry.Column,
                    section.Path,
                    $"the tier map has no action {PolicyErrors.Quote(name)}",
                    DidYouMean.Guess(name, known.Actions.Keys)
                );
            else if (known.Actions?[name].IsNotification == true)
                file.Problems.Add(
                    entry.Line,
                    entry.Column,
                    section.Path,
                    "tickets and notifications have no budget: people always hear of doubt (S12)"
                );
            actions[name] = ReadBudget(section);
        }

        file.Close();
        return new Budgets(identity, action, actions.ToFrozenDictionary(StringComparer.Ordinal), tenant, workload);
    }

    private static Budget ReadBudget(Section? section)
    {
        if (section is null)
            return new Budget(0, 0);
        var budget = new Budget(section.Number("per_minute", 0, 10_000), section.Number("per_hour", 0, 100_000));
        if (budget.PerMinute > budget.PerHour && section.Has("per_hour"))
            section.Problem("per_hour", $"{budget.PerMinute} in a minute can never happen when {budget.PerHour} in an hour are allowed");
        section.Close();
        return budget;
    }
}

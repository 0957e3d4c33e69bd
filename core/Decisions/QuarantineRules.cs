using IRFunctions.Alerts;
using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>
/// The quarantine playbook of a workload's type: which actions, in which order, and from which tier on. A playbook only adds caution (S1).
/// </summary>
internal static class QuarantineRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        var (type, step, number) = Find(question);
        if (step is null)
        {
            ruling.Tell("quarantine", $"The quarantine playbook of {type} does not contain by this action.");
            return;
        }

        ruling.Step = Math.Max(ruling.Step, number);
        var words = $"The quarantine playbook of {type} has it as step {number}";
        if (step.Tier == 3)
            ruling.Tell("quarantine", $"{words}, where it is tier 3: it never runs.");
        else if (step.Tier == 2)
            ruling.Ask("quarantine", $"{words}, where it is tier 2: a person approves.");
        else
            ruling.Note("quarantine", $"{words}, where it may run at once.");
    }

    /// <summary>Soft is what the playbook lets run at once.</summary>
    public static bool IsSoft(Question question) => Find(question).Step is { Tier: 1 };

    private static (string Type, QuarantineStep? Step, int Number) Find(Question question)
    {
        var word = (question.Entity as WorkloadEntity)?.IdentityType ?? "unknown";
        var steps = question.Policy.Breaker.PlaybookOf(PolicyWords.IdentityTypes.GetValueOrDefault(word, IdentityType.Unknown));
        for (var i = 0; i < steps.Count; i++)
            if (steps[i].Action == question.Action)
                return (word, steps[i], i + 1);
        return (word, null, 0);
    }
}

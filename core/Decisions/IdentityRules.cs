using IRFunctions.Policies;

namespace IRFunctions.Decisions;

/// <summary>The playbooks: what may be done to which type of identity, in which order, and with how many approvers.</summary>
internal static class IdentityRules
{
    public static void Apply(Question question, Ruling ruling)
    {
        if (question.Target.Kind == "workload")
            QuarantineRules.Apply(question, ruling);
        if (question.Target.Kind is not ("account" or "application"))
            return;
        var identity = question.Identity;
        foreach (var playbook in PlaybooksOf(question))
            ApplyPlaybook(question, ruling, playbook);
        if (identity is { Registered: { } registered })
            ruling.Note("registered", registered);
        if (identity is { OnPremisesSynced: true })
            ruling.Ask("on-premises", "An on-premises directory is the master of this identity and may overwrite the change.");
    }

    /// <summary>Whether every playbook of this identity counts the action as soft containment; what no playbook orders is hard.</summary>
    public static bool IsSoft(Question question) =>
        question.Target.Kind == "workload"
            ? QuarantineRules.IsSoft(question)
            : question.Target.Kind is "account" or "application"
                && PlaybooksOf(question).All(playbook => playbook.Soft.Contains(question.Action));

    private static IEnumerable<Playbook> PlaybooksOf(Question question)
    {
        var identity = question.Identity;
        return question.Policy.PlaybooksFor(
            identity is { Failed: null } ? identity.Type : IdentityType.Unknown,
            identity is { Shared: true },
            identity is { Roles.Count: > 1 }
        );
    }

    private static void ApplyPlaybook(Question question, Ruling ruling, Playbook playbook)
    {
        var step = playbook.StepOf(question.Action);
        if (step == 0)
        {
            ruling.Tell("playbook", $"The playbook {playbook.Name} does not contain by this action: {playbook.Why}");
            return;
        }

        ruling.Step = Math.Max(ruling.Step, step);
        ruling.NeedQuorum(playbook.Quorum);
        if (playbook.Alone)
            ruling.Note("playbook", $"The playbook {playbook.Name} has it as step {step}: {playbook.Why}");
        else
            ruling.Ask("playbook", $"The playbook {playbook.Name} has it as step {step} and asks a person: {playbook.Why}");
    }
}

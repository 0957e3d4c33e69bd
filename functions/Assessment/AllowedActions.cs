using System.Runtime.CompilerServices;
using IRFunctions.Policies;

namespace IRFunctions.Assessment;

/// <summary>What the model may recommend, from the tier map.</summary>
internal static class AllowedActions
{
    /// <summary>Workloads are the circuit breaker's, whose alerts no model sees: their actions would only lengthen every prompt.</summary>
    private const string Workload = "workload";

    // The same list for the same policy: the classifier knows by it that the start of the prompt is the same.
    private static readonly ConditionalWeakTable<Policy, IReadOnlyList<AllowedAction>> Known = [];

    public static IReadOnlyList<AllowedAction> Of(Policy policy) =>
        Known.GetValue(
            policy,
            p =>
                [
                    .. p
                        .Actions.Values.Where(a => a.TargetKind != Workload)
                        .OrderBy(a => a.Order)
                        .Select(a => new AllowedAction(a.Name, a.Tier, a.TargetKind ?? "any", a.BlastRadius)),
                ]
        );
}

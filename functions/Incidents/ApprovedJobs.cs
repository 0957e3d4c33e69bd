using IRFunctions.Decisions;
using IRFunctions.Policies;

namespace IRFunctions.Incidents;

/// <summary>
/// Answers the check not_an_approved_job from the jobs of the policy: "true" while a job of this identity may be running.
/// </summary>
internal static class ApprovedJobs
{
    public const string Check = "not_an_approved_job";

    /// <param name="identity">What the directory says of the target; jobs may be registered by sign-in name.</param>
    public static ContextFact Answer(Policy policy, Target target, IdentityFacts? identity, DateTimeOffset now)
    {
        if (policy.Jobs.Count == 0)
            return new ContextFact("false");
        // Without the directory it is not known under which names it could be registered.
        if (identity is not { Failed: null })
            return new ContextFact(null, identity?.Failed ?? "the directory was not asked about it");
        var names = identity.Aliases.Append(target.Id).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new ContextFact(policy.Jobs.Any(job => names.Contains(job.Id) && job.CoversAt(now)) ? "true" : "false");
    }
}

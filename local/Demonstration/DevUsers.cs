using IRFunctions.Http;
using IRFunctions.Local.Host;
using IRFunctions.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Demonstration;

/// <summary>Who can sign in on this machine: the people on the ladders of the policy in force.</summary>
internal static class DevUsers
{
    public static DevUser? Find(IServiceProvider services, string objectId) =>
        Everybody(services).FirstOrDefault(p => p.ObjectId == objectId);

    /// <summary>In the order in which they are asked.</summary>
    public static IEnumerable<DevUser> Everybody(IServiceProvider services)
    {
        var policy = services.GetRequiredService<PolicyStore>().Current;
        return All(policy).Select(a => new DevUser(a.ObjectId, a.Name, TokenSignIn.Roles) { About = RungsOf(policy, a) });
    }

    private static string RungsOf(Policy policy, Approver person) =>
        string.Join(
            ", ",
            policy.Ladders.Values.SelectMany(l => l.Rungs).Where(r => r.Approvers.Contains(person)).Select(r => r.Name).Distinct()
        );

    public static IEnumerable<Approver> All(Policy policy) =>
        policy.Ladders.Values.SelectMany(l => l.Rungs).SelectMany(r => r.Approvers).DistinctBy(a => a.ObjectId);
}

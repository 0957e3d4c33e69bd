using IRFunctions.Local.Host;
using IRFunctions.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Local.Demonstration;

/// <summary>Who can sign in on this machine: the people on the ladders of the policy in force.</summary>
internal static class DevUsers
{
    public static DevUser? Find(IServiceProvider services, string objectId) =>
        All(services.GetRequiredService<PolicyStore>().Current)
            .Where(a => a.ObjectId == objectId)
            .Select(a => new DevUser(a.ObjectId, a.Name, ["approver", "responder", "reader"]))
            .FirstOrDefault();

    public static IEnumerable<Approver> All(Policy policy) =>
        policy.Ladders.Values.SelectMany(l => l.Rungs).SelectMany(r => r.Approvers).DistinctBy(a => a.ObjectId);
}

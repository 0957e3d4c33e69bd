using System.Globalization;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.PolicyVersions;

/// <summary>
/// Looks after the written policy: takes clean changes into force, pages about broken ones, and tells owners before their entries end.
/// </summary>
public sealed class PolicyTimers(
    PolicyWatch watch,
    PolicyStore policies,
    PolicyArchive archive,
    AuditChain audit,
    Pager pager,
    TimeProvider time
)
{
    /// <summary>Owners hear of it two weeks ahead; pages with the same key are one page.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(14);

    [Function(nameof(ReloadPolicy))]
    public async Task ReloadPolicy([TimerTrigger("0 * * * * *")] TimerInfo timer, CancellationToken cancellation)
    {
        var look = watch.Look();
        if (look.Problem is { } problem)
        {
            await audit.AppendAsync(
                RecordChains.Pipeline,
                [Fact($"policy-refused-{look.Fingerprint}", AuditKinds.Refused, problem)],
                cancellation
            );
            await pager.PageAsync($"policy-{look.Fingerprint}", problem, PageSeverity.Error, cancellation);
        }
        if (!look.Changed)
            return;
        var policy = policies.Current;
        await archive.KeepAsync(policy, cancellation);
        // Going back to an older policy is news again, so the time is part of the fact's name.
        var at = time.GetUtcNow().UtcTicks.ToString(CultureInfo.InvariantCulture);
        await audit.AppendAsync(
            RecordChains.Pipeline,
            [
                Fact(
                    $"policy-{policy.Hash[..24]}-{at}",
                    AuditKinds.PolicyChanged,
                    $"policy {policy.Hash} is in force; incidents already open keep theirs"
                ),
            ],
            cancellation
        );
    }

    [Function(nameof(TellOwners))]
    public async Task TellOwners([TimerTrigger("0 0 8 * * *")] TimerInfo timer, CancellationToken cancellation)
    {
        foreach (var expiry in policies.Current.EndingSoon(time.GetUtcNow(), Ahead))
        {
            await pager.PageAsync(
                $"expiry-{expiry.What}-{expiry.Name}-{expiry.Ends:yyyyMMdd}",
                $"{expiry.Owner}: the {expiry.What} {expiry.Name} {expiry.Ticket} ends on {expiry.Ends:yyyy-MM-dd}. Renew it in the "
                    + $"policy, or it stops counting.",
                PageSeverity.Info,
                cancellation
            );
        }
    }

    private static AuditFact Fact(string id, string kind, string text) => new(id, kind, text, "policy");
}

using IRFunctions.Policies;
using IRFunctions.PolicyVersions;
using IRFunctions.Record;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Policies;

/// <summary>A policy that changes while the pipeline runs.</summary>
public sealed class PolicyTimersTests
{
    [Fact]
    public async Task A_clean_change_is_in_force_at_the_next_look_and_open_incidents_keep_theirs()
    {
        var extra = "";
        await using var world = await World.CreateAsync(o => o with { EditPolicy = files => Edit(files, "budgets.yaml", t => t + extra) });
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        var before = world.Machine.Policy.Hash;
        extra = "\n# a comment is a change, too\n";
        await LookAsync(world);

        Assert.NotEqual(before, world.Machine.Policy.Hash);
        Assert.Contains(await world.RecordAsync(RecordChains.Pipeline), e => e.Kind == AuditKinds.PolicyChanged);
        await world.SendAsync(Given.StolenAccount(alert: "alert-2"));
        await world.SendAsync(Given.StolenAccount(alert: "alert-3", incident: "incident-2"));
        await world.RunAsync();
        Assert.Equal(2, (await world.IncidentsAsync()).Count(i => i.PolicyHash == before));
        Assert.Single(await world.IncidentsAsync(), i => i.PolicyHash == world.Machine.Policy.Hash);
    }

    [Fact]
    public async Task A_broken_change_is_paged_once_and_the_old_policy_stays()
    {
        var broken = false;
        await using var world = await World.CreateAsync(o =>
            o with
            {
                EditPolicy = files => Edit(files, "budgets.yaml", t => broken ? "tenant: { per_minut: 3 }" : t),
            }
        );
        var before = world.Machine.Policy.Hash;
        broken = true;
        await LookAsync(world);
        await LookAsync(world);

        Assert.Equal(before, world.Machine.Policy.Hash);
        var page = Assert.Single(
            world.Machine.Tenant.Journal.Of("page.trigger"),
            p => p.Detail.Contains("is not in force", StringComparison.Ordinal)
        );
        Assert.Contains("per_minute", page.Detail, StringComparison.Ordinal);
        Assert.Single(await world.RecordAsync(RecordChains.Pipeline), e => e.Kind == AuditKinds.Refused);
    }

    [Fact]
    public async Task Policy_files_that_cannot_be_read_are_paged_and_the_old_policy_stays()
    {
        var gone = false;
        await using var world = await World.CreateAsync(o =>
            o with
            {
                EditPolicy = files => gone ? throw new IOException("the share is away") : files,
            }
        );
        gone = true;
        await LookAsync(world);
        Assert.Single(
            world.Machine.Tenant.Journal.Of("page.trigger"),
            p => p.Detail.Contains("the share is away", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Owners_hear_of_an_end_before_it_comes_and_only_once()
    {
        await using var world = await World.CreateAsync();
        var ending = world.Machine.Policy.EndingSoon(world.Time.GetUtcNow(), TimeSpan.FromDays(14));
        Assert.NotEmpty(ending);
        var timers = ActivatorUtilities.CreateInstance<PolicyTimers>(world.Machine.Services);
        await timers.TellOwners(new TimerInfo(), CancellationToken.None);
        await timers.TellOwners(new TimerInfo(), CancellationToken.None);
        Assert.Equal(ending.Count, world.Effects("page.trigger").Count(p => p.Target.StartsWith("expiry-", StringComparison.Ordinal)));
    }

    private static Task LookAsync(World world) =>
        ActivatorUtilities.CreateInstance<PolicyTimers>(world.Machine.Services).ReloadPolicy(new TimerInfo(), CancellationToken.None);

    private static IReadOnlyList<PolicyFile> Edit(IReadOnlyList<PolicyFile> files, string name, Func<string, string> edit) =>
        [.. files.Select(f => f.Name == name ? f with { Text = edit(f.Text) } : f)];
}

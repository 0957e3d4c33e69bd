using IRFunctions.Containment;
using IRFunctions.Local.TakeBack;
using IRFunctions.Local.Tenant;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.TakeBack;

/// <summary>What passes by itself is tried again after the others; what does not is named.</summary>
public sealed class TakeBackRunTests
{
    private static async Task<(World World, IReadOnlyList<LiveContainment> Live)> ContainedAsync()
    {
        var world = await World.CreateAsync();
        await Rehearsed.ContainAsync(world, World.Adele, "a1");
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await Rehearsed.ContainAsync(world, World.Megan, "a2");
        var rows = await world.Machine.Services.GetRequiredService<HoldTable>().AllAsync();
        return (world, [.. rows.Select(Of)]);

        static LiveContainment Of(KeptContainment row) =>
            new()
            {
                Key = row.Key,
                Action = row.State.Action,
                Target = row.State.Target!,
                Prior = row.State.Prior,
                Before = row.State.Prior!.Summary,
                Generation = row.State.Generation,
                Since = row.State.HeldAt!.Value,
            };
    }

    private static async Task<(IReadOnlyList<TakeBackResult> Results, IReadOnlyList<string> Said)> RunAsync(
        World world,
        IReadOnlyList<LiveContainment> live
    )
    {
        var said = new List<string>();
        var catalogue = world.Machine.Services.GetRequiredService<ActionCatalog>();
        var run = new TakeBackRun(catalogue, world.Time, null, "somebody", said.Add).RunAsync(live, named: false, CancellationToken.None);
        for (var seconds = 0; !run.IsCompleted && seconds < 3_600; seconds++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        return (await run, said);
    }

    [Fact]
    public async Task A_throttled_target_waits_as_it_was_asked_to_and_the_others_do_not_wait_for_it()
    {
        var (world, live) = await ContainedAsync();
        await using var owned = world;
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Throttle, $"/graph/v1.0/users/{World.Megan}", "PATCH", Count: 1, Seconds: 30));
        var (results, said) = await RunAsync(world, live);
        Assert.All(results, r => Assert.Equal(TakeBackOutcome.TakenBack, r.Outcome));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.True(await world.CanSignInAsync(World.Megan));
        Assert.Contains("1 to be tried again in 30 s", said);
        Assert.Contains(World.Adele, said.First(s => s.StartsWith("1/2", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_keeps_failing_is_given_up_with_its_reason_and_the_rest_is_back()
    {
        var (world, live) = await ContainedAsync();
        await using var owned = world;
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, $"/graph/v1.0/users/{World.Megan}", "PATCH"));
        var (results, _) = await RunAsync(world, live);
        var failed = Assert.Single(results, r => r.Outcome is TakeBackOutcome.Failed);
        Assert.Equal(World.Megan, failed.What.Target.Id);
        Assert.NotEmpty(failed.Text);
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.False(await world.CanSignInAsync(World.Megan));
    }
}

using IRFunctions.Local.Tenant;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Containment;

/// <summary>What people and the policy are told about our own actions on a target is true (S14).</summary>
public sealed class OwnActionsTests
{
    /// <summary>
    /// The simulator found it (seed 152): an account was being taken back and Graph refused, and people read that it had not been touched
    /// within the hour.
    /// </summary>
    [Fact]
    public async Task An_undo_that_fails_is_a_touch_S14()
    {
        await using var world = await World.CreateAsync();
        Assert.Equal(202, await world.AnswerAsync(await StolenAccountTests.AskedAsync(world), World.Alex, "approve"));
        await world.PassAsync(TimeSpan.FromMinutes(90));
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/graph/v1.0/users/*", "PATCH"));
        Assert.Equal(
            202,
            await world.ChangeAsync(
                $"disable_user_account_temporarily:account:{World.Adele}",
                "release",
                by: World.Sam,
                reason: "a mistake"
            )
        );
        await world.PassAsync(TimeSpan.FromMinutes(5));

        await world.SendAsync(Given.StolenAccount(alert: "later", incident: "incident-later"));
        await world.RunAsync();

        var decided = (await world.RecordAsync((await world.IncidentsAsync()).Single(i => i.AlertId == "later").Incident))
            .Where(e => e.Text.Contains("disable_user_account_temporarily", StringComparison.Ordinal))
            .ToList();
        Assert.Contains(decided, e => e.Text.Contains("is being taken back since", StringComparison.Ordinal));
        Assert.DoesNotContain(
            decided,
            e => e.Text.Contains("Held at 04:35 UTC: the pipeline itself has not touched", StringComparison.Ordinal)
        );
    }
}

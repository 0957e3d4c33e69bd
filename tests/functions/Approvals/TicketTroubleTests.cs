using IRFunctions.Approvals;
using IRFunctions.Local.Tenant;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Approvals;

/// <summary>
/// The ticket system is down while people are asked. The simulator found it (seed 175): a request ended, and no page said that nothing ran.
/// </summary>
public sealed class TicketTroubleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_request_that_ends_while_tickets_cannot_be_opened_is_paged_at_once_S12()
    {
        await using var world = await World.CreateAsync();
        var id = await StolenAccountTests.AskedAsync(world);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, "/itsm/*", "POST"));

        await world.PassAsync(31 * Minute);

        Assert.Equal(ApprovalState.Expired, (await world.ViewAsync(id))!.State);
        Assert.Contains(
            world.Pages(),
            p => p.StartsWith("Nobody answered in time: disable_user_account_temporarily", StringComparison.Ordinal)
        );
        // And no page says that there is a ticket.
        Assert.DoesNotContain(world.Pages(), p => p.Contains("ticket is open", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_request_that_is_approved_while_tickets_cannot_be_opened_runs_all_the_same()
    {
        await using var world = await World.CreateAsync();
        var id = await StolenAccountTests.AskedAsync(world);
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Forbid, "/itsm/*", "POST"));
        await world.PassAsync(16 * Minute); // The ticket of the last rung was refused.
        Assert.Equal(202, await world.AnswerAsync(id, World.Morgan, "approve"));

        await world.RunAsync();

        Assert.False(await world.CanSignInAsync(World.Adele));
        await world.PassAsync(TimeSpan.FromHours(3));
        Assert.True(await world.CanSignInAsync(World.Adele));
    }
}

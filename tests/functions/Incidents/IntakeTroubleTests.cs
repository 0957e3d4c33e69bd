using Azure.Data.Tables;
using IRFunctions.Incidents;
using IRFunctions.Local.Machine;
using IRFunctions.PolicyVersions;
using IRFunctions.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// While the storage refuses, a good alert is tried again when its lock ends. Given back at once it had used up its ten deliveries within a
/// second, and lay among the dead letters (found by the simulator, S10).
/// </summary>
public sealed class IntakeTroubleTests
{
    private static readonly TimeSpan Lock = LocalMachine.AlertsOptions.LockDuration;

    [Theory]
    [InlineData(4)]
    [InlineData(50)]
    public async Task An_alert_that_comes_while_the_storage_refuses_is_worked_on_when_it_answers_again_S10(int deliveries)
    {
        var time = World.NewClock();
        var tables = new StubbornTables(time) { Refuses = (table, _) => table == PolicyArchive.TableName };
        await using var world = await World.CreateAsync(time: time, replace: s => s.AddSingleton<TableServiceClient>(tables));
        await world.SendAsync(Given.MaliciousAddress());
        await world.RunAsync();
        for (var i = 1; i < deliveries; i++)
            await world.PassAsync(Lock);
        Assert.InRange(tables.Refused, deliveries - 1, deliveries + 1);
        Assert.Empty(await world.IncidentsAsync());

        tables.Refuses = (_, _) => false;
        await world.PassAsync(Lock);
        Assert.Empty(world.DeadLetters());
        Assert.Equal(Outcome.Acted, Assert.Single(await world.IncidentsAsync()).Outcome);
    }
}

using Azure;
using Azure.Data.Tables;
using IRFunctions.Containment;
using IRFunctions.Local.Tables;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Containment;

/// <summary>What is live stands in a table beside the engine, from before its effect until after its end (S5).</summary>
public sealed class HoldTableTests
{
    private static HoldTable Of(World world) => world.Machine.Services.GetRequiredService<HoldTable>();

    private static async Task<World> ApprovedAsync(Action<IServiceCollection>? replace = null)
    {
        var world = await World.CreateAsync(replace: replace);
        await world.SendAsync(Given.StolenAccount());
        await world.RunAsync();
        var (request, _) = Assert.Single(await world.PendingAsync());
        Assert.Equal(202, await world.AnswerAsync(request, World.Alex, "approve"));
        return world;
    }

    [Fact]
    public async Task A_row_is_there_while_it_is_live_and_gone_when_it_is_over()
    {
        await using var world = await ApprovedAsync();
        Assert.Empty(await Of(world).AllAsync());
        await world.RunAsync();
        var row = Assert.Single(await Of(world).AllAsync());
        var state = await world.ContainmentOfAsync(World.Adele);
        Assert.Equal(World.Json(state), World.Json(row.State));
        Assert.Equal(World.DisableOf(World.Adele), row.Key);
        await world.PassAsync(TimeSpan.FromHours(2) + TimeSpan.FromMinutes(10));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(await Of(world).AllAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_cannot_be_written_down_is_not_begun_and_people_hear_of_it(bool unreachable)
    {
        var tables = new RefusingHolds(new EmbeddedTableServiceClient(World.NewClock())) { Unreachable = unreachable };
        await using var world = await ApprovedAsync(s => s.AddSingleton<TableServiceClient>(tables));
        tables.Refuse = true;
        await world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Empty(world.Effects("user.update", World.Adele));
        Assert.Contains(world.Pages(), p => p.Contains("could not be written down", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_release_does_not_wait_for_the_table_and_the_watchdog_clears_the_row_later(bool unreachable)
    {
        var tables = new RefusingHolds(new EmbeddedTableServiceClient(World.NewClock())) { Unreachable = unreachable };
        await using var world = await ApprovedAsync(s => s.AddSingleton<TableServiceClient>(tables));
        await world.RunAsync();
        Assert.False(await world.CanSignInAsync(World.Adele));
        tables.Refuse = true;
        Assert.Equal(202, await world.ChangeAsync(World.DisableOf(World.Adele), "release"));
        await world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.True(await world.CanSignInAsync(World.Adele));
        Assert.Single(await Of(world).AllAsync());
        tables.Refuse = false;
        await world.PassAsync(TimeSpan.FromMinutes(6));
        Assert.Empty(await Of(world).AllAsync());
        await world.PassAsync(TimeSpan.FromDays(1));
        Assert.Equal(ContainmentStatus.Released, (await world.ContainmentOfAsync(World.Adele)).Status);
    }

    /// <summary>Everything takes rows but the table of holds, when a test says so.</summary>
    private sealed class RefusingHolds(TableServiceClient inner) : DelegatingTables(inner)
    {
        public bool Refuse { get; set; }

        /// <summary>As the client throws after its own retries.</summary>
        public bool Unreachable { get; init; }

        protected override Task<T> WriteAsync<T>(string table, string partition, Func<Task<T>> write)
        {
            var refused = new RequestFailedException(503, "the table is away");
            return !Refuse || table != HoldTable.TableName ? write()
                : Unreachable ? throw new AggregateException("Retry failed after 4 tries.", refused, refused)
                : throw refused;
        }
    }
}

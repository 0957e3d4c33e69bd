using Azure.Data.Tables;
using IRFunctions.Health;
using IRFunctions.Limits;
using IRFunctions.Tests.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Health;

/// <summary>
/// Health looks at what it claims: entities that answer, tables that take rows, alerts that are taken in (issue 14: it stayed "healthy"
/// while no entity ever ran).
/// </summary>
public sealed class HealthTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task It_says_what_was_seen_and_when_and_what_cannot_be_seen()
    {
        await using var world = await World.CreateAsync();
        var (status, first) = await LookAsync(world);
        Assert.Equal((200, "healthy"), (status, first.Status));
        Assert.StartsWith("not known yet", first.Entities, StringComparison.Ordinal);
        await world.SendAsync(Given.MaliciousAddress());
        await world.PassAsync(5 * Minute);

        var (_, later) = await LookAsync(world);
        Assert.Equal("healthy", later.Status);
        Assert.StartsWith("took a row at 2026-11-23 03:05:00", later.Tables, StringComparison.Ordinal);
        Assert.StartsWith("answered what was asked at 2026-11-23 03:05:00", later.Entities, StringComparison.Ordinal);
        Assert.Contains(
            "an alert was last taken in at 2026-11-23 03:00:00 UTC; how many wait cannot be seen from here",
            later.Messages,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Entities_that_do_not_answer_are_unhealthy()
    {
        await using var world = await World.CreateAsync();
        // Asked, and the signal lost: as when no entity can be dispatched.
        await world
            .Machine.Services.GetRequiredService<TableServiceClient>()
            .GetTableClient(HealthSignals.TableName)
            .UpsertEntityAsync(new TableEntity("pulse", "beat") { ["At"] = world.Time.GetUtcNow() - 2 * Minute });
        var (status, report) = await LookAsync(world);
        Assert.Equal((503, "unhealthy"), (status, report.Status));
        Assert.StartsWith("do not answer: what was asked at 2026-11-23 02:58:00", report.Entities, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 90, 503)]
    [InlineData(1, 50, 200)]
    [InlineData(2400, 90, 200)]
    [InlineData(2400, 2400 * 50, 200)]
    [InlineData(2400, 2400 * 61, 503)]
    public async Task The_minute_for_an_answer_is_the_machines_however_fast_the_clock_is(double factor, int secondsAgo, int expected)
    {
        await using var world = await World.CreateAsync(replace: s => s.AddSingleton(AnswerTimeout.ForClock(factor)));
        await world
            .Machine.Services.GetRequiredService<TableServiceClient>()
            .GetTableClient(HealthSignals.TableName)
            .UpsertEntityAsync(new TableEntity("pulse", "beat") { ["At"] = world.Time.GetUtcNow() - TimeSpan.FromSeconds(secondsAgo) });
        var (status, report) = await LookAsync(world);
        Assert.Equal(expected, status);
        Assert.StartsWith(expected == 200 ? "were asked at" : "do not answer", report.Entities, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timers_that_stay_away_are_unhealthy()
    {
        await using var world = await World.CreateAsync();
        await world.PassAsync(5 * Minute);
        world.Time.AdvanceTo(world.Time.GetUtcNow() + TimeSpan.FromHours(1)); // Nobody works meanwhile.
        var (status, report) = await LookAsync(world);
        Assert.Equal(503, status);
        Assert.StartsWith("no row was written since 2026-11-23 03:05:00", report.Tables, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_that_cannot_be_read_are_unhealthy_and_the_answer_tells_no_more_than_that()
    {
        var time = World.NewClock();
        var tables = new StubbornTables(time);
        await using var world = await World.CreateAsync(time: time, replace: s => s.AddSingleton<TableServiceClient>(tables));
        tables.Unreadable = true;
        var (status, report) = await LookAsync(world);
        Assert.Equal(503, status);
        Assert.Equal("not readable (RequestFailedException)", report.Record);
    }

    [Fact]
    public async Task A_thousand_looks_cost_one()
    {
        await using var world = await World.CreateAsync();
        var (_, first) = await LookAsync(world);
        var steps = world.Machine.Engine.Steps;
        for (var n = 0; n < 1_000; n++)
            Assert.Same(first, (await LookAsync(world)).Report);
        Assert.Equal(steps, world.Machine.Engine.Steps);
        await world.PassAsync(TimeSpan.FromSeconds(6));
        Assert.NotSame(first, (await LookAsync(world)).Report);
    }

    private static async Task<(int Status, HealthReport Report)> LookAsync(World world)
    {
        var answer = Assert.IsType<ObjectResult>(
            await ActivatorUtilities
                .CreateInstance<HealthApi>(world.Machine.Services)
                .GetAsync(World.Request(null, new { }), world.Client, default)
        );
        return (answer.StatusCode ?? 200, Assert.IsType<HealthReport>(answer.Value));
    }
}

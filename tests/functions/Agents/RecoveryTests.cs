using System.Text;
using IRFunctions.Agents;
using IRFunctions.Local.Tenant;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Agents;

/// <summary>Recovery points pulled from agents, and the whole way back in one request.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public async Task The_state_of_a_registered_agent_is_pulled_every_five_minutes_and_an_unchanged_one_makes_no_version()
    {
        await using var world = await WorldAsync();
        await world.Machine.Tenant.SetAgentStateAsync("trader", """{"positions":1}""");
        await world.PassAsync(TimeSpan.FromMinutes(16));
        Assert.Single(await PointsAsync(world, "trader"));
        await world.Machine.Tenant.SetAgentStateAsync("trader", """{"positions":2}""");
        await world.PassAsync(TimeSpan.FromMinutes(6));
        var points = await PointsAsync(world, "trader");
        Assert.Equal([2, 1], points.Select(p => p.Snapshot.Version));
        Assert.All(points, p => Assert.True(p.Verified));
        Assert.Equal("risk", Assert.Single(points[0].Snapshot.Dependencies).Identity);
        Assert.Empty(world.Pages());
    }

    [Fact]
    public async Task A_state_that_cannot_be_had_is_paged_once_an_hour_and_names_the_owner()
    {
        await using var world = await WorldAsync();
        world.Machine.Tenant.Faults.Add(new Fault(FaultKind.Unavailable, "/agents/*"));
        await world.PassAsync(TimeSpan.FromMinutes(31));
        Assert.Equal(1, world.Effects("page.trigger").Select(e => e.Target).Distinct().Count());
        Assert.Contains(world.Pages(), p => p.Contains("trading@contoso.example", StringComparison.Ordinal));
        Assert.Empty(await PointsAsync(world, "trader"));
    }

    [Fact]
    public async Task One_request_brings_back_what_it_depends_on_first_and_leaves_all_half_open()
    {
        await using var world = await World.CreateAsync();
        var snapshots = world.Machine.Services.GetRequiredService<AgentSnapshots>();
        await snapshots.KeepAsync("market", "m"u8.ToArray(), [], default);
        await snapshots.KeepAsync("risk", "r"u8.ToArray(), ["market", "trader"], default);
        await snapshots.KeepAsync("trader", "t1"u8.ToArray(), ["risk"], default);
        await snapshots.KeepAsync("trader", "t2"u8.ToArray(), ["risk"], default);
        var answer = Assert.IsType<OkObjectResult>(await RecoverAsync(world, "trader", World.Alex));
        var told = System.Text.Json.JsonSerializer.SerializeToElement(answer.Value, System.Text.Json.JsonSerializerOptions.Web);
        Assert.Equal(
            [("market", 1), ("risk", 1), ("trader", 2)],
            told.GetProperty("steps")
                .EnumerateArray()
                .Select(s => (s.GetProperty("identity").GetString()!, s.GetProperty("version").GetInt32()))
        );
        await world.RunAsync();
        foreach (var agent in new[] { "market", "risk", "trader" })
        {
            Assert.Equal(BreakerStatus.HalfOpen, (await new Agent(world, agent).StateAsync()).Status);
            Assert.Contains(BreakerKinds.Restored, await world.KindsAsync(BreakerKinds.ChainOf(agent)));
        }
        Assert.Equal(GateVerdict.Limited, (await new Agent(world, "trader").AskAsync()).Verdict); // the policy's safe requests
    }

    [Fact]
    public async Task What_cannot_be_verified_is_named_and_nothing_after_it_is_restored()
    {
        await using var world = await World.CreateAsync();
        var snapshots = world.Machine.Services.GetRequiredService<AgentSnapshots>();
        await snapshots.KeepAsync("trader", Encoding.UTF8.GetBytes("t"), [], default);
        Assert.Equal(409, Assert.IsType<ObjectResult>(await RecoverAsync(world, "nobody", World.Alex)).StatusCode);
        Assert.Equal(403, Assert.IsType<ObjectResult>(await RecoverAsync(world, "trader", World.Adele)).StatusCode);
        Assert.Empty(await world.Machine.Audit.ReadAsync(BreakerKinds.ChainOf("trader")));
    }

    private static Task<World> WorldAsync() =>
        World.CreateAsync(o =>
            o with
            {
                EditPolicy = files =>
                    [
                        .. files.Select(f =>
                            f.Name != "identities.yaml"
                                ? f
                                : f with
                                {
                                    Text =
                                        f.Text
                                        + "  - { id: trader, type: ai_agent, owner: trading@contoso.example, ticket: t, ends: 2027-06-30, "
                                        + "depends_on: [risk], snapshots: \"http://127.0.0.1/agents/trader/state\" }\n",
                                }
                        ),
                    ],
            }
        );

    private static Task<IReadOnlyList<SnapshotPoint>> PointsAsync(World world, string agent) =>
        world.Machine.Services.GetRequiredService<AgentSnapshots>().RecoveryPointsAsync(agent, default);

    private static Task<IActionResult> RecoverAsync(World world, string agent, string by) =>
        ActivatorUtilities
            .CreateInstance<SnapshotsApi>(world.Machine.Services)
            .RecoverAsync(World.Request(by, new { reason = "the key is replaced" }), agent, world.Client, default);
}

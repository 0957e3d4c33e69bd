using IRFunctions.Agents;
using IRFunctions.Local.Machine;
using IRFunctions.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Agents;

/// <summary>Going back to a snapshot over HTTP: verified, warned about, recorded, half-open afterwards.</summary>
public sealed class RestoreTests
{
    [Fact]
    public async Task An_open_breaker_is_half_open_after_a_verified_restore_and_the_record_says_who_and_to_what()
    {
        await using var world = await World.CreateAsync();
        var (agent, api) = (new Agent(world), Api(world));
        await agent.LearnAsync();
        Assert.Equal(201, Status(await api.KeepAsync(SignedIn.Request(World.Alex, new { positions = 3 }), agent.Id, default)));
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await agent.DoAsync(agent.StolenKey());
        Assert.Equal(
            403,
            Status(await api.RestoreAsync(SignedIn.Request(World.Adele, new { reason = "mine" }), agent.Id, 1, world.Client, default))
        );
        Assert.Equal(
            400,
            Status(await api.RestoreAsync(SignedIn.Request(World.Alex, new { reason = " " }), agent.Id, 1, world.Client, default))
        );
        Assert.Equal(
            200,
            Status(
                await api.RestoreAsync(SignedIn.Request(World.Alex, new { reason = "key replaced" }), agent.Id, 1, world.Client, default)
            )
        );
        await world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(BreakerStatus.HalfOpen, (await agent.StateAsync()).Status);
        Assert.Equal([BreakerKinds.Opened, BreakerKinds.Restored, BreakerKinds.HalfOpened], await agent.KindsAsync());
        Assert.Equal("normal", await agent.AspectAsync("session"));
        Assert.Equal(GateVerdict.Limited, (await agent.AskAsync()).Verdict);
    }

    [Fact]
    public async Task A_closed_breaker_too_is_half_open_after_a_restore()
    {
        await using var world = await World.CreateAsync();
        var (agent, api) = (new Agent(world), Api(world));
        await api.KeepAsync(SignedIn.Request(World.Alex, new { positions = 3 }), agent.Id, default);
        await api.RestoreAsync(SignedIn.Request(World.Alex, new { reason = "went wrong" }), agent.Id, 1, world.Client, default);
        await world.RunAsync();
        Assert.Equal(BreakerStatus.HalfOpen, (await agent.StateAsync()).Status);
    }

    [Fact]
    public async Task What_was_changed_or_lost_in_the_store_is_seen_refused_and_recorded_and_the_breaker_stays()
    {
        await using var world = await World.CreateAsync();
        var (agent, api) = (new Agent(world), Api(world));
        await api.KeepAsync(SignedIn.Request(World.Alex, new { positions = 3 }), agent.Id, default);
        var blobs = (MemoryBlobs)world.Machine.Services.GetRequiredService<IWriteOnceBlobs>();
        blobs.Tamper("snapshots/", content => [.. content[..^1], (byte)(content[^1] ^ 1)]);
        Assert.Equal(
            409,
            Status(await api.RestoreAsync(SignedIn.Request(World.Alex, new { reason = "try" }), agent.Id, 1, world.Client, default))
        );
        Assert.Equal(409, Status(await api.ReadAsync(SignedIn.Request(World.Alex), agent.Id, 1, default)));
        blobs.Tamper("snapshots/", _ => null);
        Assert.Equal(
            409,
            Status(await api.RestoreAsync(SignedIn.Request(World.Alex, new { reason = "try" }), agent.Id, 1, world.Client, default))
        );
        await world.RunAsync();
        Assert.Equal([BreakerKinds.NotRestored, BreakerKinds.NotRestored], await agent.KindsAsync());
        var points = await world.Machine.Services.GetRequiredService<AgentSnapshots>().RecoveryPointsAsync(agent.Id, default);
        Assert.Equal((false, "the stored bytes are gone"), (points[0].Verified, points[0].Problem));
    }

    private static SnapshotsApi Api(World world) => ActivatorUtilities.CreateInstance<SnapshotsApi>(world.Machine.Services);

    private static int Status(IActionResult result) =>
        result switch
        {
            ObjectResult o => o.StatusCode ?? 200,
            StatusCodeResult s => s.StatusCode,
            FileContentResult => 200,
            _ => 0,
        };
}

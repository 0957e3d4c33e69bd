using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Agents;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Agents;

/// <summary>The HTTP form: who may ask and report, and what the answers say.</summary>
public sealed class IdentitiesApiTests
{
    private const string Gateway = "00000000-0000-4000-8000-00000000aa01";
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private static Task<World> WorldAsync() =>
        World.CreateAsync(o => o with { Settings = new Dictionary<string, string?> { ["Activity:Gateways"] = Gateway } });

    [Fact]
    public async Task Only_gateways_and_responders_ask_the_gate_and_report_activity()
    {
        await using var world = await WorldAsync();
        var agent = new Agent(world);
        var batch = agent.Batch([agent.At(0, "GET /quotes")]);
        foreach (var (by, expected) in (List<(string?, int)>)[(null, 401), (World.Adele, 403), (Gateway, 200), (World.Alex, 200)])
        {
            Assert.Equal(
                expected,
                Status(
                    await Api(world).EvaluateAsync(SignedIn.Request(by, new { endpoint = "GET /quotes" }), agent.Id, world.Client, default)
                )
            );
            Assert.Equal(
                expected == 200 ? 202 : expected,
                Status(await Api(world).ActivityAsync(SignedIn.Request(by, batch), world.Client, default))
            );
        }
        await world.RunAsync();
        var state = await agent.StateAsync();
        Assert.Equal((0, 2), (state.Duplicates, state.Senders.Count)); // Two senders, each with numbers of its own.
    }

    [Fact]
    public async Task The_state_shows_score_contributions_baseline_and_history()
    {
        await using var world = await WorldAsync();
        var agent = new Agent(world);
        Assert.Equal(404, Status(await Api(world).GetAsync(SignedIn.Request(World.Adele), agent.Id, world.Client, default)));
        await agent.LearnAsync();
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await agent.DoAsync(agent.StolenKey());
        var shown = JsonNode.Parse(
            JsonSerializer.Serialize(
                ((OkObjectResult)await Api(world).GetAsync(SignedIn.Request(World.Adele), agent.Id, world.Client, default)).Value,
                Web
            )
        )!;
        Assert.Equal("Open", (string)shown["state"]!);
        Assert.True((decimal)shown["score"]! > 0.7m);
        Assert.Equal(7, shown["contributions"]!.AsArray().Count);
        Assert.Equal(5, shown["baseline"]!["usualEndpoints"]!.AsArray().Count);
        Assert.Single(shown["history"]!.AsArray());
    }

    [Fact]
    public async Task The_answer_says_for_how_long()
    {
        await using var world = await WorldAsync();
        var agent = new Agent(world);
        await agent.QuietMinuteAsync();
        Assert.Equal(
            202,
            Status(
                await Api(world)
                    .ChangeAsync(SignedIn.Request(World.Alex, new { reason = "looks stolen" }), agent.Id, "open", world.Client, default)
            )
        );
        await world.PassAsync(TimeSpan.FromSeconds(2));
        var answer = (EvaluateAnswer)
            ((OkObjectResult)await Api(world).EvaluateAsync(SignedIn.Request(Gateway), agent.Id, world.Client, default)).Value!;
        Assert.Equal(GateVerdict.Deny, answer.Verdict);
        Assert.InRange(answer.ForSeconds!.Value, 890, 900);
    }

    [Theory]
    [InlineData("open", "", 400)]
    [InlineData("explode", "why not", 404)]
    [InlineData("close", "looked at it", 202)]
    public async Task People_change_a_breaker_only_with_a_reason(string change, string reason, int expected)
    {
        await using var world = await WorldAsync();
        Assert.Equal(
            expected,
            Status(await Api(world).ChangeAsync(SignedIn.Request(World.Alex, new { reason }), "agent-1", change, world.Client, default))
        );
        Assert.Equal(
            403,
            Status(await Api(world).ChangeAsync(SignedIn.Request(Gateway, new { reason }), "agent-1", change, world.Client, default))
        );
        Assert.Equal(
            400,
            Status(await Api(world).ChangeAsync(SignedIn.Request(World.Alex, new { reason }), "agent 1", change, world.Client, default))
        );
    }

    [Fact]
    public async Task What_is_no_batch_or_too_large_is_refused_with_its_reason()
    {
        await using var world = await WorldAsync();
        Assert.Equal(400, Status(await Api(world).ActivityAsync(SignedIn.Request(Gateway, new { identity = "a" }), world.Client, default)));
        Assert.Equal(
            413,
            Status(
                await Api(world)
                    .ActivityAsync(
                        SignedIn.Request(Gateway, new { identity = new string('a', ActivityLimits.MaxBytes) }),
                        world.Client,
                        default
                    )
            )
        );
    }

    private static IdentitiesApi Api(World world) => ActivatorUtilities.CreateInstance<IdentitiesApi>(world.Machine.Services);

    private static int Status(IActionResult result) =>
        result switch
        {
            ObjectResult o => o.StatusCode ?? 200,
            StatusCodeResult s => s.StatusCode,
            _ => 0,
        };
}

using System.Text;
using System.Text.Json.Nodes;

namespace IRFunctions.Tests.Approvals;

/// <summary>
/// Seeded damage to bodies and tokens: no crash, no HTTP success without an honest token, no effect from anything but an honest click.
/// </summary>
public sealed class FuzzTests
{
    private static readonly JsonNode?[] Junk =
    [
        null,
        JsonValue.Create(true),
        JsonValue.Create(-1),
        JsonValue.Create(1e308),
        JsonValue.Create(""),
        JsonValue.Create(new string('x', 2000)),
        JsonValue.Create("\u0000\u202e"),
        new JsonArray(),
        new JsonObject(),
        new JsonArray(new JsonObject { ["id"] = new JsonArray() }),
        JsonValue.Create("approval-"),
        JsonValue.Create("'; drop table"),
        JsonValue.Create("../../etc"),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Damaged_clicks_never_crash_and_never_decide(int seed)
    {
        var random = new Random(seed);
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var card = teams.CardsOf(World.Alex)[0];
        for (var i = 0; i < 150; i++)
        {
            var click = TeamsWorld.Click(card, World.Alex, "approve");
            // One of the fields that every check depends on is always damaged; others may be.
            var data = (JsonObject)click["value"]!["action"]!["data"]!;
            Breaks[random.Next(Breaks.Length)](click, data, Junk[random.Next(Junk.Length)]?.DeepClone());
            for (var n = random.Next(3); n > 0; n--)
                Damage(click, random);
            var answer = await teams.PostAsync(click);
            Assert.True(answer.Http is 200 or 400 or 401 or 403 or 413, $"seed {seed} step {i}: {answer.Http}");
            Assert.True(
                answer.Http != 200 || answer.Body is null || answer.Status is >= 400 and < 600,
                $"seed {seed} step {i}: {answer.Text}"
            );
        }
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
        Assert.Empty(Assert.Single(await teams.World.PendingAsync()).View.Answers);
    }

    private static readonly Action<JsonObject, JsonObject, JsonNode?>[] Breaks =
    [
        (c, _, junk) => c["value"] = junk,
        (c, _, junk) => c["replyToId"] = junk,
        (c, _, junk) => c["from"]!["aadObjectId"] = junk,
        (c, _, junk) => c["value"]!["action"]!["verb"] = junk,
        (_, d, junk) => d["requests"] = junk,
        (_, d, junk) => d["requests"]![0]!["nonce"] = junk,
        (_, d, junk) => d["requests"]![0]!["id"] = junk,
        (c, _, junk) => c["conversation"]!["id"] = junk,
        (c, _, junk) => c["serviceUrl"] = junk,
        (c, _, junk) => c["channelId"] = junk,
        (c, _, junk) => c["name"] = junk,
    ];

    [Fact]
    public async Task Damaged_bytes_never_crash_the_bot()
    {
        var random = new Random(4);
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var honest = Encoding.UTF8.GetBytes(TeamsWorld.Click(teams.CardsOf(World.Alex)[0], World.Outsider, "approve").ToJsonString());
        var bearer = $"Bearer {teams.Teams.BotToken(TeamsWorld.ServiceUrl)}";
        for (var i = 0; i < 300; i++)
        {
            var bytes = honest.ToArray();
            for (var n = random.Next(1, 8); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var body = random.Next(3) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            Assert.InRange((await teams.PostAsync(body, bearer)).Http, 200, 413);
        }
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
    }

    [Fact]
    public async Task An_honest_click_with_a_damaged_token_is_never_let_in()
    {
        var random = new Random(5);
        await using var teams = await TeamsWorld.CreateAsync();
        await teams.AskedAsync();
        var card = teams.CardsOf(World.Alex)[0];
        var honest = teams.Teams.BotToken(TeamsWorld.ServiceUrl);
        for (var i = 0; i < 400; i++)
        {
            var token = honest.ToCharArray();
            // Not the last character: its spare bits can spell the same signature in another way.
            for (var n = random.Next(1, 5); n > 0; n--)
                token[random.Next(token.Length - 1)] = "ABCxyz019-_.{}\" "[random.Next(16)];
            var text = new string(token);
            if (text == honest)
                continue;
            Assert.Equal(401, (await teams.PostAsync(TeamsWorld.Click(card, World.Alex, "approve"), $"Bearer {text}")).Http);
        }
        await teams.World.RunAsync();
        Assert.True(await teams.World.CanSignInAsync(World.Adele));
    }

    private static void Damage(JsonNode node, Random random)
    {
        var places = TeamsWorld.Walk(node).OfType<JsonObject>().Where(o => o.Count > 0).ToList();
        var place = places[random.Next(places.Count)];
        var key = place.ElementAt(random.Next(place.Count)).Key;
        if (random.Next(3) == 0)
            place.Remove(key);
        else
            place[key] = Junk[random.Next(Junk.Length)]?.DeepClone();
    }
}

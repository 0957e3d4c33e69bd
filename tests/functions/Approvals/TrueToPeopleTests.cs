using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IRFunctions.Local.Host;
using IRFunctions.Tests.Incidents;

namespace IRFunctions.Tests.Approvals;

/// <summary>What people are shown is true (S14): the attack's findings called low, over the API as people meet it.</summary>
public sealed class TrueToPeopleTests
{
    [Fact]
    public async Task After_a_release_the_incident_promises_no_undo()
    {
        await using var served = await ContainedAsync();
        Assert.NotNull((await DecisionAsync(served))["undoAt"]);
        Assert.Equal(202, await ChangeAsync(served, "release", new { reason = "a false alarm" }));
        var decision = await DecisionAsync(served);
        Assert.Null(decision["undoAt"]);
        Assert.Contains("released", (string)decision["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_confirmed_is_on_the_list_of_what_is_in_effect()
    {
        await using var served = await ContainedAsync();
        Assert.Equal(202, await ChangeAsync(served, "confirm", new { reason = "it was the attacker" }));
        var listed = Assert.Single((await GetAsync(served, "api/containments"))["containments"]!.AsArray());
        Assert.Equal("Confirmed", (string)listed!["state"]!["status"]!);
        Assert.Contains("confirmed", (string)(await DecisionAsync(served))["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_extension_beyond_the_maximum_says_how_much_was_taken()
    {
        await using var served = await ContainedAsync();
        var answer = await PostAsync(served, "extend", new { reason = "still looking", hours = 100 });
        Assert.Contains("2 h", (string)answer["note"]!, StringComparison.Ordinal);
        Assert.Equal(
            served.World.Time.GetUtcNow() + TimeSpan.FromHours(2),
            DateTimeOffset.Parse((string)answer["until"]!, System.Globalization.CultureInfo.InvariantCulture)
        );
        // It lasts two hours already, which an hour would not shorten.
        Assert.Contains(
            "already",
            (string)(await PostAsync(served, "extend", new { reason = "a little", hours = 1 }))["note"]!,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Characters_that_hide_or_reorder_in_a_reason_stand_on_the_record_by_their_names()
    {
        await using var served = await ContainedAsync();
        Assert.Equal(202, await ChangeAsync(served, "release", new { reason = "fine\u202Eenif \u001b[2J" }));
        var incident = Assert.Single(await served.World.IncidentsAsync()).Incident;
        var record = await served.World.RecordAsync(incident);
        Assert.Contains(record, e => e.Text.Contains("[U+202E]", StringComparison.Ordinal));
        Assert.DoesNotContain(record, e => e.Text.Any(c => c is '\u202E' or '\u001b'));
    }

    private static async Task<ServedWorld> ContainedAsync()
    {
        var served = await ServedWorld.StartAsync();
        served.Http.DefaultRequestHeaders.Add(DevelopmentSignIn.Header, World.Sam);
        var world = served.World;
        Assert.Equal(202, await world.AnswerAsync(await StolenAccountTests.AskedAsync(world), World.Alex, "approve"));
        await world.RunAsync();
        return served;
    }

    private static async Task<JsonNode> DecisionAsync(ServedWorld served)
    {
        var incident = Assert.Single(await served.World.IncidentsAsync()).Incident;
        var shown = (await GetAsync(served, $"api/incidents/{incident}"))["alerts"]![0]!["view"]!["decisions"]!.AsArray();
        return shown.Single(d => (string)d!["action"]! == "disable_user_account_temporarily")!;
    }

    private static async Task<JsonNode> GetAsync(ServedWorld served, string path) => (await served.Http.GetFromJsonAsync<JsonNode>(path))!;

    private static async Task<int> ChangeAsync(ServedWorld served, string change, object body)
    {
        await PostAsync(served, change, body);
        return 202;
    }

    private static async Task<JsonNode> PostAsync(ServedWorld served, string change, object body)
    {
        var id = Assert.Single(await served.World.ContainmentsAsync()).Id;
        using var answer = await served.Http.PostAsJsonAsync($"api/containments/{Uri.EscapeDataString(id)}/{change}", body);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, answer.StatusCode);
        await served.World.RunAsync();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}

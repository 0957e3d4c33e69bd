using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Assessment;
using IRFunctions.Tests.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Tests.Assessment;

/// <summary>
/// Tokens of real prompts as a real tokenizer counts them (tests/data/tokens/NOTICE), and how far the estimate is from that and from the
/// usage that endpoints reported in recorded exchanges. No tokenizer can be had for .NET here, so the counts are data; a prompt that
/// changed since counts as estimated, which is on the safe side, until they are made anew.
/// </summary>
public sealed class TokenEstimateTests
{
    private const string Letters = "K7Q2MZXW94PHTBRDVN3F"; // of the planted strings, which are new with every start
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "data");

    [Fact]
    public async Task The_median_prompt_of_the_real_alerts_has_less_than_1500_tokens_schema_and_context_included()
    {
        var counts = Counts();
        var (system, users) = await PromptsAsync();
        var measured = users.Count(u => counts.ContainsKey(Hash(u)));
        var rest = TokensOf(system, counts) + TokensOf(Schema, counts) + counts["overhead"];
        var tokens = users.Select(u => rest + TokensOf(u, counts)).Order().ToArray();
        Assert.True(tokens.Length > 100, "too few real alerts");
        Assert.True(
            tokens[tokens.Length / 2] < 1_500,
            $"median {tokens[tokens.Length / 2]}, most {tokens[^1]}; {measured} of {users.Count} measured, system "
                + $"{(counts.ContainsKey(Hash(system)) ? "measured" : "estimated")}"
        );
        Assert.InRange(tokens[^1], 1_000, 2_500);
    }

    [Fact]
    public async Task The_estimate_of_a_whole_prompt_is_never_below_and_at_most_17_percent_above_what_a_tokenizer_counts()
    {
        var counts = Counts();
        var (system, users) = await PromptsAsync();
        if (!counts.TryGetValue(Hash(system), out var systemTokens) || !counts.TryGetValue(Hash(Schema), out var schemaTokens))
            return; // to be counted anew
        foreach (var user in users.Where(u => counts.ContainsKey(Hash(u))))
        {
            var real = systemTokens + schemaTokens + counts["overhead"] + counts[Hash(user)];
            Assert.InRange((double)TokenEstimate.Of(system.Length + user.Length + Schema.Length) / real, 1.00, 1.17);
        }
    }

    [Fact]
    public void The_estimate_is_within_10_percent_below_and_half_above_the_usage_of_recorded_exchanges()
    {
        var seen = 0;
        foreach (
            var (name, recording) in JsonNode
                .Parse(File.ReadAllText(Path.Combine(Folder, "openai", "structured_output_recordings.json")))!
                .AsObject()
        )
        {
            foreach (var entry in recording!["Entries"]!.AsArray())
            {
                if (
                    entry!["RequestBody"] is not JsonObject request
                    || (entry["ResponseBody"] as JsonObject)?["usage"]?["prompt_tokens"] is not { } used
                )
                    continue;
                var characters =
                    request["messages"]!.AsArray().Sum(m => ((string?)m!["content"] ?? (string?)m["refusal"] ?? "").Length)
                    + (request["response_format"]?["json_schema"]?.ToJsonString().Length ?? 0)
                    + (request["tools"]?.AsArray().Sum(t => t!["function"]!.ToJsonString().Length) ?? 0);
                Assert.True(
                    (double)TokenEstimate.Of(characters) / (int)used is >= 0.90 and <= 1.70,
                    $"{name}: {TokenEstimate.Of(characters)} estimated, {used} used"
                );
                seen++;
            }
        }
        Assert.True(seen >= 5, $"{seen} recorded usages");
    }

    /// <summary>
    /// Writes the texts that tests/data/tokens/count.mjs counts, where IRFUNCTIONS_PROMPTS names a file; else checks nothing but that it
    /// could.
    /// </summary>
    [Fact]
    public async Task Prompts_can_be_written_for_counting()
    {
        var (system, users) = await PromptsAsync();
        Assert.NotEmpty(users);
        if (Environment.GetEnvironmentVariable("IRFUNCTIONS_PROMPTS") is { Length: > 0 } path)
            await File.WriteAllTextAsync(path, JsonSerializer.Serialize(new[] { system, Schema }.Concat(users)));
    }

    private static string Schema { get; } = JsonSerializer.Serialize(JsonElement.Parse(AnswerSchema.Json));

    private static async Task<(string System, IReadOnlyList<string> Users)> PromptsAsync()
    {
        await using var world = await World.CreateAsync();
        var gatherer = world.Machine.Services.GetRequiredService<ContextGatherer>();
        var system =
            $"{new Canary(_ => Letters).Plant(Prompt.Classify.Text)}\n{AlertMessage.WriteActions(AllowedActions.Of(world.Machine.Policy))}";
        var users = new List<string>();
        foreach (var alert in RealAlerts.All)
            users.Add(
                AlertMessage.Write(alert, await gatherer.GatherAsync(alert, world.Machine.Policy, world.Client, CancellationToken.None))
            );
        return (system, users);
    }

    private static int TokensOf(string text, Dictionary<string, int> counts) =>
        counts.TryGetValue(Hash(text), out var tokens) ? tokens : TokenEstimate.Of(text.Length);

    private static Dictionary<string, int> Counts() =>
        JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(Path.Combine(Folder, "tokens", "counts.json")))!;

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

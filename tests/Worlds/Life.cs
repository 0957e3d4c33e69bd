using System.Text.Json.Nodes;

namespace IRFunctions.Tests.Worlds;

/// <summary>The messages of tests/data/life, whose README says where they come from.</summary>
internal static class Life
{
    /// <summary>The messages of one file in their order.</summary>
    /// <param name="number">What its name begins with, "014".</param>
    public static IReadOnlyList<JsonNode> Messages(string number)
    {
        var file = Assert.Single(
            System.IO.Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "data", "life"), $"{number}-*.json")
        );
        var json = JsonNode.Parse(File.ReadAllText(file))!;
        return json is JsonArray list ? [.. list.Where(m => m!["then"] is null).Select(m => m!.DeepClone())] : [json];
    }

    public static JsonNode Message(string number) => Assert.Single(Messages(number));

    /// <summary>The stolen account as its source has it at some time.</summary>
    public static JsonNode Alert(
        string status,
        string? classification = null,
        string updated = "2026-11-23T02:00:00Z",
        string severity = "high"
    )
    {
        var alert = Given.StolenAccount();
        alert["severity"] = severity;
        alert["status"] = status;
        alert["classification"] = classification;
        alert["determination"] = null;
        alert["resolvedDateTime"] = status == "resolved" ? updated : null;
        alert["lastUpdateDateTime"] = updated;
        return alert;
    }

    public static async Task SendAsync(World world, JsonNode message)
    {
        await world.SendAsync(message);
        await world.RunAsync();
    }
}

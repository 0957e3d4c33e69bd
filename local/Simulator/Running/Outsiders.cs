using System.Globalization;
using System.Text.Json.Nodes;
using IRFunctions.Local.Simulator.Stories;
using IRFunctions.Local.Tenant;

namespace IRFunctions.Local.Simulator.Running;

/// <summary>Owners, administrators and attackers, who change the tenant without asking the pipeline.</summary>
internal static class Outsiders
{
    private const string Items =
        $"/arm{TenantSeed.Workspace}/providers/Microsoft.SecurityInsights/watchlists/{TenantSeed.Watchlist}/watchlistItems";

    public static async Task ActAsync(SimulatedWorld world, OutsideItem item)
    {
        switch (item.Verb)
        {
            case OutsideVerb.EnableAccount or OutsideVerb.DisableAccount:
                var user = Cast.Users[item.Pick % Cast.Users.Count];
                await world.OutsideAsync(
                    "PATCH",
                    $"/graph/v1.0/users/{user.Id}",
                    new JsonObject { ["accountEnabled"] = item.Verb == OutsideVerb.EnableAccount }
                );
                break;
            case OutsideVerb.MoveMailBack:
                var ids = world.Mails;
                var (id, mail) = ids[item.Pick % ids.Count];
                await world.OutsideAsync(
                    "POST",
                    $"/graph/v1.0/users/{mail.Owner}/messages/{id}/move",
                    new JsonObject { ["destinationId"] = "inbox" }
                );
                break;
            default:
                await OnWatchlistAsync(world, item);
                break;
        }
    }

    private static string? AddressOf(JsonNode? item) => (string?)item?["properties"]?["itemsKeyValue"]?["IPAddress"];

    private static string NewId(int number) => string.Create(CultureInfo.InvariantCulture, $"00000000-0000-4000-8000-{number:D12}");

    private static async Task OnWatchlistAsync(SimulatedWorld world, OutsideItem item)
    {
        var answer = await world.OutsideAsync("GET", Items);
        var listed = JsonNode.Parse(answer.Body)?["value"]?.AsArray() ?? [];
        // Mostly about what is listed: elsewhere nothing of ours is met.
        var address =
            listed.Count > 0 && item.Pick % 4 > 0
                ? AddressOf(listed[item.Pick % listed.Count]) ?? ""
                : Cast.Addresses[item.Pick % Cast.Addresses.Count];
        var found = listed.FirstOrDefault(i => AddressOf(i) == address);
        if (item.Verb == OutsideVerb.TakeOffWatchlist && found is not null)
            await world.OutsideAsync("DELETE", $"{Items}/{(string)found["name"]!}");
        else if (item.Verb == OutsideVerb.PutOnWatchlist)
            await world.OutsideAsync(
                "PUT",
                $"{Items}/{(string?)found?["name"] ?? NewId(item.Pick)}",
                new JsonObject
                {
                    ["properties"] = new JsonObject
                    {
                        ["itemsKeyValue"] = new JsonObject { ["IPAddress"] = address, ["Source"] = "an analyst" },
                    },
                }
            );
    }
}

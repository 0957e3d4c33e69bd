using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace IRFunctions.Containment.Actions;

/// <summary>
/// Puts an address on a Microsoft Sentinel watchlist, so that analytics rules see it. Undo takes our own entry off again.
/// </summary>
/// <remarks>
/// The setting is the ARM URL of the watchlist, without a trailing slash: .../Microsoft.SecurityInsights/watchlists/{alias}.
/// </remarks>
[ActionHttpClient(Arm, Setting = "Sentinel:Watchlist", SignsIn = true)]
public sealed class AddIpToWatchlist([FromKeyedServices(AddIpToWatchlist.Arm)] HttpClient arm) : IContainmentAction
{
    private const string Arm = "arm";
    private const string ApiVersion = "2024-09-01";
    private const string Mark = "IRFunctions";

    public ActionCapability Capability { get; } = new("add_ip_to_watchlist", "ip", Reversible: true);

    /// <remarks>Azure role on the workspace, not a Graph permission.</remarks>
    public string Permission => "the role Microsoft Sentinel Contributor on the workspace";

    public string Captures => "whether the address was on the watchlist";

    public string Through => "Microsoft Sentinel watchlist";

    public bool KnowsItsOwn => true;

    public Task<Estimate> EstimateAsync(ContainmentOrder order, CancellationToken cancellation) =>
        Task.FromResult(new Estimate(0, "nobody: an address is looked at more closely, nothing is blocked"));

    public async Task<PriorState> CaptureAsync(ContainmentOrder order, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        var item = await ReadAsync(target, cancellation);
        return new PriorState
        {
            AlreadySo = item is not null,
            Summary = item is null ? $"{target.Id} was not on the watchlist" : $"{target.Id} was on the watchlist already",
            Value = item is null ? "absent" : "present",
        };
    }

    /// <remarks>Deletes an entry that can never exist: the answer tells whether deleting is permitted, and nothing else happens.</remarks>
    public async Task<string> ProbeAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, ItemUri("probe", order.Decision.Target));
        using (await SendAsync("probing whether the watchlist entry could be taken off again", request, cancellation)) { }
        return "taking the entry off again is permitted";
    }

    public async Task<string> ExecuteAsync(ContainmentOrder order, PriorState prior, CancellationToken cancellation)
    {
        var target = order.Decision.Target;
        var body = new JsonObject
        {
            ["properties"] = new JsonObject
            {
                ["itemsKeyValue"] = new JsonObject
                {
                    ["IPAddress"] = target.Id,
                    ["Source"] = Mark,
                    ["Incident"] = order.Incident,
                },
            },
        };
        using var request = new HttpRequestMessage(HttpMethod.Put, ItemUri("watchlist", target)) { Content = JsonContent.Create(body) };
        using var response = await SendAsync($"adding {target.Id} to the watchlist", request, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new PermanentFaultException($"the watchlist {arm.BaseAddress!.AbsolutePath} does not exist");
        return $"{target.Id} is on the watchlist";
    }

    public async Task<bool?> VerifyAsync(Target target, PriorState prior, CancellationToken cancellation) =>
        await ReadAsync(target, cancellation) is not null;

    public async Task<RollbackReport> UndoAsync(RollbackOrder order, CancellationToken cancellation)
    {
        var target = order.Target;
        var item = await ReadAsync(target, cancellation);
        if (item is null)
            return new RollbackReport(false, $"{target.Id} is off the watchlist already; nothing of ours was left to undo");
        if (item.Value.Source != Mark)
            return new RollbackReport(false, $"the watchlist entry of {target.Id} was changed by someone else; it stays");
        using var request = new HttpRequestMessage(HttpMethod.Delete, ItemUri("watchlist", target));
        using (await SendAsync($"taking {target.Id} off the watchlist", request, cancellation)) { }
        if (await ReadAsync(target, cancellation) is not null)
            throw new TransientFaultException($"{target.Id} is still on the watchlist after it was taken off");
        return new RollbackReport(true, $"{target.Id} is off the watchlist again");
    }

    /// <summary>Null where there is no entry under our derived id.</summary>
    private async Task<(string Source, string Incident)?> ReadAsync(Target target, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ItemUri("watchlist", target));
        using var response = await SendAsync($"reading the watchlist entry of {target.Id}", request, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        var values = json.RootElement.GetProperty("properties").GetProperty("itemsKeyValue");
        return (Field(values, "Source"), Field(values, "Incident"));

        static string Field(JsonElement values, string name) => values.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
    }

    private Task<HttpResponseMessage> SendAsync(string what, HttpRequestMessage request, CancellationToken cancellation) =>
        Faults.SendAsync(arm, what, Permission, request, cancellation);

    /// <summary>One entry an address: the id is derived from it, so that a second PUT is the same entry.</summary>
    private Uri ItemUri(string purpose, Target target)
    {
        var id = new Guid(Convert.FromHexString(Fingerprint.Of(purpose, target.Id) + "00000000"));
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"{arm.BaseAddress}/watchlistItems/{id}?api-version={ApiVersion}"));
    }
}

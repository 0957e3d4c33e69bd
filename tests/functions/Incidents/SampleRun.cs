using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IRFunctions.Local.Host;
using IRFunctions.Local.Machine;

namespace IRFunctions.Tests.Incidents;

/// <summary>
/// The ten sample alerts in the order of their names, a minute apart, then 80 hours under virtual time. Everything sent and read goes over
/// HTTP, so that the same account can be taken from any version of the pipeline whose API, record and policy are the same, whatever its
/// types are called.
/// </summary>
internal sealed partial class SampleRun : IAsyncDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan UntilPeopleRelease = TimeSpan.FromMinutes(30);

    /// <summary>Longer than every hold and every window of the shipped policy.</summary>
    private static readonly TimeSpan UntilAllIsOver = TimeSpan.FromHours(80);

    private readonly ServedWorld served;
    private readonly LocalMachine machine;
    private readonly HttpClient http;
    private readonly DateTimeOffset start;
    private readonly List<(string Sample, string Instance)> arrivals = [];

    private SampleRun(ServedWorld served)
    {
        this.served = served;
        (machine, http, start) = (served.Machine, served.Http, served.World.Time.GetUtcNow());
        http.DefaultRequestHeaders.Add(DevelopmentSignIn.Header, World.Alex);
    }

    /// <summary>What became of the samples.</summary>
    /// <param name="answered">
    /// Alex Analyst approves whatever is asked at once and releases whatever is in effect after half an hour; else nobody answers.
    /// </param>
    public static async Task<JsonObject> OfAsync(string samples, bool answered)
    {
        await using var run = new SampleRun(await ServedWorld.StartAsync());
        foreach (var sample in System.IO.Directory.EnumerateFiles(samples, "*.json").Order(StringComparer.Ordinal))
        {
            await run.SendAsync(sample);
            if (answered)
                await run.ApproveAsync();
            await run.machine.AdvanceAsync(Between);
        }
        if (answered)
        {
            await run.machine.AdvanceAsync(UntilPeopleRelease);
            await run.ReleaseAsync();
        }
        await run.machine.AdvanceAsync(UntilAllIsOver);
        return await run.AccountAsync();
    }

    public ValueTask DisposeAsync() => served.DisposeAsync();

    /// <summary>Sends one sample as Service Bus would hand it over, and notes which incident it opened or joined.</summary>
    private async Task SendAsync(string sample)
    {
        using var content = new ByteArrayContent(await File.ReadAllBytesAsync(sample));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await http.PostAsync("alerts/messages", content);
        answer.EnsureSuccessStatusCode();
        await machine.RunUntilIdleAsync();
        var known = arrivals.Select(a => a.Instance);
        var opened = (await ListAsync("api/incidents?top=200", "incidents")).Select(i => Text(i["id"])).Except(known);
        arrivals.AddRange([.. opened.Select(id => (Path.GetFileName(sample), id))]);
    }

    private async Task ApproveAsync()
    {
        foreach (var approval in await ListAsync("api/approvals", "approvals"))
            await PostAsync(
                $"api/approvals/{Uri.EscapeDataString(Text(approval["id"]))}",
                new { decision = "approve", reason = "seen it" }
            );
        await machine.RunUntilIdleAsync();
    }

    private async Task ReleaseAsync()
    {
        foreach (var held in await ListAsync("api/containments", "containments"))
            await PostAsync($"api/containments/{Uri.EscapeDataString(Text(held["id"]))}/release", new { reason = "a false alarm" });
        await machine.RunUntilIdleAsync();
    }

    private async Task PostAsync(string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        await machine.RunUntilIdleAsync();
    }

    private async Task<IReadOnlyList<JsonNode>> ListAsync(string path, string list) =>
        [.. (await GetAsync(path))[list]!.AsArray().Select(i => i!)];

    private async Task<JsonNode> GetAsync(string path) => (await http.GetFromJsonAsync<JsonNode>(path))!;

    private static string Text(JsonNode? value) => value!.GetValue<string>();

    /// <summary>The chain an alert belongs to: its instance's name without the number of an alert that joined.</summary>
    private static string IncidentOf(string instance) => JoinedNumber().Replace(instance, "");

    [GeneratedRegex(@"(?<=^incident-[0-9a-f]+)-\d+$")]
    private static partial Regex JoinedNumber();

    private async Task<JsonObject> AccountAsync()
    {
        var account = new SampleAccount(start);
        var tickets = await ListAsync("itsm/tickets", "tickets");
        var alerts = new JsonArray();
        foreach (var group in arrivals.GroupBy(a => IncidentOf(a.Instance)))
        {
            var record = await GetAsync($"api/audit/{group.Key}");
            Assert.Empty(record["problems"]!.AsArray());
            var its = tickets.Where(t => Text(t["incident"]) == group.Key);
            alerts.Add(SampleAccount.Of(group.Select(a => a.Sample), record["entries"]!.AsArray(), its));
        }
        return new JsonObject
        {
            ["alerts"] = alerts,
            ["containments"] = account.Containments(await ListAsync("api/containments?all=true", "containments")),
            ["stillAsked"] = (await ListAsync("api/approvals", "approvals")).Count,
            ["changes"] = account.Changes((await GetAsync("local/tenant/journal")).AsArray()),
            ["pages"] = account.Pages(await ListAsync("pager/pages", "pages")),
            ["deadLetters"] = (await ListAsync("local/queues/alerts/deadletter", "messages")).Count,
        };
    }
}

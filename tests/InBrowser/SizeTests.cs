using System.Diagnostics;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Decisions;
using IRFunctions.Incidents;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace IRFunctions.Tests.InBrowser;

/// <summary>The console over ten thousand incidents and two thousand requests.</summary>
[Collection(BrowserTests.Name)]
public sealed class SizeTests(Browser browser, ITestOutputHelper output)
{
    private const int Incidents = 10_000;
    private const int Requests = 2_000;

    [Fact(Timeout = Browser.Limit)]
    public async Task Ten_thousand_incidents_and_two_thousand_requests_are_shown_at_once_and_all_can_be_reached()
    {
        await using var visit = await Visit.StartAsync(browser);
        var asked = await visit.AskedAsync();
        await FillAsync(visit, asked);
        var page = await visit.SignedInAsync(World.Alex, "/console/stop");

        var home = await TimeAsync(async () => await page.GotoAsync("/"));
        await Expect(page.Locator("article.request")).ToHaveCountAsync(25);
        await Expect(page.Locator("h1 .count")).ToHaveTextAsync($"{Requests + 1}");
        var first = await TimeAsync(async () => await page.GotoAsync("/console/incidents"));
        await Expect(page.GetByText($"{Incidents + 1} found")).ToBeVisibleAsync();
        var search = await TimeAsync(async () => await page.GotoAsync("/console/incidents?q=number+04711"));
        await Expect(page.Locator("#part-found li")).ToHaveCountAsync(1);
        var heap = await page.EvaluateAsync<double>("() => performance.memory.usedJSHeapSize / 1048576");
        var nodes = await page.EvaluateAsync<int>("() => document.querySelectorAll('*').length");
        output.WriteLine($"home {home:s\\.fff} s, incidents {first:s\\.fff} s, search {search:s\\.fff} s");
        output.WriteLine($"heap of the page {heap:0.0} MB, {nodes} elements");
        Assert.True(heap < 64, $"{heap} MB");
        // Wanted is a second; a machine that runs other tests meanwhile may be slower.
        Assert.True(home < TimeSpan.FromSeconds(5) && first < TimeSpan.FromSeconds(5), $"{home}, {first}");

        await page.GotoAsync($"/?page={(Requests + 1 + 24) / 25}");
        await Expect(page.Locator("article.request").First).ToBeVisibleAsync();
        await page.GotoAsync($"/console/incidents?page={(Incidents + 1 + 24) / 25}");
        await Expect(page.Locator("#part-found li").First).ToBeVisibleAsync();
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> what)
    {
        var begun = Stopwatch.GetTimestamp();
        await what();
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>Rows as the pipeline's own steps write them, copied from one real incident and its request.</summary>
    private static async Task FillAsync(Visit visit, string asked)
    {
        var services = visit.World.Machine.Services;
        var (incidents, register) = (services.GetRequiredService<IncidentTable>(), services.GetRequiredService<ApprovalRegister>());
        var (view, request) = ((await visit.World.IncidentsAsync())[0], (await visit.World.ViewAsync(asked))!);
        for (var n = 0; n < Incidents; n++)
        {
            var copy = view with
            {
                Incident = $"incident-{n:x32}",
                AlertId = $"alert-{n}",
                Title = $"Alert number {n:D5}",
                Severity = (Severity)(n % 5),
                OpenedAt = view.OpenedAt.AddSeconds(-n),
            };
            await incidents.KeepAsync(new ShownIncident(copy, 1), default);
        }
        for (var n = 0; n < Requests; n++)
        {
            var address = $"198.51.{n / 250}.{n % 250}";
            var decision = request.Request.Decision with { Target = new Target("ip", address, address) };
            var copy = request with
            {
                Deadline = request.Deadline.AddSeconds(n + 1),
                Request = request.Request with { Decision = decision, Incident = $"incident-{n:x32}", AlertId = $"alert-{n}" },
            };
            await register.KeepAsync($"{ApprovalView.InstancePrefix}{n:x24}", copy, default);
        }
    }
}

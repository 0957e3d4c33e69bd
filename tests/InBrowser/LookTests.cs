using System.Text.Json.Nodes;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace IRFunctions.Tests.InBrowser;

/// <summary>How the views look: readable for everybody, on every width, whatever an alert says.</summary>
[Collection(BrowserTests.Name)]
public sealed class LookTests(Browser browser)
{
    /// <summary>Runs where it is taken for markup, as text, attribute or address.</summary>
    private const string Markup =
        "</h3></bdi><script>window.broken = 1</script><img src=x onerror=\"window.broken = 1\">\"' autofocus onfocus=window.broken=1 "
        + "javascript:window.broken=1 &lt;b&gt; {{7*7}}";

    [Theory(Timeout = Browser.Limit)]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task No_view_has_a_violation_or_is_wider_than_the_screen(ColorScheme scheme, int width)
    {
        await using var visit = await StagedAsync();
        var page = await visit.SignedInAsync(World.Alex, "/", scheme, width, 844);
        foreach (var path in await PathsAsync(visit))
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("main")).ToBeVisibleAsync();
            foreach (var fold in await page.Locator("main details > summary").AllAsync())
                await fold.ClickAsync();
            var found = await page.RunAxe();
            Assert.True(found.Violations.Length == 0, $"{path}: {string.Join("; ", found.Violations.Select(Say))}");
            Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{path} is too wide");
        }
    }

    [Theory(Timeout = Browser.Limit)]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task Whatever_an_alert_says_nothing_of_it_runs_or_breaks_the_page(int width)
    {
        await using var visit = await Visit.StartAsync(browser);
        foreach (var (text, n) in Hostile().Select((t, i) => (t, i)))
            await visit.World.SendAsync(Hostile(Given.StolenAccount(World.Adele, $"hostile-{n}", $"hostile-{n}"), text));
        await visit.World.RunAsync();
        var page = await visit.SignedInAsync(World.Alex, "/", width: width, height: 844);
        foreach (var path in await PathsAsync(visit))
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("main")).ToBeVisibleAsync();
            foreach (var fold in await page.Locator("main details > summary").AllAsync())
                await fold.ClickAsync();
            Assert.False(await page.EvaluateAsync<bool>("() => 'broken' in window"), $"{path}: something ran");
            Assert.Equal(0, await page.Locator("main img, main script, main iframe").CountAsync());
            Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{path} is too wide");
        }
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task An_address_that_there_is_not_says_so()
    {
        await using var visit = await Visit.StartAsync(browser);
        var page = await visit.SignedInAsync(World.Alex);
        foreach (var path in (string[])["/console/nothing", "/console/request/approval-none", "/console/incident/incident-none"])
        {
            var answer = await page.GotoAsync(path);
            Assert.Equal(404, answer!.Status);
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Not found" })).ToBeVisibleAsync();
        }
    }

    /// <summary>Something of everything: waiting, in effect, confirmed, ended.</summary>
    private async Task<Visit> StagedAsync()
    {
        var visit = await Visit.StartAsync(browser);
        await visit.InEffectAsync(World.Megan, "alert-2", "incident-2");
        await visit.World.SendAsync(Given.MaliciousAddress());
        await visit.World.RunAsync();
        await visit.AskedAsync();
        return visit;
    }

    /// <summary>Every view there is, with what it is about.</summary>
    private static async Task<IReadOnlyList<string>> PathsAsync(Visit visit) =>
        [
            "/",
            "/console/effects",
            "/console/stop",
            $"/console/request/{(await visit.World.PendingAsync())[0].Id}",
            $"/console/incident/{(await visit.World.IncidentsAsync())[0].Incident}",
            $"/console/attack/{(await visit.World.IncidentsAsync())[0].Incident}",
            "/console/incidents",
            "/console/identities",
            "/console/rehearsals",
            "/console/oncall",
            "/console/policy",
            "/console/record",
            "/local/sign-in",
            "/console/nothing",
        ];

    private static IEnumerable<string> Hostile() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "data", "injection", "payloads.jsonl"))
            .Select(line => JsonNode.Parse(line)!["text"]?.GetValue<string>())
            .OfType<string>()
            .Where((_, i) => i % 40 == 0)
            .Prepend(Markup)
            .Append(new string('W', 4_000))
            .Append("\u202Egnp.exe \u2066 right to left \u0627\u0644\u0639\u0631\u0628\u064A\u0629")
            .Take(12);

    /// <summary>The same words in every field that is text.</summary>
    private static JsonNode Hostile(JsonNode alert, string text)
    {
        foreach (var field in (string[])["title", "description", "category", "recommendedActions", "threatDisplayName", "productName"])
            alert[field] = text;
        foreach (var evidence in alert["evidence"]!.AsArray())
            if (evidence!["userAccount"] is JsonObject account)
                (account["accountName"], account["displayName"], account["domainName"]) = (text, text, text);
        return alert;
    }

    private static string Say(Deque.AxeCore.Commons.AxeResultItem item) =>
        $"{item.Id} ({string.Join(", ", item.Nodes.Select(n => n.Html).Take(3))})";
}

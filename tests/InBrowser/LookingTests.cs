using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace IRFunctions.Tests.InBrowser;

/// <summary>What happened and how things stand, found by people in a browser.</summary>
[Collection(BrowserTests.Name)]
public sealed class LookingTests(Browser browser)
{
    [Fact(Timeout = Browser.Limit)]
    public async Task An_incident_is_found_by_its_words_and_by_whom_it_is_about()
    {
        await using var visit = await Visit.StartAsync(browser);
        await visit.InEffectAsync();
        await visit.World.SendAsync(Given.MaliciousAddress());
        await visit.World.RunAsync();
        var page = await visit.SignedInAsync(World.Alex, "/console/incidents");
        var rows = page.Locator("#part-found li");
        await Expect(rows).ToHaveCountAsync(2);
        await page.GetByLabel("Words in title, id or target").FillAsync("UNFAMILIAR sign-in");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Expect(rows).ToHaveCountAsync(1);
        await Expect(rows).ToContainTextAsync("acted");
        await page.GotoAsync("/console/incidents?who=203.0.113.7&severity=medium");
        await Expect(rows).ToHaveCountAsync(1);
        await page.GotoAsync("/console/incidents?state=Awaiting");
        await Expect(page.GetByText("Nothing fits.")).ToBeVisibleAsync();
        await page.GotoAsync("/console/incidents?from=2026-11-24");
        await Expect(page.GetByText("0 found")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task An_incident_answers_the_bridge_call_and_shows_every_reason_and_its_proof()
    {
        await using var visit = await Visit.StartAsync(browser);
        await visit.InEffectAsync();
        var page = await visit.SignedInAsync(World.Alex, "/console/incidents");
        await page.GetByRole(AriaRole.Link, new() { Name = "Unfamiliar sign-in properties" }).ClickAsync();
        await Expect(page.Locator("#part-story")).ToContainTextAsync("Yes. Security did disable user account temporarily");
        await Expect(page.Locator(".timeline").First).ToContainTextAsync("Alex Analyst approved: looked at it");
        await Expect(page.Locator("article.effect")).ToContainTextAsync("cannot sign in");
        await page.GetByText("asks people").First.ClickAsync();
        await Expect(page.Locator("#part-stands details[open]").First).ToContainTextAsync("Risk 54 is below 60");
        await Expect(page.GetByText("the chain is whole")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "as a picture" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Img)).ToBeVisibleAsync();
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task The_record_is_verified_on_the_page()
    {
        await using var visit = await Visit.StartAsync(browser);
        await visit.InEffectAsync();
        var page = await visit.SignedInAsync(World.Alex, "/console/record");
        await Expect(page.GetByText("No checkpoint has been made so far.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Verify now" }).ClickAsync();
        await Expect(page.Locator("#verify output")).ToHaveTextAsync("Everything is as it was sealed.");
        await page.ReloadAsync();
        await Expect(page.Locator("#part-record")).ToContainTextAsync("number 1");
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task Who_is_on_call_and_what_the_ladder_would_do_now_can_be_seen()
    {
        await using var visit = await Visit.StartAsync(browser);
        var page = await visit.SignedInAsync(World.Alex, "/console/oncall");
        var ladder = page.Locator("main section").Nth(1);
        await Expect(ladder).ToContainTextAsync("primary, at once: Alex Analyst");
        // 03:00 UTC and 15 minutes, in Berlin.
        await Expect(ladder).ToContainTextAsync("a ticket at 04:15, over at 04:30; then nothing has run");
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task The_policy_reads_as_people_speak()
    {
        await using var visit = await Visit.StartAsync(browser);
        var page = await visit.SignedInAsync(World.Alex, "/console/policy");
        await Expect(page.GetByText("Tier 3: Never runs; people are told")).ToBeVisibleAsync();
        await Expect(page.Locator("li", new() { HasText = "disable user account temporarily" })).ToContainTextAsync("undone after 2 h");
    }
}

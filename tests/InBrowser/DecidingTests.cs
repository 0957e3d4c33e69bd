using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace IRFunctions.Tests.InBrowser;

/// <summary>What waits, seen and answered by people in a browser.</summary>
[Collection(BrowserTests.Name)]
public sealed class DecidingTests(Browser browser)
{
    [Fact(Timeout = Browser.Limit)]
    public async Task A_person_signs_in_on_a_link_and_is_back_where_the_link_led()
    {
        await using var visit = await Visit.StartAsync(browser);
        var request = await visit.AskedAsync();
        var page = await visit.NewPageAsync();
        await page.GotoAsync($"/console/request/{request}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in first" })).ToBeVisibleAsync();
        Assert.DoesNotContain("Adele", await page.ContentAsync(), StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Alex Analyst" }).ClickAsync();
        await Expect(page).ToHaveURLAsync($"{visit.Address}console/request/{request}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Switch off the account" })).ToContainTextAsync("Adele");
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task An_approval_runs_the_action_and_the_page_shows_it_in_effect_without_reload()
    {
        await using var visit = await Visit.StartAsync(browser);
        await visit.AskedAsync();
        var page = await visit.SignedInAsync(World.Alex);
        var card = page.Locator("article.request");
        await card.GetByLabel("Why? It goes on the record.").FillAsync("matches the sign-in log");
        await card.GetByRole(AriaRole.Button, new() { Name = "Approve for 2 h" }).ClickAsync();
        await Expect(page.Locator("#news")).ToContainTextAsync("Your approval was taken.");
        await visit.World.RunAsync();
        Assert.False(await visit.World.CanSignInAsync(World.Adele));
        await Expect(card).ToHaveCountAsync(0);
        await Expect(page.Locator("article.effect")).ToContainTextAsync("cannot sign in");
        await Expect(page.Locator("article.effect")).ToContainTextAsync("Approved by Alex Analyst");
    }
}

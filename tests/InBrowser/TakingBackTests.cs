using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace IRFunctions.Tests.InBrowser;

/// <summary>What is in effect, released, kept and stopped by people in a browser.</summary>
[Collection(BrowserTests.Name)]
public sealed class TakingBackTests(Browser browser)
{
    private const string Why = "Why? It goes on the record.";

    [Fact(Timeout = Browser.Limit)]
    public async Task A_release_is_one_click_and_is_read_back_on_the_page()
    {
        await using var visit = await Visit.StartAsync(browser);
        await visit.InEffectAsync();
        var page = await visit.SignedInAsync(World.Alex);
        await page.GetByRole(AriaRole.Button, new() { Name = "Release now" }).ClickAsync();
        await Expect(page.Locator("#news")).ToContainTextAsync("It is being taken back");
        await visit.World.RunAsync();
        Assert.True(await visit.World.CanSignInAsync(World.Adele));
        await Expect(page.Locator("article.effect")).ToContainTextAsync("is as before");
        await Expect(page.Locator("article.effect")).ToContainTextAsync("Released by Alex Analyst, read back after");
        var record = await visit.World.RecordAsync((await visit.World.IncidentsAsync()).Single().Incident);
        Assert.Contains(record, e => e.Text.Contains("no reason was typed", StringComparison.Ordinal));
        await Expect(page.GetByText("Nothing of ours is in effect.")).ToBeVisibleAsync();
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task What_is_confirmed_stays_and_can_still_be_released()
    {
        await using var visit = await Visit.StartAsync(browser);
        await visit.InEffectAsync();
        var page = await visit.SignedInAsync(World.Alex, "/console/effects");
        await page.GetByText("Confirm or extend…").ClickAsync();
        await page.GetByLabel(Why).FillAsync("it is real");
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm: keep it" }).ClickAsync();
        await Expect(page.Locator("#news")).ToContainTextAsync("It stays until a person releases it.");
        await visit.World.RunAsync();
        await Expect(page.Locator("article.effect")).ToContainTextAsync("confirmed: stays until released");
        await Expect(page.Locator("article.effect")).ToContainTextAsync("Confirmed by Alex Analyst");
        await visit.World.PassAsync(TimeSpan.FromHours(5));
        Assert.False(await visit.World.CanSignInAsync(World.Adele));
        await page.GetByRole(AriaRole.Button, new() { Name = "Release now" }).ClickAsync();
        await Expect(page.Locator("#news")).ToContainTextAsync("It is being taken back");
        await visit.World.RunAsync();
        await Expect(page.Locator("article.effect")).ToContainTextAsync("Released by Alex Analyst");
        Assert.True(await visit.World.CanSignInAsync(World.Adele));
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task To_extend_shows_the_real_new_end()
    {
        await using var visit = await Visit.StartAsync(browser);
        var containment = await visit.InEffectAsync();
        await visit.World.PassAsync(TimeSpan.FromMinutes(90));
        var page = await visit.SignedInAsync(World.Alex);
        await page.GetByText("Confirm or extend…").ClickAsync();
        await page.GetByLabel(Why).FillAsync("not done yet");
        await page.GetByLabel("or for").SelectOptionAsync("2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Extend from now" }).ClickAsync();
        await Expect(page.Locator("#news")).ToContainTextAsync("It now ends at 23/11/2026, 07:30");
        await visit.World.RunAsync();
        // 04:30 UTC and two hours, in Berlin; the entity says the same.
        await Expect(page.Locator("article.effect")).ToContainTextAsync("ends by itself at 07:30");
        Assert.Equal(
            new DateTimeOffset(2026, 11, 23, 6, 30, 0, TimeSpan.Zero),
            (await visit.World.ContainmentsAsync()).Single(c => c.Id == containment).State.UndoAt!.Value,
            TimeSpan.FromMinutes(1)
        );
    }

    [Fact(Timeout = Browser.Limit)]
    public async Task The_stop_holds_new_actions_is_seen_everywhere_and_is_lifted_again()
    {
        await using var visit = await Visit.StartAsync(browser);
        await visit.AskedAsync();
        var other = await visit.SignedInAsync(World.Sam);
        var page = await visit.SignedInAsync(World.Alex);
        await page.GetByRole(AriaRole.Link, new() { Name = "Stop all new actions" }).ClickAsync();
        await page.GetByLabel(Why).FillAsync("something is off");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop all new actions" }).ClickAsync();
        await Expect(page.Locator("#news")).ToContainTextAsync("you engaged the global stop");
        await visit.World.RunAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All new actions are stopped" })).ToBeVisibleAsync();
        await Expect(other.Locator(".banner")).ToContainTextAsync("stopped by Alex Analyst: something is off");
        await page.GetByLabel(Why).FillAsync("it was nothing");
        await page.GetByRole(AriaRole.Button, new() { Name = "Let actions run again" }).ClickAsync();
        await Expect(page.Locator("#news")).ToContainTextAsync("you lifted the global stop");
        await visit.World.RunAsync();
        await Expect(page.GetByText("It was lifted by Alex Analyst")).ToBeVisibleAsync();
        await Expect(other.Locator(".banner")).ToHaveCountAsync(0);
    }
}

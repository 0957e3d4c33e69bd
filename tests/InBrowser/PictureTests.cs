using Microsoft.Playwright;

namespace IRFunctions.Tests.InBrowser;

/// <summary>Pictures of the views for docs/; written where IRF_PICTURES names a folder, otherwise only taken.</summary>
[Collection(BrowserTests.Name)]
public sealed class PictureTests(Browser browser)
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("IRF_PICTURES");

    [Theory(Timeout = Browser.Limit)]
    [InlineData("light", 1280)]
    [InlineData("dark", 1280)]
    [InlineData("phone", 390)]
    public async Task Every_view_can_be_drawn(string look, int width)
    {
        await using var visit = await Visit.StartAsync(browser);
        await visit.InEffectAsync(World.Megan, "alert-2", "incident-2");
        await visit.World.SendAsync(Given.MaliciousAddress());
        await visit.World.RunAsync();
        await visit.AskedAsync();
        var colours = look == "dark" ? ColorScheme.Dark : ColorScheme.Light;
        var page = await visit.SignedInAsync(World.Alex, "/", colours, width, 800);
        var incident = (await visit.World.IncidentsAsync()).First(i => i.Title.StartsWith("Unfamiliar", StringComparison.Ordinal)).Incident;
        string[] views = ["effects", "incidents", "identities", "rehearsals", "oncall", "policy", "record", "stop"];
        await TakeAsync(page, "/", $"console-waiting-{look}.png");
        await TakeAsync(page, $"/console/incident/{incident}", $"console-incident-{look}.png");
        await TakeAsync(page, $"/console/attack/{incident}", $"console-attack-{look}.png");
        foreach (var view in views)
            await TakeAsync(page, $"/console/{view}", $"console-{view}-{look}.png");
    }

    private static async Task TakeAsync(IPage page, string path, string file)
    {
        await page.GotoAsync(path);
        await page.WaitForFunctionAsync(
            "() => [...document.querySelectorAll('time[data-tick]')].every(t => !t.textContent.includes('UTC'))"
        );
        var picture = await page.ScreenshotAsync(new PageScreenshotOptions { FullPage = page.ViewportSize!.Width > 400 });
        Assert.NotEmpty(picture);
        if (Folder is { Length: > 0 } folder)
            await File.WriteAllBytesAsync(Path.Combine(folder, file), picture);
    }
}

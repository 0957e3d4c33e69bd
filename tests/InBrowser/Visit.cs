using IRFunctions.Local.Host;
using Microsoft.Playwright;

namespace IRFunctions.Tests.InBrowser;

/// <summary>A pipeline under virtual time whose console somebody looks at in a browser.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly List<IPage> pages = [];
    private readonly Browser browser;
    private readonly ServedWorld served;

    private Visit(Browser browser, ServedWorld served) => (this.browser, this.served) = (browser, served);

    public World World => served.World;

    public Uri Address => served.Http.BaseAddress!;

    /// <summary>What a page's script complained of; nothing is expected.</summary>
    public List<string> Complaints { get; } = [];

    public static async Task<Visit> StartAsync(Browser browser) => new(browser, await ServedWorld.StartAsync());

    /// <summary>As a person of the ladder who chose themselves on the sign-in page.</summary>
    public async Task<IPage> SignedInAsync(
        string person,
        string path = "/",
        ColorScheme scheme = ColorScheme.Light,
        int width = 1280,
        int height = 900
    )
    {
        var page = await NewPageAsync(scheme, width, height);
        await page.Context.AddCookiesAsync([
            new Cookie
            {
                Name = LocalSignIn.Cookie,
                Value = person,
                Url = Address.ToString(),
            },
        ]);
        await page.GotoAsync(path);
        return page;
    }

    public async Task<IPage> NewPageAsync(ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900)
    {
        var page = await browser.OpenAsync(Address, scheme, width, height);
        page.PageError += (_, error) => Complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("Failed to load resource", StringComparison.Ordinal))
                Complaints.Add(message.Text);
        };
        pages.Add(page);
        return page;
    }

    /// <summary>An account that looks stolen: one request waits.</summary>
    public async Task<string> AskedAsync(string user = World.Adele, string alert = "alert-1", string incident = "incident-1")
    {
        var before = (await World.PendingAsync()).Select(p => p.Id).ToHashSet();
        await World.SendAsync(Given.StolenAccount(user, alert, incident));
        await World.RunAsync();
        return (await World.PendingAsync()).Single(p => !before.Contains(p.Id)).Id;
    }

    /// <summary>The same, approved by somebody: it is in effect.</summary>
    public async Task<string> InEffectAsync(string user = World.Adele, string alert = "alert-1", string incident = "incident-1")
    {
        Assert.Equal(202, await World.AnswerAsync(await AskedAsync(user, alert, incident), World.Alex, "approve"));
        await World.RunAsync();
        Assert.False(await World.CanSignInAsync(user));
        return World.DisableOf(user);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var page in pages)
            await page.Context.CloseAsync();
        await served.DisposeAsync();
        Assert.Empty(Complaints);
    }
}

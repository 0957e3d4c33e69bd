using System.Diagnostics;
using Microsoft.Playwright;

namespace IRFunctions.Tests.InBrowser;

/// <summary>
/// Debian's chromium, headless, for all browser tests: found, or installed by apt where the machine allows it. Speaks to 127.0.0.1
/// only, and ends with the tests.
/// </summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>Hard limit of a browser test, in milliseconds; what a page is waited for takes a sixth of it at most.</summary>
    public const int Limit = 60_000;

    private const int Patience = 10_000;

    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? playwright;

    internal IBrowser Chromium { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var path = await FindAsync();
        playwright = await Playwright.CreateAsync();
        Chromium = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = path,
                Timeout = 3 * Patience,
                Args =
                [
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    // Nothing but this machine can be reached, whatever a page asks for.
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                ],
            }
        );
    }

    public async Task DisposeAsync()
    {
        if (Chromium is not null)
            await Chromium.CloseAsync();
        playwright?.Dispose();
    }

    /// <summary>A page of its own browser profile, in UTC.</summary>
    internal async Task<IPage> OpenAsync(Uri address, ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900)
    {
        var context = await Chromium.NewContextAsync(
            new BrowserNewContextOptions
            {
                BaseURL = address.ToString(),
                ColorScheme = scheme,
                ViewportSize = new ViewportSize { Width = width, Height = height },
                ReducedMotion = ReducedMotion.Reduce,
                TimezoneId = "Europe/Berlin",
                Locale = "en-GB",
            }
        );
        context.SetDefaultTimeout(Patience);
        return await context.NewPageAsync();
    }

    /// <exception cref="InvalidOperationException">There is none and none could be installed; says what to do.</exception>
    private static async Task<string> FindAsync()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named)
            return named;
        if (Array.Find(Places, File.Exists) is { } found)
            return found;
        if (OperatingSystem.IsLinux() && Environment.UserName == "root")
            await InstallAsync();
        return Array.Find(Places, File.Exists)
            ?? throw new InvalidOperationException(
                "The browser tests need Chromium: apt-get install chromium, or name one in the environment variable CHROMIUM."
            );
    }

    private static async Task InstallAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        foreach (
            var arguments in (string[][])
                [
                    ["update", "-q"],
                    ["install", "-y", "-q", "--no-install-recommends", "chromium"],
                ]
        )
        {
            using var apt = Process.Start(
                new ProcessStartInfo("apt-get", ["-o", "DPkg::Lock::Timeout=240", .. arguments])
                {
                    Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" },
                }
            )!;
            await apt.WaitForExitAsync(limit.Token);
        }
    }
}

/// <summary>One browser for all of these tests, one test after the other.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserTests : ICollectionFixture<Browser>
{
    public const string Name = "in a browser";
}

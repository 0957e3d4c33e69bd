using Microsoft.AspNetCore.Http;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>Where people sign in and out; App Service's own pages unless a host has others.</summary>
/// <param name="SignIn">Ends where the address to come back to is added.</param>
internal sealed record ConsoleSignIn(string SignIn, string SignOut)
{
    public string For(string back) => SignIn + Uri.EscapeDataString(back);
}

/// <summary>The frame around every view.</summary>
internal sealed class Shell(
    ConsoleViews views,
    WaitingList waiting,
    EffectList effects,
    IncidentBoard board,
    StopView stop,
    ConsoleSignIn signIn
)
{
    /// <summary>Only our own scripts and styles run, none inline; nothing is loaded from elsewhere, nothing may frame a page.</summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types console";

    /// <summary>What is the same on every page, and live like the rest: the counts, and the stop while it is engaged.</summary>
    public async Task<IReadOnlyList<Part>> AroundAsync(ConsoleView view, ViewRequest request, CancellationToken cancellation)
    {
        _ = board.WarmAsync();
        var counts = new Dictionary<string, int>(StringComparer.Ordinal)
        {
            [HomeView.Of] = await waiting.CountAsync(cancellation),
            [EffectsView.Of] = await effects.CountAsync(cancellation),
        };
        return
        [
            new Part("nav", Html.Join(views.InNavigation.Select(v => Entry(v, view, counts)))),
            new Part("banner", await stop.BannerAsync(request.Client, cancellation)),
        ];
    }

    public Html Page(ConsoleView view, Shown shown, IReadOnlyList<Part> around, ViewRequest request, string address)
    {
        var (live, now, back) = (LiveOf(view, request), request.Now.ToUnixTimeMilliseconds(), signIn.For(address));
        var name = Said(request.Caller.Name, 40);
        var parts = shown.Parts.Select(p => Html.Of($"<section id=\"part-{p.Id}\">{p.Content}</section>"));
        return Frame(
            shown.Title,
            Html.Of($" data-live=\"{live}\" data-now=\"{now}\" data-signin=\"{back}\""),
            Html.Of(
                $"""
                <header><a class="brand" href="/">IRFunctions</a>
                <nav aria-label="Views" id="part-nav">{around[0].Content}</nav>
                <details class="who" id="who"><summary>{name}</summary><a href="{signIn.SignOut}">Sign out</a></details>
                <a class="stop" href="{Path(StopView.Of)}">Stop<span> all new actions</span></a></header>
                <div id="part-banner">{around[1].Content}</div>
                <p id="connection" role="status" hidden></p>
                <main class="view-{view.Name}" id="main">{parts}</main>
                <div id="news" role="status"></div>
                """
            )
        );
    }

    /// <summary>For somebody who is not signed in; says nothing about what there is to see.</summary>
    public Html SignedOut(string address) =>
        Frame(
            "Sign in",
            Html.Empty,
            Html.Of(
                $"""
                <main class="alone" id="main"><h1>Sign in first</h1>
                <p>You are not signed in, or your sign-in ran out. Nothing was decided by opening this page.</p>
                <p><a class="button yes" href="{signIn.For(address)}">Sign in</a></p></main>
                """
            )
        );

    public static Html Failed(string what) =>
        Frame(
            "Cannot be read",
            Html.Empty,
            Html.Of(
                $"""
                <main class="alone" id="main"><h1>This cannot be read now</h1>
                <p>{what}</p><p>What waits, waits; deadlines run on. The API and the cards in Teams may still work.</p>
                <p><a class="button" href="">Try again</a></p></main>
                """
            )
        );

    public static Html Frame(string title, Html data, Html body) =>
        Html.Of(
            $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">
            <title>{title} · IRFunctions</title><link rel="icon" href="/console-assets/icon.svg">
            <link rel="stylesheet" href="/console-assets/console.css">
            <script type="module" src="/console-assets/console.js"></script></head>
            <body{data}><a class="skip" href="#main">Skip to the content</a>
            {body}
            <noscript><p class="banner">Without JavaScript you can read here, not decide. Opening this page decided nothing.</p></noscript>
            </body></html>

            """
        );

    /// <summary>Sent with every page.</summary>
    public static void Secure(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin"; // With none a form would say that it comes from nowhere.
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }

    private static Html Entry(ConsoleView view, ConsoleView current, Dictionary<string, int> counts)
    {
        var here = current.Under == view.Name;
        var number = counts.GetValueOrDefault(view.Name) is > 0 and var n ? Html.Of($" <span class=\"n\">{n}</span>") : Html.Empty;
        return Html.Of($"<a href=\"{Path(view.Name)}\"{(here ? Html.Of($" aria-current=\"page\"") : Html.Empty)}>{view.Label}{number}</a>");
    }

    private static string LiveOf(ConsoleView view, ViewRequest request) =>
        !view.IsLive
            ? ""
            : $"/console-live/{view.Name}{(request.Id is { } id ? $"/{Uri.EscapeDataString(id)}" : "")}"
                + QueryString.Create(request.Query.Select(q => KeyValuePair.Create(q.Key, q.Value.FirstOrDefault())));
}

/// <summary>Every view there is, in the order of the navigation.</summary>
internal sealed class ConsoleViews(IEnumerable<ConsoleView> views)
{
    private readonly ConsoleView[] all = [.. views];

    public IEnumerable<ConsoleView> InNavigation => all.Where(v => v.Label is not null);

    public ConsoleView? Find(string name) => all.FirstOrDefault(v => v.Name == name);
}

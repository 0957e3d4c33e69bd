using IRFunctions.OperatorConsole;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace IRFunctions.Local.Host;

/// <summary>
/// `/local/sign-in`: in the place of Entra ID a list of the sample people to choose from. The choice is a cookie of this machine that
/// proves nothing about who asks, like <see cref="DevelopmentSignIn"/>, whose doors it uses.
/// </summary>
internal static class LocalSignIn
{
    public const string Cookie = "irf-person";

    /// <summary>Where the console finds it (setting Console__SignIn).</summary>
    public const string Path = "/local/sign-in?back=";

    public const string OutPath = "/local/sign-out";

    public static void Map(WebApplication app, Func<IEnumerable<DevUser>> people)
    {
        app.MapGet("/local/sign-in", (HttpContext http, string? back) => Page(http, Safe(back), people()));
        app.MapPost(
            "/local/sign-in",
            async (HttpContext http) =>
            {
                var form = await http.Request.ReadFormAsync(http.RequestAborted);
                var person = people().FirstOrDefault(p => p.ObjectId == form["person"]);
                if (person is null)
                    return Results.Problem("Nobody of that object id is known here.", statusCode: StatusCodes.Status400BadRequest);
                // Not Strict: a link from a page or mail has to find the person signed in. Other pages can send nothing here at all.
                http.Response.Cookies.Append(Cookie, person.ObjectId, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax });
                return Results.Redirect(Safe(form["back"]));
            }
        );
        app.MapGet(
            OutPath,
            (HttpContext http) =>
            {
                http.Response.Cookies.Delete(Cookie);
                return Results.Redirect("/");
            }
        );
    }

    private static Task Page(HttpContext http, string back, IEnumerable<DevUser> people)
    {
        Shell.Secure(http.Response);
        var buttons = people.Select(p =>
            Html.Of($"<li><button name=\"person\" value=\"{p.ObjectId}\">{p.Name}</button> <span class=\"soft\">{p.About}</span></li>")
        );
        var page = Shell.Frame(
            "Who are you?",
            Html.Empty,
            Html.Of(
                $"""
                <main class="alone" id="main"><h1>Who are you?</h1>
                <p>On this machine nobody proves it: choose one of the sample people. In Azure, people sign in with Entra ID.</p>
                <form method="post" action="/local/sign-in"><input type="hidden" name="back" value="{back}">
                <ul class="people">{buttons}</ul></form></main>
                """
            )
        );
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(page.ToString(), http.RequestAborted);
    }

    /// <summary>Back to a page of ours, never to another host.</summary>
    private static string Safe(string? back) =>
        back is { Length: > 1 } && back[0] == '/' && back[1] is not ('/' or '\\') && back.All(c => c is > ' ' and < '\x7f') ? back : "/";
}

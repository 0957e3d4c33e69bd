using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.OperatorConsole; // Not .Console: that would hide System.Console everywhere below IRFunctions.

/// <summary>
/// `GET /api/console`: the page behind the link in a page message. It is the same for everybody and contains nothing: what waits is fetched
/// by its script with the person's own sign-in, and deciding is a POST that takes a reason. Opening, previewing or forwarding the link
/// decides nothing.
/// </summary>
public static class OperatorPage
{
    private static readonly Lazy<(string Html, string Policy)> Page = new(Load);

    [Function("GetConsole")]
    public static IActionResult Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "console")] HttpRequest request)
    {
        var headers = request.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = Page.Value.Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        return new ContentResult
        {
            Content = Page.Value.Html,
            ContentType = "text/html; charset=utf-8",
            StatusCode = StatusCodes.Status200OK,
        };
    }

    /// <summary>Only the page's own script and style run, named by their hashes; nothing is loaded, nothing may frame it.</summary>
    private static (string Html, string Policy) Load()
    {
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream("operator.page.html")
            ?? throw new InvalidOperationException("the operator page is not in the assembly");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var html = reader.ReadToEnd().ReplaceLineEndings("\n");
        var policy =
            $"default-src 'none'; script-src '{HashOf(html, "script")}'; style-src '{HashOf(html, "style")}'; connect-src 'self'; "
            + $"base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        return (html, policy);
    }

    private static string HashOf(string html, string element)
    {
        var start = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var end = html.IndexOf($"</{element}>", start, StringComparison.Ordinal);
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[start..end])));
    }
}

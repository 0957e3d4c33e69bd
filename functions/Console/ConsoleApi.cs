using Azure;
using IRFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.OperatorConsole;

/// <summary>
/// The console: `/` and `/console/...`. Pages are read with the person's own sign-in; opening, previewing or forwarding a link decides
/// nothing. Whatever changes something goes through `/api/`, with the same checks as from anywhere else.
/// </summary>
public sealed class ConsoleApi
{
    private readonly RequestGuard guard;
    private readonly TimeProvider time;
    private readonly Shell shell;
    private readonly ConsoleViews views;

    public ConsoleApi(RequestGuard guard, TimeProvider time, IServiceProvider services)
    {
        (this.guard, this.time) = (guard, time);
        (shell, views) = ConsoleServices.Of(services);
    }

    [Function("GetConsole")]
    public Task<IActionResult> HomeAsync(
        // An empty route would be the function's name; this one is the host's root.
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "{ignored:maxlength(0)?}")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => PageAsync(request, client, HomeView.Of, null, cancellation);

    [Function("GetConsoleView")]
    public Task<IActionResult> ViewAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "console/{view}/{id?}")] HttpRequest request,
        string view,
        string? id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    ) => PageAsync(request, client, view, id, cancellation);

    /// <summary>Scripts, styles, the icon: the same for everybody, with nothing in them.</summary>
    [Function("GetConsoleAsset")]
    public static IActionResult Asset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "console-assets/{file}")] HttpRequest request,
        string file
    )
    {
        if (ConsoleFiles.Find(file) is not { } found)
            return ProblemResults.NotFound($"file {file}");
        var headers = request.HttpContext.Response.Headers;
        headers.ETag = found.Tag;
        headers.CacheControl = "no-cache"; // Kept, and asked for again by its tag.
        headers.XContentTypeOptions = "nosniff";
        return request.Headers.IfNoneMatch == found.Tag
            ? new StatusCodeResult(StatusCodes.Status304NotModified)
            : new FileContentResult(found.Content, found.Type);
    }

    private async Task<IActionResult> PageAsync(
        HttpRequest request,
        DurableTaskClient client,
        string name,
        string? id,
        CancellationToken cancellation
    )
    {
        Shell.Secure(request.HttpContext.Response);
        var address = request.GetEncodedPathAndQuery();
        if (await guard.ReaderAsync(request, cancellation) is not { } caller)
            return Answer(shell.SignedOut(address), StatusCodes.Status401Unauthorized);
        var view = views.Find(name) ?? new NoView();
        try
        {
            var asked = new ViewRequest(caller, client, id, request.Query, time.GetUtcNow());
            var shown = await view.ShowAsync(asked, cancellation);
            return Answer(shell.Page(view, shown, await shell.AroundAsync(view, asked, cancellation), asked, address), shown.Status);
        }
        catch (RequestFailedException e)
        {
            return Answer(
                Shell.Failed(
                    $"The storage answered: {e.ErrorCode ?? e.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)}."
                ),
                503
            );
        }
    }

    private static ContentResult Answer(Html page, int status) =>
        new()
        {
            Content = page.ToString(),
            ContentType = "text/html; charset=utf-8",
            StatusCode = status,
        };

    private sealed class NoView : ConsoleView
    {
        public override string Name => "none";

        public override Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation) =>
            Task.FromResult(Shown.NotFound("such page"));
    }
}

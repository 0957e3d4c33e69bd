using System.Text;
using System.Text.Json;
using Azure;
using IRFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;

namespace IRFunctions.OperatorConsole;

/// <summary>
/// `/console-live/...`: the same parts as the page, sent again where they change, as server-sent events (WHATWG HTML section 9.2). One
/// stream ends after some minutes, before the host would end it; the browser opens the next by itself.
/// </summary>
public sealed class ConsoleLiveApi
{
    /// <summary>Looks of one stream: four minutes, below the five of host.json.</summary>
    private const int Looks = 240;

    /// <summary>Open streams of one instance; a browser that gets none asks every few seconds instead.</summary>
    private const int MostStreams = 200;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);
    private static int streams;

    private readonly RequestGuard guard;
    private readonly TimeProvider time;
    private readonly Shell shell;
    private readonly ConsoleViews views;
    private readonly CancellationToken ending;

    public ConsoleLiveApi(RequestGuard guard, TimeProvider time, IServiceProvider services, IHostApplicationLifetime? lifetime = null)
    {
        (this.guard, this.time) = (guard, time);
        (shell, views) = ConsoleServices.Of(services);
        ending = lifetime?.ApplicationStopping ?? CancellationToken.None; // A stream must not hold up the end of the program.
    }

    [Function("GetConsoleLive")]
    public async Task<IActionResult> StreamAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "console-live/{view}/{id?}")] HttpRequest request,
        string view,
        string? id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is not { } caller)
            return ProblemResults.SignIn();
        if (views.Find(view) is not { } found)
            return ProblemResults.NotFound($"view {view}");
        if (Interlocked.Increment(ref streams) > MostStreams)
        {
            Interlocked.Decrement(ref streams);
            return ProblemResults.Of(503, "busy", "Too many pages are open", "The page asks again by itself every few seconds.");
        }
        return new Stream(
            async (response, gone) =>
            {
                try
                {
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(gone, ending, cancellation);
                    await SendAsync(response, found, now => new ViewRequest(caller, client, id, request.Query, now), either.Token);
                }
                catch (OperationCanceledException)
                {
                    // The page was closed, or the program ends.
                }
                finally
                {
                    Interlocked.Decrement(ref streams);
                }
            }
        );
    }

    private async Task SendAsync(HttpResponse response, ConsoleView view, Func<DateTimeOffset, ViewRequest> asked, CancellationToken gone)
    {
        var sent = new Dictionary<string, string>(StringComparer.Ordinal);
        using var tick = new PeriodicTimer(Between);
        await WriteAsync(response, "retry: 1000\n\n", gone);
        for (var look = 0; look < Looks; look++)
        {
            var now = time.GetUtcNow();
            var text = new StringBuilder();
            try
            {
                var request = asked(now);
                var parts = (await view.ShowAsync(request, gone)).Parts;
                foreach (var part in parts.Concat(await shell.AroundAsync(view, request, gone)))
                {
                    var html = part.Content.ToString();
                    if (sent.TryGetValue(part.Id, out var before) && before == html)
                        continue;
                    sent[part.Id] = html;
                    text.Append("event: part\ndata: ").Append(JsonSerializer.Serialize(new { id = part.Id, html })).Append("\n\n");
                }
            }
            catch (RequestFailedException e)
            {
                text.Append("event: trouble\ndata: ")
                    .Append(JsonSerializer.Serialize(e.ErrorCode ?? "the storage cannot be read"))
                    .Append("\n\n");
            }
            // The page counts down by this clock, and notices where nothing comes any more.
            text.Append("event: now\ndata: ").Append(now.ToUnixTimeMilliseconds()).Append("\n\n");
            await WriteAsync(response, text.ToString(), gone);
            await tick.WaitForNextTickAsync(gone);
        }
    }

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken gone)
    {
        await response.WriteAsync(text, gone);
        await response.Body.FlushAsync(gone);
    }

    private sealed class Stream(Func<HttpResponse, CancellationToken, Task> send) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context)
        {
            var http = context.HttpContext;
            http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            http.Response.ContentType = "text/event-stream; charset=utf-8";
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers["X-Accel-Buffering"] = "no"; // Proxies that would collect a stream pass it on.
            return send(http.Response, http.RequestAborted);
        }
    }
}

using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace IRFunctions.Local.Model;

/// <summary>
/// The local model over HTTP: `POST /openai/v1/chat/completions` (and /v1/...), as Azure OpenAI by deployment
/// (`/openai/deployments/NAME/...`), told what to do by `PUT /local/model`.
/// </summary>
public static class ModelEndpoint
{
    private const int MaxRequest = 1_048_576;

    public static void Map(IEndpointRouteBuilder routes, LocalModel model)
    {
        RequestDelegate answer = context => AnswerAsync(context, model);
        routes.MapPost("/openai/v1/chat/completions", answer);
        routes.MapPost("/v1/chat/completions", answer);
        // Azure knows a deployment's path with a version of its API only.
        routes.MapPost(
            "/openai/deployments/{deployment}/chat/completions",
            context =>
                context.Request.Query.ContainsKey("api-version")
                    ? answer(context)
                    : Results.NotFound(new { error = new { code = "404", message = "Resource not found" } }).ExecuteAsync(context)
        );
        routes.MapGet("/local/model", () => Results.Json(model.Order));
        routes.MapPut(
            "/local/model",
            (ModelOrder order) =>
            {
                model.Behave(order);
                return Results.Json(order);
            }
        );
    }

    private static async Task AnswerAsync(HttpContext context, LocalModel model)
    {
        if (context.Request.ContentLength is > MaxRequest)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var reply = await model.AnswerAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
        context.Response.StatusCode = reply.Status;
        context.Response.ContentType = reply.ContentType;
        context.Response.ContentLength = reply.Body.Length;
        if (reply.RetryAfterSeconds is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (reply.Slowly is { } slow)
            await slow.CopyToAsync(context.Response.Body, context.RequestAborted);
        else
            await context.Response.Body.WriteAsync(reply.Body, context.RequestAborted);
    }
}

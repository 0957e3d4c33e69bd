using IRFunctions.Containment.Actions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace IRFunctions.Local.Tenant;

/// <summary>The simulated tenant over HTTP.</summary>
public static class TenantEndpoint
{
    private const int MaxBody = 4 * 1_048_576;

    public static void Map(IEndpointRouteBuilder routes, SimulatedTenant tenant)
    {
        foreach (var prefix in (string[])["/graph", "/arm", "/loganalytics", "/itsm", "/pager", "/connector", "/local/tenant"])
        {
            routes.Map(prefix + "/{**rest}", context => AnswerAsync(context, tenant));
        }
    }

    private static async Task AnswerAsync(HttpContext context, SimulatedTenant tenant)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MaxBody;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var headers = context.Request.Headers;
        var answer = await tenant.HandleAsync(
            new TenantRequest(
                context.Request.Method,
                RawPath(context),
                context.Request.QueryString.Value ?? "",
                body.GetBuffer().AsMemory(0, (int)body.Length)
            )
            {
                Authorization = headers.Authorization,
                IdempotencyKey = headers["Idempotency-Key"],
                ClientRequestId = headers["client-request-id"],
                Prefer = headers["Prefer"],
                CommandHeaders = (
                    headers[ConnectorSignature.KeyHeader],
                    headers[ConnectorSignature.TimestampHeader],
                    headers[ConnectorSignature.SignatureHeader]
                ),
                Origin = $"{context.Request.Scheme}://{context.Request.Host}",
            },
            context.RequestAborted
        );
        if (answer.Abort)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers())
            context.Response.Headers[name] = value;
        if (answer.Body.Length == 0)
            return;
        context.Response.ContentType = answer.ContentType;
        context.Response.ContentLength = answer.Body.Length;
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    /// <summary>The path as on the wire: ids of messages hold characters that must not be unescaped before the path is split.</summary>
    private static string RawPath(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (target is not ['/', ..])
            return context.Request.Path.ToUriComponent();
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? target : target[..query];
    }
}

using System.Text.Json;
using IRFunctions.Audit;
using IRFunctions.Policies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Configuration;

namespace IRFunctions.Triggers;

/// <summary>What every HTTP function asks first: who is it, may they, and is the body what it should be. Refused attempts to change something are recorded.</summary>
public sealed class Door(PolicyStore policies, AuditChain audit, IConfiguration configuration)
{
    private const int MaxBody = 16 * 1024;

    // App Service sets this itself when its authentication is on; an operator cannot forge it from outside.
    private readonly bool appServiceAuthenticates = string.Equals(configuration["WEBSITE_AUTH_ENABLED"], "True", StringComparison.OrdinalIgnoreCase);

    /// <summary>The caller, for reading.</summary>
    public Caller? Reader(HttpRequest request) => Caller.Of(request, appServiceAuthenticates);

    /// <summary>The caller, for changing something: someone on a ladder of the policy in force. Otherwise the problem to answer with, on the record.</summary>
    public async Task<(Caller? Caller, IActionResult? Refusal)> ResponderAsync(HttpRequest request, string what, CancellationToken cancellation)
    {
        if (Caller.Of(request, appServiceAuthenticates) is not { } caller)
        {
            await RefusedAsync("anonymous", $"{what}: nobody was signed in", cancellation);
            return (null, Problems.SignIn());
        }
        if (policies.Current.Approvers.Contains(caller.ObjectId)) return (caller, null);
        await RefusedAsync(caller.ObjectId, $"{what}: {caller.Name} is not on any ladder", cancellation);
        return (null, Problems.Of(403, "not-a-responder", "You may look, but not act", "Only people on an escalation ladder of the policy may do this. Ask for a place in policies/ladders.yaml."));
    }

    public Task RefusedAsync(string by, string text, CancellationToken cancellation) =>
        audit.AppendAsync(AuditChain.PipelineChain, [Fact(AuditKinds.Refused, text, by)], cancellation);

    public Task RecordAsync(string chain, string kind, string text, string by, CancellationToken cancellation) =>
        audit.AppendAsync(chain, [Fact(kind, text, by)], cancellation);

    /// <summary>Reads a small JSON body; null with a problem where it is none.</summary>
    public static async Task<(T? Body, IActionResult? Problem)> ReadAsync<T>(HttpRequest request, string example, CancellationToken cancellation) where T : class
    {
        var (bytes, problem) = await ReadBytesAsync(request, MaxBody, cancellation);
        if (bytes is null) return (null, problem);
        try
        {
            var body = JsonSerializer.Deserialize<T>(bytes, JsonSerializerOptions.Web);
            return body is null ? (null, Bad("the body is empty")) : (body, null);
        }
        catch (JsonException e)
        {
            return (null, Bad($"{e.Path}: {e.Message}"));
        }

        IActionResult Bad(string why) => Problems.Of(400, "body", "The body is not what was expected", $"{why}. Send JSON like {example}");
    }

    /// <summary>The whole body; null with a problem where it is larger than <paramref name="most"/> bytes.</summary>
    public static async Task<(byte[]? Bytes, IActionResult? Problem)> ReadBytesAsync(HttpRequest request, int most, CancellationToken cancellation)
    {
        if (request.ContentLength > most) return (null, TooLarge());
        using var buffer = new MemoryStream();
        var chunk = new byte[4096];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellation)) > 0)
        {
            if (buffer.Length + read > most) return (null, TooLarge());
            buffer.Write(chunk, 0, read);
        }
        return (buffer.ToArray(), null);

        IActionResult TooLarge() => Problems.Of(413, "too-large", "The body is too large", $"At most {most} bytes.");
    }

    /// <summary>Requests are not replayed, so their facts need no derived id.</summary>
    private static AuditFact Fact(string kind, string text, string by) => new($"request-{Guid.CreateVersion7():N}", kind, text, by);
}

/// <summary>Errors as RFC 9457 problem details, each with a stable type and a remedy.</summary>
internal static class Problems
{
    public static IActionResult Of(int status, string type, string title, string detail) =>
        new ObjectResult(new ProblemDetails { Status = status, Type = $"urn:irfunctions:{type}", Title = title, Detail = detail })
        {
            StatusCode = status, ContentTypes = { "application/problem+json" },
        };

    public static IActionResult SignIn() => Of(401, "sign-in", "Sign in first", "In Azure sign in with Entra ID; locally send the header X-Dev-User with the object id of someone on the ladder.");

    public static IActionResult NotFound(string what) => Of(404, "not-found", "Not found", $"There is no {what}.");
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using IRFunctions.Http.OpenApi;
using IRFunctions.People;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Configuration;

namespace IRFunctions.Http;

/// <param name="Reason">Why; stands on the record.</param>
[RequestBody]
public sealed record ReasonBody(
    [property: Required, Description("Why; stands on the record."), MaxLength(Objection.MaxReason)] string? Reason
);

/// <summary>
/// What every HTTP function asks first: who is it, may they, and is the body what it should be. Refused attempts to change something are
/// recorded.
/// </summary>
public sealed class RequestGuard(OnCall onCall, TokenSignIn signIn, RefusalLog refusals, AuditChain audit, IConfiguration configuration)
{
    private const int MaxBody = 16 * 1024;

    // App Service sets this itself when its authentication is on; an operator cannot forge it from outside.
    private readonly bool appServiceAuthenticates = string.Equals(
        configuration["WEBSITE_AUTH_ENABLED"],
        "True",
        StringComparison.OrdinalIgnoreCase
    );

    /// <summary>The caller, for reading; null for nobody.</summary>
    public async Task<Caller?> ReaderAsync(HttpRequest request, CancellationToken cancellation) =>
        (await CallerAsync(request, "reading", cancellation)) is { } caller && caller.May(TokenSignIn.Roles) ? caller : null;

    /// <summary>What to answer whoever may not see what single identities did; null where they may.</summary>
    public async Task<IActionResult?> NoIdentityReaderAsync(HttpRequest request, CancellationToken cancellation) =>
        await ReaderAsync(request, cancellation) is not { } caller ? ProblemResults.SignIn()
        : caller.May(TokenSignIn.MaySeeIdentities) ? null
        : ProblemResults.Of(
            403,
            "role",
            "You may not see identities",
            $"Your sign-in lacks the app role for this; ask for one of {string.Join(", ", TokenSignIn.MaySeeIdentities)}."
        );

    /// <summary>
    /// The caller, for changing something: an approver of the policy in force. Otherwise the problem to answer with, on the record.
    /// </summary>
    /// <param name="roles">Where the caller's token carries roles, one of these is needed.</param>
    public async Task<(Caller? Caller, IActionResult? Refusal)> ResponderAsync(
        HttpRequest request,
        string what,
        CancellationToken cancellation,
        params string[] roles
    )
    {
        // A page elsewhere could make a signed-in browser post; browsers say where a request comes from.
        if (request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site")
        {
            await refusals.RecordAsync($"{what}: sent by another web page", null, cancellation);
            return (null, ProblemResults.Of(403, "foreign-page", "Not from another page", "Open the console itself."));
        }
        if (await CallerAsync(request, what, cancellation) is not { } caller)
        {
            // Anyone can cause these: counted, not written one by one.
            await refusals.RecordAsync($"{what}: nobody was signed in", null, cancellation);
            return (null, ProblemResults.SignIn());
        }
        if (!caller.May(roles.Length > 0 ? roles : ["approver", "responder"]))
        {
            await RefusedAsync(caller.ObjectId, $"{what}: {caller.Name} lacks the role", cancellation);
            return (
                null,
                ProblemResults.Of(
                    403,
                    "role",
                    "You may look, but not act",
                    "Your sign-in lacks the app role for this; ask for the role approver or responder."
                )
            );
        }
        var membership = await onCall.IsApproverAsync(caller.ObjectId, cancellation);
        if (membership.Belongs)
            return (caller, null);
        await RefusedAsync(
            caller.ObjectId,
            $"{what}: {caller.Name} is not on any ladder{(membership.Problem is { } problem ? $" ({problem})" : "")}",
            cancellation
        );
        return (
            null,
            ProblemResults.Of(
                403,
                "not-a-responder",
                "You may look, but not act",
                "Only people on an escalation ladder of the policy may do this. Ask for a place in policies/ladder.yaml."
            )
        );
    }

    private async Task<Caller?> CallerAsync(HttpRequest request, string what, CancellationToken cancellation)
    {
        var header = request.Headers.Authorization.ToString();
        if (!signIn.Enabled || header.Length == 0)
            return Caller.Of(request, appServiceAuthenticates);
        var (caller, why) = await signIn.ReadAsync(header, cancellation);
        if (caller is null)
            await refusals.RecordAsync($"{what}: {why}", null, cancellation);
        return caller;
    }

    public Task RefusedAsync(string by, string text, CancellationToken cancellation) =>
        audit.AppendAsync(RecordChains.Pipeline, [Fact(AuditKinds.Refused, text, by)], cancellation);

    public Task RecordAsync(string chain, string kind, string text, string by, CancellationToken cancellation, string? data = null) =>
        audit.AppendAsync(chain, [Fact(kind, text, by) with { Data = data }], cancellation);

    /// <summary>Reads a small JSON body; null with a problem where it is none.</summary>
    public static async Task<(T? Body, IActionResult? Problem)> ReadAsync<T>(
        HttpRequest request,
        string example,
        CancellationToken cancellation
    )
        where T : class
    {
        var (bytes, problem) = await ReadBytesAsync(request, MaxBody, cancellation);
        if (bytes is null)
            return (null, problem);
        try
        {
            var body = JsonSerializer.Deserialize<T>(bytes, JsonSerializerOptions.Web);
            return body is null ? (null, Bad("the body is empty")) : (body, null);
        }
        catch (JsonException e)
        {
            return (null, Bad($"{e.Path}: {e.Message}"));
        }

        IActionResult Bad(string why) =>
            ProblemResults.Of(400, "body", "The body is not what was expected", $"{why}. Send JSON like {example}");
    }

    /// <summary>The reason that whoever changes something has to give, where the body says nothing else; null with a problem.</summary>
    public static async Task<(string? Reason, IActionResult? Problem)> ReadReasonAsync(HttpRequest request, CancellationToken cancellation)
    {
        var (body, problem) = await ReadAsync<ReasonBody>(request, """{"reason":"..."}""", cancellation);
        if (body is null)
            return (null, problem);
        return ProblemResults.LacksReason(body.Reason, out var silent) ? (null, silent) : (Objection.Words(body.Reason), null);
    }

    /// <summary>The whole body; null with a problem where it is larger than <paramref name="most"/> bytes.</summary>
    public static async Task<(byte[]? Bytes, IActionResult? Problem)> ReadBytesAsync(
        HttpRequest request,
        int most,
        CancellationToken cancellation
    )
    {
        if (request.ContentLength > most)
            return (null, TooLarge());
        using var buffer = new MemoryStream();
        var chunk = new byte[4096];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellation)) > 0)
        {
            if (buffer.Length + read > most)
                return (null, TooLarge());
            buffer.Write(chunk, 0, read);
        }
        return (buffer.ToArray(), null);

        IActionResult TooLarge() => ProblemResults.Of(413, "too-large", "The body is too large", $"At most {most} bytes.");
    }

    /// <summary>Requests are not replayed, so their facts need no derived id.</summary>
    private static AuditFact Fact(string kind, string text, string by) => new($"request-{Guid.CreateVersion7():N}", kind, text, by);
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Connections;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.People;
using IRFunctions.Policies;
using IRFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Approvals;

/// <summary>
/// `POST /api/slack`, where Slack delivers clicks and forms. Each is signed (v0: HMAC-SHA256 over time and body, five minutes); the person
/// is whom the policy binds to the Slack user, never who an e-mail says; the judge is the same as everywhere
/// (<see cref="AnswerRules"/>).
/// </summary>
public sealed class SlackEndpoint(
    SlackSettings settings,
    SlackClient slack,
    ApprovalAnswers answers,
    ApprovalRegister register,
    PolicyStore policies,
    RefusalLog refusals,
    RequestGuard guard,
    TimeProvider time
)
{
    private const int MaxBody = 256 * 1024;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    [Accepts(null, "application/x-www-form-urlencoded")]
    [EndpointSummary("Clicks and forms from Slack, signed by it")]
    [ProducesResponseType(200, Description = "Taken; for a form with the answer that Slack shows.")]
    [Function("PostSlack")]
    public async Task<IActionResult> PostAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/slack")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var (bytes, problem) = await RequestGuard.ReadBytesAsync(request, MaxBody, cancellation);
        if (bytes is null)
            return problem!;
        if (Objection(request, bytes) is { } why)
            return await RefuseAsync(401, why, cancellation);
        if (PayloadOf(bytes) is not { } payload)
            return await RefuseAsync(400, "it has no payload", cancellation);
        if ((string?)payload["team"]?["id"] != settings.Team)
            return await RefuseAsync(403, "it comes from another workspace", cancellation);
        return (string?)payload["type"] switch
        {
            "block_actions" => await OpenFormAsync(payload, cancellation),
            "view_submission" => await AnswerAsync(payload, client, cancellation),
            _ => new OkResult(),
        };
    }

    /// <summary>Why the request is not believed; null where it is. Compared in constant time.</summary>
    private string? Objection(HttpRequest request, byte[] body)
    {
        if (!settings.Enabled)
            return "Slack is not configured";
        var stamp = request.Headers["X-Slack-Request-Timestamp"].ToString();
        if (!long.TryParse(stamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > 253_402_300_799)
            return "it says no time";
        if ((time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > Window)
            return "it is older than five minutes, or from the future";
        var wanted = Encoding.ASCII.GetBytes($"v0={SignatureOf(settings.SigningSecret, stamp, body)}");
        var given = Encoding.UTF8.GetBytes(request.Headers["X-Slack-Signature"].ToString());
        return CryptographicOperations.FixedTimeEquals(wanted, given) ? null : "its signature is not Slack's";
    }

    /// <summary>HMAC-SHA256 over "v0:STAMP:BODY", lower-case hex.</summary>
    internal static string SignatureOf(byte[] secret, string stamp, byte[] body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(secret, (byte[])[.. Encoding.ASCII.GetBytes($"v0:{stamp}:"), .. body]));

    private static JsonObject? PayloadOf(byte[] body)
    {
        try
        {
            var form = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body));
            return form.TryGetValue("payload", out var text) ? JsonNode.Parse(text.ToString()) as JsonObject : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A click decides nothing: it asks why.</summary>
    private async Task<IActionResult> OpenFormAsync(JsonObject payload, CancellationToken cancellation)
    {
        var click = (payload["actions"] as JsonArray)?.FirstOrDefault() as JsonObject;
        var decision = (string?)click?["action_id"];
        if (decision is not (SlackMessages.Approve or SlackMessages.Deny) || Wish.Of((string?)click?["value"]) is not { } wish)
            return new OkResult();
        var view = await register.ViewAsync(wish.Request, cancellation);
        if (view is null || (string?)payload["trigger_id"] is not { } trigger)
            return new OkResult();
        if (PersonOf(payload) is { } person && view.State == ApprovalState.Pending)
            await register.LookedAsync(wish.Request, person, cancellation);
        var what = $"{view.Request.Decision.Action} on {ApprovalText.On(view.Request.Decision.Target)}: {AnswerRules.Word(view.State)}";
        try
        {
            await slack.CallAsync("views.open", SlackMessages.Form(trigger, decision, wish.Request, wish.Hash, what), cancellation);
        }
        catch (Exception e) when (e is PermanentFaultException or TransientFaultException)
        {
            // Slack shows that nothing happened; the person clicks again, or answers elsewhere.
        }
        return new OkResult();
    }

    private async Task<IActionResult> AnswerAsync(JsonObject payload, DurableTaskClient client, CancellationToken cancellation)
    {
        var form = payload["view"] as JsonObject;
        var decision = (string?)form?["callback_id"];
        if (decision is not (SlackMessages.Approve or SlackMessages.Deny) || Wish.Of((string?)form?["private_metadata"]) is not { } wish)
            return await RefuseAsync(400, "its form is none of ours", cancellation);
        if (PersonOf(payload) is not { } person)
        {
            await refusals.RecordAsync("answering in Slack: the policy binds nobody to that Slack user", null, cancellation);
            return Json(
                SlackMessages.Wrong(
                    "The policy does not know your Slack account. Answer in the console, or ask for `slack` in ladder.yaml."
                )
            );
        }
        var reason = (string?)form?["state"]?["values"]?[SlackMessages.ReasonBlock]?[SlackMessages.ReasonInput]?["value"] ?? "";
        if (await ViewAsync(wish.Request, cancellation) is not { } view)
            return Json(SlackMessages.Wrong("There is no such request."));
        var objection =
            wish.Hash != view.Request.ActionHash
                ? new People.Objection(409, "other-action", "What you saw is not what is being asked; look again.")
                : (
                    await answers.AnswerAsync(
                        client,
                        wish.Request,
                        view,
                        new ApprovalAnswer(person, decision == SlackMessages.Approve, reason, time.GetUtcNow(), "slack"),
                        cancellation
                    )
                ).Objection;
        if (objection is null)
            return Json(SlackMessages.Taken($"Your answer was taken ({decision})."));
        await guard.RefusedAsync(person, $"answering {wish.Request} in Slack: {objection.Rule}: {objection.Text}", cancellation);
        return Json(SlackMessages.Wrong(objection.Text));
    }

    private async Task<ApprovalView?> ViewAsync(string request, CancellationToken cancellation)
    {
        try
        {
            return await register.ViewAsync(request, cancellation);
        }
        catch (UnreadableRowException)
        {
            return null;
        }
    }

    private string? PersonOf(JsonObject payload) =>
        (string?)payload["user"]?["id"] is { } user ? SlackSettings.PersonOf(policies.Current, user) : null;

    private async Task<IActionResult> RefuseAsync(int status, string why, CancellationToken cancellation)
    {
        await refusals.RecordAsync($"a request in Slack's name was refused: {why}", new { Door = "slack", Status = status }, cancellation);
        return ProblemResults.Of(status, "slack", "This is not from Slack", "The sender could not be proven; it is on the record.");
    }

    private static ContentResult Json(JsonObject answer) => new() { ContentType = "application/json", Content = answer.ToJsonString() };

    /// <summary>What a button or a form carries: which request, and what was shown.</summary>
    private sealed record Wish(string Request, string Hash)
    {
        public static Wish? Of(string? text)
        {
            try
            {
                var json = text is null ? null : JsonNode.Parse(text);
                return (string?)json?["request"] is { Length: > 0 and <= 200 } request && (string?)json["hash"] is { } hash
                    ? new Wish(request, hash)
                    : null;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return null;
            }
        }
    }
}

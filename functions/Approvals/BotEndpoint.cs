using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Http;
using IRFunctions.Http.OpenApi;
using IRFunctions.People;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace IRFunctions.Approvals;

/// <summary>Invoke response of the Bot Framework.</summary>
/// <param name="StatusCode">What became of it.</param>
/// <param name="Type">Of the value.</param>
/// <param name="Value">A card, a message or an error.</param>
public sealed record InvokeReply(int StatusCode, string Type, JsonElement Value);

/// <summary>
/// `POST /api/messages`, where Teams delivers everything. Refusals before the sender is proven are HTTP 401, 403, 400 or 413, on the
/// record; after it every invoke is answered with HTTP 200 and an invoke response, at once.
/// </summary>
public sealed class BotEndpoint(BotGate gate, BotClicks clicks, ConversationTable conversations, RefusalLog refusals)
{
    private const string CardAction = "adaptiveCard/action";

    [Accepts(null, "application/json")]
    [EndpointSummary("Clicks and messages from Teams, vouched for by the Bot Framework")]
    [ProducesResponseType<InvokeReply>(200, Description = "An invoke response; without a body for what is no invoke.")]
    [Function("PostMessages")]
    public async Task<IActionResult> PostAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/messages")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation
    )
    {
        var admission = await gate.AdmitAsync(request, cancellation);
        if (admission.Activity is not { } activity || admission.Token is not { } token)
        {
            await refusals.RecordAsync(
                $"a message to the bot was refused: {admission.Rule}: {admission.Detail}",
                new
                {
                    admission.Rule,
                    admission.Status,
                    Door = "teams",
                },
                cancellation
            );
            return ProblemResults.Of(
                admission.Status,
                "teams",
                "This is not from Teams",
                "The sender could not be proven; it is on the record."
            );
        }
        switch (activity.Type)
        {
            case "invoke" when activity.Name == CardAction:
                return Json(await clicks.AnswerAsync(activity, token, client, cancellation));
            case "invoke":
                return Json(InvokeAnswer.Error(501, "not-implemented", "This bot only knows the buttons of its cards."));
            case "installationUpdate" or "conversationUpdate" or "message":
                await RememberAsync(activity, cancellation);
                return new OkResult();
            default:
                return new OkResult(); // Typing, reactions: nothing to do.
        }
    }

    /// <summary>Where people and channels can be reached from now on.</summary>
    private async Task RememberAsync(BotActivity activity, CancellationToken cancellation)
    {
        var reference = new ConversationReference(activity.ServiceUrl, CardTable.Plain(activity.Conversation), activity.FromId);
        if (reference.Conversation.Length == 0)
            return;
        if (activity.ConversationType is "channel" or "groupChat")
        {
            await conversations.RememberChannelAsync(reference with { UserId = "" }, cancellation);
        }
        else if (activity.FromObjectId.Length > 0)
        {
            if (activity is { Type: "installationUpdate", Action: "remove" or "remove-upgrade" })
                await conversations.ForgetPersonAsync(activity.FromObjectId, cancellation);
            else
                await conversations.RememberPersonAsync(activity.FromObjectId, reference, cancellation);
        }
    }

    private static ContentResult Json(InvokeAnswer answer) =>
        new()
        {
            StatusCode = StatusCodes.Status200OK,
            ContentType = "application/json",
            Content = new JsonObject
            {
                ["statusCode"] = answer.StatusCode,
                ["type"] = answer.Type,
                ["value"] = answer.Value.DeepClone(),
            }.ToJsonString(),
        };
}

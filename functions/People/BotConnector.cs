using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Core;
using IRFunctions.Connections;

namespace IRFunctions.People;

/// <summary>
/// Speaks to Teams through the Bot Connector v3. Our token goes to allowed hosts only, whatever an activity claims its service address to
/// be.
/// </summary>
public sealed class BotConnector(HttpClient http, TokenCredential credential, TeamsSettings settings)
{
    private const string CardType = "application/vnd.microsoft.card.adaptive";
    private const int MaxAnswer = 64 * 1024;

    /// <summary>Posts a card and returns its activity id.</summary>
    /// <exception cref="PermanentFaultException">The app is not installed there, or the address is not allowed.</exception>
    /// <exception cref="TransientFaultException">Teams is away or throttles; the orchestration tries again.</exception>
    public async Task<string> SendAsync(ConversationReference to, JsonObject card, string summary, CancellationToken cancellation)
    {
        var answer = await CallAsync(
            HttpMethod.Post,
            to.ServiceUrl,
            $"v3/conversations/{Uri.EscapeDataString(to.Conversation)}/activities",
            Activity(card, summary),
            cancellation
        );
        return Text(answer, "id") ?? throw new PermanentFaultException("sending a card: Teams named no activity id");
    }

    /// <summary>Replaces a card that was sent.</summary>
    public Task UpdateAsync(SentCard sent, JsonObject card, string summary, CancellationToken cancellation)
    {
        var body = Activity(card, summary);
        body["id"] = sent.Activity;
        return CallAsync(
            HttpMethod.Put,
            sent.ServiceUrl,
            $"v3/conversations/{Uri.EscapeDataString(sent.Conversation)}/activities/{Uri.EscapeDataString(sent.Activity)}",
            body,
            cancellation
        );
    }

    /// <summary>Opens a chat with someone who has the app but has not talked to it.</summary>
    public async Task<ConversationReference> OpenAsync(string serviceUrl, string member, CancellationToken cancellation)
    {
        var body = new JsonObject
        {
            ["isGroup"] = false,
            ["bot"] = new JsonObject { ["id"] = $"28:{settings.AppId}" },
            ["members"] = new JsonArray(new JsonObject { ["id"] = member }),
            ["tenantId"] = settings.TenantId,
            ["channelData"] = new JsonObject { ["tenant"] = new JsonObject { ["id"] = settings.TenantId } },
        };
        var answer = await CallAsync(HttpMethod.Post, serviceUrl, "v3/conversations", body, cancellation);
        var conversation = Text(answer, "id") ?? throw new PermanentFaultException("opening a chat: Teams named no conversation");
        return new ConversationReference(
            Text(answer, "serviceUrl") is { } moved && settings.Allows(moved) ? moved : serviceUrl,
            conversation,
            member
        );
    }

    private static JsonObject Activity(JsonObject card, string summary) =>
        new()
        {
            ["type"] = "message",
            ["summary"] = summary,
            ["attachments"] = new JsonArray(new JsonObject { ["contentType"] = CardType, ["content"] = card.DeepClone() }),
        };

    private async Task<JsonElement> CallAsync(
        HttpMethod method,
        string serviceUrl,
        string path,
        JsonObject body,
        CancellationToken cancellation
    )
    {
        // Before the token is even asked for.
        if (!settings.Allows(serviceUrl))
            throw new PermanentFaultException("sending to Teams: the service address is not on the list Teams__ServiceHosts");
        var token = await TokenAsync(cancellation);
        using var request = new HttpRequestMessage(method, new Uri(new Uri(serviceUrl.TrimEnd('/') + "/"), path))
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await Faults.SendAsync(
            http,
            "sending to Teams",
            "the app to be installed for this person",
            request,
            cancellation
        );
        if (!response.IsSuccessStatusCode)
            throw new PermanentFaultException("sending to Teams: the conversation does not exist; the app may have been removed");
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (bytes.Length is 0 or > MaxAnswer)
            return default;
        try
        {
            using var json = JsonDocument.Parse(bytes);
            return json.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private async Task<string> TokenAsync(CancellationToken cancellation)
    {
        try
        {
            return
                (await credential.GetTokenAsync(new TokenRequestContext([settings.TokenScope]), cancellation)).Token
                    is { Length: > 0 } token
                ? token
                : throw new InvalidOperationException("The token endpoint answered without a token.");
        }
        catch (Exception e)
            when (e
                    is Azure.Identity.AuthenticationFailedException
                        or Azure.RequestFailedException
                        or HttpRequestException
                        or InvalidOperationException
            )
        {
            throw new TransientFaultException("sending to Teams: the bot got no token; check its identity and Teams__TokenScope", e);
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

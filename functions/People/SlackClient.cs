using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using IRFunctions.Connections;

namespace IRFunctions.People;

/// <summary>Speaks to Slack's Web API.</summary>
public sealed class SlackClient(HttpClient http, SlackSettings settings)
{
    /// <summary>Name of its HTTP client.</summary>
    public const string Http = "slack";

    /// <exception cref="PermanentFaultException">Slack refuses; the message has its word.</exception>
    /// <exception cref="TransientFaultException">Slack is away or throttles.</exception>
    public async Task CallAsync(string method, JsonObject body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(settings.Endpoint, method))
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", settings.BotToken);
        using var response = await Faults.SendAsync(http, "Slack", "a valid bot token", request, cancellation);
        // Slack answers 200 and says in the body whether it did anything.
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation));
        if ((bool?)answer?["ok"] != true)
            throw new PermanentFaultException($"Slack: {method} was refused ({(string?)answer?["error"] ?? "no reason"})");
    }
}

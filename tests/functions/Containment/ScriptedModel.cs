using System.Net;
using System.Text;
using System.Text.Json;
using IRFunctions.Assessment;
using OpenAI.Chat;

namespace IRFunctions.Tests.Containment;

/// <summary>A model that always recommends the same action on the alert's first entity.</summary>
internal sealed class ScriptedModel(string action) : HttpMessageHandler
{
    public static ChatClient Recommending(string action, TimeProvider time) =>
        ModelConnection.Create(
            new ClassificationOptions { Endpoint = new Uri("http://127.0.0.1:9/openai/v1/"), Deployment = "scripted" },
            handler: new ScriptedModel(action),
            time: time
        );

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = JsonSerializer.Serialize(
            new
            {
                verdict = "true_positive",
                confidence = 95,
                reasoning = "It looks like an attack.",
                evidence = new[] { "e1" },
                recommendations = new[]
                {
                    new
                    {
                        action,
                        entity_id = "e1",
                        confidence = 95,
                        reason = "To stop it.",
                    },
                },
            }
        );
        var body = JsonSerializer.Serialize(
            new
            {
                id = "chatcmpl-1",
                @object = "chat.completion",
                created = 1,
                model = "scripted",
                choices = new[]
                {
                    new
                    {
                        index = 0,
                        message = new { role = "assistant", content = answer },
                        finish_reason = "stop",
                    },
                },
                usage = new
                {
                    prompt_tokens = 1,
                    completion_tokens = 1,
                    total_tokens = 2,
                },
            }
        );
        return Task.FromResult(
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") }
        );
    }
}

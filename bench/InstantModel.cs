using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Assessment;
using OpenAI.Chat;

namespace IRFunctions.Bench;

/// <summary>
/// A model that has always answered already: the official OpenAI client sends its request and reads the answer, only the waiting is
/// missing.
/// </summary>
internal static class InstantModel
{
    /// <param name="action">What it recommends, on every alert.</param>
    /// <param name="entity">On which entity.</param>
    public static ChatClient Recommending(string action, string entity) =>
        ModelConnection.Create(
            new ClassificationOptions { Endpoint = new Uri("http://127.0.0.1/openai/v1/"), Deployment = "instant" },
            handler: new Answering(Completion(action, entity))
        );

    private static byte[] Completion(string action, string entity)
    {
        var answer = new JsonObject
        {
            ["verdict"] = "true_positive",
            ["confidence"] = 95,
            ["reasoning"] = "The evidence matches the known pattern, and nothing in the alert speaks against it.",
            ["evidence"] = new JsonArray(entity),
            ["recommendations"] = new JsonArray(
                new JsonObject
                {
                    ["action"] = action,
                    ["entity_id"] = entity,
                    ["confidence"] = 95,
                    ["reason"] = "It limits the damage and can be undone.",
                }
            ),
        };
        return JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["id"] = "chatcmpl-instant",
                ["object"] = "chat.completion",
                ["created"] = 1_790_000_000,
                ["model"] = "instant",
                ["choices"] = new JsonArray(
                    new JsonObject
                    {
                        ["index"] = 0,
                        ["message"] = new JsonObject
                        {
                            ["role"] = "assistant",
                            ["content"] = answer.ToJsonString(),
                            ["refusal"] = null,
                        },
                        ["finish_reason"] = "stop",
                    }
                ),
                ["usage"] = new JsonObject
                {
                    ["prompt_tokens"] = 1000,
                    ["completion_tokens"] = 100,
                    ["total_tokens"] = 1100,
                },
            }
        );
    }

    private sealed class Answering(byte[] answer) : HttpMessageHandler
    {
        private static readonly MediaTypeHeaderValue Json = new("application/json");

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(answer), RequestMessage = request };
            response.Content.Headers.ContentType = Json;
            return Task.FromResult(response);
        }
    }
}

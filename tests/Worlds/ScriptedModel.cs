using System.Net;
using System.Text.Json;
using IRFunctions.Assessment;
using OpenAI.Chat;

namespace IRFunctions.Tests.Incidents;

/// <summary>A model that says exactly what a test wants, through the real client.</summary>
internal sealed class ScriptedModel(Func<HttpResponseMessage> answer) : HttpMessageHandler
{
    private static readonly ClassificationOptions Options = new()
    {
        Endpoint = new Uri("http://127.0.0.1/openai/v1/"),
        Deployment = "scripted",
        ApiKey = "none",
        Retries = 0,
    };

    public static ChatClient Throwing(Exception e) => ModelConnection.Create(Options, handler: new ScriptedModel(() => throw e));

    /// <param name="content">The message's content.</param>
    public static ChatClient Saying(string content)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
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
                        message = new
                        {
                            role = "assistant",
                            content,
                            refusal = (string?)null,
                        },
                        logprobs = (object?)null,
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
        return ModelConnection.Create(
            Options,
            handler: new ScriptedModel(() =>
                new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } },
                }
            )
        );
    }

    /// <summary>An answer that keeps to the schema and is sure of everything.</summary>
    public static string Answer(params (string Action, string EntityId)[] recommendations) =>
        JsonSerializer.Serialize(
            new
            {
                verdict = "true_positive",
                confidence = 100,
                reasoning = "Sure.",
                evidence = Array.Empty<string>(),
                recommendations = recommendations.Select(r => new
                {
                    action = r.Action,
                    entity_id = r.EntityId,
                    confidence = 100,
                    reason = "Now.",
                }),
            }
        );

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(answer());
}

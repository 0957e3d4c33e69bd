using System.Net;
using System.Text;
using System.Text.Json;
using IRFunctions.Assessment;
using OpenAI.Chat;

namespace IRFunctions.Tests.Worlds;

/// <summary>A model that says exactly what a test wants, through the real client, and remembers what it was asked.</summary>
internal sealed class ScriptedModel(Func<HttpResponseMessage> answer) : HttpMessageHandler
{
    private static readonly ClassificationOptions Options = new()
    {
        Endpoint = new Uri("http://127.0.0.1:9/openai/v1/"),
        Deployment = "scripted",
        ApiKey = "none",
        Retries = 0,
    };

    /// <summary>Bodies of the requests, oldest first.</summary>
    public List<string> Requests { get; } = [];

    public List<HttpRequestMessage> Messages { get; } = [];

    public static ScriptedModel Json(string body, HttpStatusCode status = HttpStatusCode.OK) =>
        new(() => new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    public static ChatClient Throwing(Exception e) => ModelConnection.Create(Options, handler: new ScriptedModel(() => throw e));

    /// <param name="content">The message's content.</param>
    public static ChatClient Saying(string content, TimeProvider? time = null) =>
        ModelConnection.Create(Options, handler: Json(Completion(content)), time: time);

    /// <summary>Always recommends the same action on the alert's first entity.</summary>
    public static ChatClient Recommending(string action, TimeProvider time) =>
        Saying(
            Answer(
                recommendations: JsonSerializer.Serialize(
                    new[]
                    {
                        new
                        {
                            action,
                            entity_id = "e1",
                            confidence = 95,
                            reason = "To stop it.",
                        },
                    }
                ),
                confidence: "95",
                evidence: """["e1"]""",
                reasoning: "It looks like an attack."
            ),
            time
        );

    /// <summary>An answer that keeps to the schema and is sure of everything.</summary>
    public static string SureAnswer(params (string Action, string EntityId)[] recommendations) =>
        Answer(
            recommendations: JsonSerializer.Serialize(
                recommendations.Select(r => new
                {
                    action = r.Action,
                    entity_id = r.EntityId,
                    confidence = 100,
                    reason = "Now.",
                })
            ),
            confidence: "100"
        );

    /// <summary>An answer of parts that need not be valid: each is JSON as it stands, but for verdict and reasoning.</summary>
    /// <param name="more">What follows the recommendations.</param>
    public static string Answer(
        string recommendations = "[]",
        string confidence = "90",
        string verdict = "true_positive",
        string evidence = "[]",
        string more = "",
        string reasoning = "r"
    ) =>
        $$"""{"verdict":"{{verdict}}","confidence":{{confidence}},"reasoning":"{{reasoning}}","evidence":{{evidence}},"""
        + $$""" "recommendations":{{recommendations}}{{more}}}""";

    /// <summary>A chat completion with this content, as OpenAI writes it.</summary>
    public static string Completion(string? content, string finish = "stop", string? refusal = null) =>
        JsonSerializer.Serialize(
            new
            {
                id = "chatcmpl-1",
                @object = "chat.completion",
                created = 1_770_950_834,
                model = "gpt-test",
                choices = new[]
                {
                    new
                    {
                        index = 0,
                        message = new
                        {
                            role = "assistant",
                            content,
                            refusal,
                        },
                        logprobs = (object?)null,
                        finish_reason = finish,
                    },
                },
                usage = new
                {
                    prompt_tokens = 900,
                    completion_tokens = 80,
                    total_tokens = 980,
                },
            }
        );

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken));
        Messages.Add(request);
        return answer();
    }
}

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IRFunctions.Assessment;
using IRFunctions.Decisions;

namespace IRFunctions.Local.Model;

/// <summary>
/// An OpenAI-compatible model without a model: it reads the alert back out of the request and answers by the plain rules of
/// <see cref="RuleBasedAnswer"/>, or makes whatever trouble it is told to. Answers travel over HTTP (<see cref="ModelEndpoint"/>) or in
/// process (<see cref="ModelHttpHandler"/>).
/// </summary>
public sealed class LocalModel(TimeProvider? time = null)
{
    public const string Name = "irfunctions-rules";
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly Lock gate = new();
    private ModelOrder order = new(ModelBehaviour.Rules);
    private int? left;
    private long answered;

    /// <summary>Requests answered so far, whatever the answer.</summary>
    public long Answered => Interlocked.Read(ref answered);

    /// <summary>What it does now.</summary>
    public ModelOrder Order
    {
        get
        {
            lock (gate)
                return order;
        }
    }

    /// <summary>Tells it how to answer from now on.</summary>
    public void Behave(ModelOrder next)
    {
        lock (gate)
            (order, left) = (next, next.Times);
    }

    /// <inheritdoc cref="Behave(ModelOrder)"/>
    public void Behave(ModelBehaviour behaviour, int? times = null) => Behave(new ModelOrder(behaviour, times));

    /// <summary>Answers one POST of a chat-completions request.</summary>
    public async Task<ModelReply> AnswerAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        var now = TakeOrder();
        var number = Interlocked.Increment(ref answered);
        if (now.DelaySeconds > 0)
            await Task.Delay(TimeSpan.FromSeconds(now.DelaySeconds), time, cancellationToken);
        if (now.Behaviour == ModelBehaviour.Silent)
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        RequestedAlert requested;
        try
        {
            requested = RequestedAlert.Parse(request);
        }
        catch (FormatException e)
        {
            return Error(400, e.Message, "invalid_request_error");
        }
        var reply = Reply(now.Behaviour, requested, number);
        return now.Behaviour == ModelBehaviour.Drip ? reply with { Slowly = new DrippingStream(reply.Body, time) } : reply;
    }

    private ModelOrder TakeOrder()
    {
        lock (gate)
        {
            if (left is not { } times)
                return order;
            if (times <= 0)
            {
                (order, left) = (new ModelOrder(ModelBehaviour.Rules), null);
                return order;
            }
            left = times - 1;
            return order;
        }
    }

    private ModelReply Reply(ModelBehaviour behaviour, RequestedAlert requested, long number) =>
        behaviour switch
        {
            ModelBehaviour.RateLimited => Error(429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded", 1),
            ModelBehaviour.Fail => Error(500, "The server had an error while processing your request.", "server_error"),
            ModelBehaviour.NotJson => new ModelReply(200, "<html><body>Bad gateway</body></html>"u8.ToArray(), "text/html"),
            ModelBehaviour.Refuse => Completion(requested, number, null, refusal: "I'm sorry, I can't help with that."),
            ModelBehaviour.Garbage => Completion(requested, number, "Sure! I looked at the alert and would isolate every host."),
            ModelBehaviour.Truncated => Completion(requested, number, Half(AnswerOf(requested)), "length"),
            ModelBehaviour.ContentFilter => Completion(requested, number, Half(AnswerOf(requested)), "content_filter"),
            ModelBehaviour.Hostile => Completion(requested, number, HostileAnswer.For(requested)),
            ModelBehaviour.Leak => Completion(requested, number, Write(Judge(requested) with { Reasoning = requested.Secret })),
            ModelBehaviour.Huge => Completion(requested, number, Write(Judge(requested) with { Reasoning = new string('A', 2_000_000) })),
            _ => Completion(requested, number, AnswerOf(requested)),
        };

    private static string AnswerOf(RequestedAlert requested) => Write(Judge(requested));

    private static AlertAssessment Judge(RequestedAlert requested) => RuleBasedAnswer.For(requested.Alert, requested.Actions, cap: 100);

    private static string Half(string answer) => answer[..(answer.Length / 2)];

    private static string Write(AlertAssessment assessment)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("verdict", JsonNamingPolicy.SnakeCaseLower.ConvertName(assessment.Verdict.ToString()));
        json.WriteNumber("confidence", assessment.Confidence);
        json.WriteString("reasoning", assessment.Reasoning);
        json.WriteStartArray("evidence");
        foreach (var id in assessment.Evidence)
            json.WriteStringValue(id);
        json.WriteEndArray();
        json.WriteStartArray("recommendations");
        foreach (var r in assessment.Recommendations)
            WriteRecommendation(json, r);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    internal static void WriteRecommendation(Utf8JsonWriter json, Recommendation recommendation)
    {
        json.WriteStartObject();
        json.WriteString("action", recommendation.Action);
        json.WriteString("entity_id", recommendation.EntityId);
        json.WriteNumber("confidence", recommendation.Confidence);
        json.WriteString("reason", recommendation.Reason);
        json.WriteEndObject();
    }

    private ModelReply Completion(RequestedAlert requested, long number, string? content, string finish = "stop", string? refusal = null)
    {
        var buffer = new ArrayBufferWriter<byte>(2_048);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"chatcmpl-local{number:D8}"));
        json.WriteString("object", "chat.completion");
        json.WriteNumber("created", time.GetUtcNow().ToUnixTimeSeconds());
        json.WriteString("model", Name);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        json.WriteString("content", content);
        json.WriteString("refusal", refusal);
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", finish);
        json.WriteEndObject();
        json.WriteEndArray();
        var (input, output) = (Tokens(requested.PromptLength), Tokens((content ?? refusal ?? "").Length));
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", input);
        json.WriteNumber("completion_tokens", output);
        json.WriteNumber("total_tokens", input + output);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return new ModelReply(200, buffer.WrittenSpan.ToArray());
    }

    internal static int Tokens(int characters) => TokenEstimate.Of(characters);

    private static ModelReply Error(int status, string message, string type, string? code = null, int? retryAfter = null) =>
        new(
            status,
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    error = new
                    {
                        message,
                        type,
                        param = (string?)null,
                        code,
                    },
                }
            ),
            RetryAfterSeconds: retryAfter
        );
}

using System.ClientModel;
using System.Text.Json;
using IRFunctions.Alerts;
using OpenAI.Chat;

namespace IRFunctions.Classification;

/// <summary>
/// Asks the model what an alert is and what it would do. There is always an assessment: where the model is down, slow, refuses or answers anything
/// but what was asked for, the rules answer with capped confidence and <see cref="Assessment.Problem"/> says why (S12).
/// </summary>
/// <param name="client">The model; see <see cref="ModelConnection"/>.</param>
/// <param name="options">Time-out and bounds.</param>
/// <param name="time">Clock of the time-out.</param>
public sealed class Classifier(ChatClient client, ClassificationOptions options, TimeProvider? time = null)
{
    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly ModelBreaker breaker = new(options.PauseAfter, options.Pause, time ?? TimeProvider.System);
    private SystemMessageFor? lastSystem;

    /// <param name="alert">Alert to judge.</param>
    /// <param name="actions">Actions the model may name. The same list again costs nothing.</param>
    /// <param name="cancellationToken">The caller's own; the only reason for an exception.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<Assessment> AssessAsync(Alert alert, IReadOnlyList<AllowedAction> actions, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (breaker.Objection() is { } objection) return Fallback(alert, actions, objection, null);
        ChatMessage[] messages = [SystemMessage(actions), new UserChatMessage(AlertMessage.Write(alert))];
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        ChatCompletion? completion = null;
        string? problem;
        try
        {
            // WaitAsync, because a server that sends its answer byte by byte can keep a read alive past any cancellation the client checks for.
            completion = (await client.CompleteChatAsync(messages, RequestOptions(), both.Token).WaitAsync(both.Token)).Value;
            breaker.Answered();
            var (assessment, trouble) = ReadCompletion(completion, alert);
            if (assessment is not null) return assessment;
            problem = trouble;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        // Whatever the client throws (its own types, JSON, IO, aggregates of them) means one thing here: no answer from the model.
        catch (Exception e)
        {
            problem = limit.IsCancellationRequested ? SlowModel() : Explain(e);
            if (IsAboutThisRequest(e)) breaker.Answered();
            else breaker.Failed();
        }
        return Fallback(alert, actions, problem ?? "The model gave no answer.", completion);
    }

    private static (Assessment?, string?) ReadCompletion(ChatCompletion completion, Alert alert)
    {
        if (completion.Refusal is { Length: > 0 }) return (null, "The model refused to answer.");
        if (completion.FinishReason == ChatFinishReason.Length) return (null, "The model's answer was cut off at its length limit.");
        if (completion.FinishReason == ChatFinishReason.ContentFilter) return (null, "A content filter stopped the model's answer.");
        if (completion.FinishReason != ChatFinishReason.Stop) return (null, "The model did something else than answer.");
        if (completion.Content is not { Count: 1 } parts || parts[0].Text is not { Length: > 0 } text) return (null, "The model's answer was empty.");
        var (assessment, problem) = AnswerReader.Read(text, alert);
        return (assessment is null ? null : Stamp(assessment, completion), problem);
    }

    /// <summary>The rules' answer. Tokens count even where the answer was of no use: they were paid for.</summary>
    private static Assessment Fallback(Alert alert, IReadOnlyList<AllowedAction> actions, string problem, ChatCompletion? completion)
    {
        var answer = RuleBasedAnswer.For(alert, actions) with { Problem = $"{problem} The rules answered instead." };
        return completion is null ? answer : Stamp(answer, completion);
    }

    private static Assessment Stamp(Assessment assessment, ChatCompletion completion) => assessment with
    {
        Model = completion.Model is { } model ? UntrustedText.ForPeople(model, 100) : null,
        PromptHash = Prompt.Classify.Hash,
        InputTokens = completion.Usage?.InputTokenCount ?? 0,
        OutputTokens = completion.Usage?.OutputTokenCount ?? 0,
    };

    /// <summary>
    /// The endpoint is up and rejected this one request, as a content filter does, or answered nonsense to it. The next alert may fare better, and
    /// text in an alert must not be able to switch the model off for all others.
    /// </summary>
    private static bool IsAboutThisRequest(Exception e) => e is ClientResultException { Status: 400 or 413 or 422 } || IsNonsense(e);

    private static bool IsNonsense(Exception e) =>
        e is JsonException or FormatException or InvalidOperationException or ArgumentException or KeyNotFoundException;

    private string SlowModel() => $"The model did not answer within {options.Timeout.TotalSeconds:0.#} seconds.";

    /// <summary>Words for a person. Messages of exceptions may quote the answer or the request, so none of them is repeated.</summary>
    private string Explain(Exception e) => e switch
    {
        AggregateException { InnerExceptions: [.., var last] } => Explain(last),
        ClientResultException { Status: 429 } => "The model is over its rate limit (429).",
        ClientResultException { Status: 401 or 403 } c => $"The model refused our sign-in ({c.Status}).",
        ClientResultException { Status: 400 } => "The model rejected the request (400), which a content filter does too.",
        ClientResultException { Status: > 0 } c => $"The model's endpoint failed ({c.Status}).",
        OperationCanceledException => SlowModel(),
        _ when IsNonsense(e) => "The model's endpoint answered something that is no chat completion.",
        _ => "The model's endpoint could not be reached.",
    };

    private ChatCompletionOptions RequestOptions() => new()
    {
        ResponseFormat = AnswerSchema.Format,
        MaxOutputTokenCount = options.MaxOutputTokens,
    };

    private SystemChatMessage SystemMessage(IReadOnlyList<AllowedAction> actions)
    {
        // The list comes from the policy and stays the same from alert to alert; a constant start of the prompt is also what providers cache.
        if (lastSystem is { } last && ReferenceEquals(last.Actions, actions)) return last.Message;
        var message = new SystemChatMessage($"{Prompt.Classify.Text}\n{AlertMessage.WriteActions(actions)}");
        lastSystem = new SystemMessageFor(actions, message);
        return message;
    }

    // One reference, so that concurrent calls never see half of it.
    private sealed record SystemMessageFor(IReadOnlyList<AllowedAction> Actions, SystemChatMessage Message);
}

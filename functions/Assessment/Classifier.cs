using System.ClientModel;
using System.Text.Json;
using Azure.AI.OpenAI.Chat;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Connections;
using IRFunctions.Decisions;
using IRFunctions.Limits;
using OpenAI.Chat;

namespace IRFunctions.Assessment;

/// <summary>
/// Asks the model what an alert is and what it would do. There is always an assessment: where the model is down, slow, over its budget,
/// refuses or answers anything but what was asked for, the rules answer with capped confidence and <see cref="AlertAssessment.Problem"/>
/// says why (S12).
/// </summary>
/// <param name="client">The model; see <see cref="ModelConnection"/>.</param>
/// <param name="options">Time-out, bounds and budgets.</param>
/// <param name="time">Clock of the budgets and the cache.</param>
/// <param name="tables">Where all instances of the app count what they spend; without it this process counts for itself.</param>
/// <param name="io">Clock of the time-out; null for the same.</param>
public sealed class Classifier(
    ChatClient client,
    ClassificationOptions options,
    TimeProvider? time = null,
    TableServiceClient? tables = null,
    IoTime? io = null
)
{
    /// <summary>Name of the table of spending.</summary>
    public const string SpendingTable = ModelSpending.TableName;

    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly TimeProvider waiting = io?.Clock ?? time ?? TimeProvider.System;
    private readonly ModelBreaker breaker = new(options.PauseAfter, options.Pause, time ?? TimeProvider.System);
    private readonly ModelBudget budget = new(
        options,
        new ModelSpending(tables?.GetTableClient(SpendingTable)),
        time ?? TimeProvider.System,
        io
    );
    private readonly AnswerCache cache = new(options.CacheFor, time ?? TimeProvider.System);
    private SystemMessageFor? lastSystem;

    /// <summary>The planted strings; a test may know them.</summary>
    internal Canary Canary { get; init; } = new();

    /// <inheritdoc cref="AssessAsync(Alert, IReadOnlyList{AllowedAction}, AlertContext, CancellationToken)"/>
    public Task<AlertAssessment> AssessAsync(
        Alert alert,
        IReadOnlyList<AllowedAction> actions,
        CancellationToken cancellationToken = default
    ) => AssessAsync(alert, actions, AlertContext.None, cancellationToken);

    /// <param name="alert">Alert to judge.</param>
    /// <param name="actions">Actions the model may name. The same list again costs nothing.</param>
    /// <param name="context">What else is known, and what could not be learned.</param>
    /// <param name="cancellationToken">The caller's own; the only reason for an exception.</param>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async Task<AlertAssessment> AssessAsync(
        Alert alert,
        IReadOnlyList<AllowedAction> actions,
        AlertContext context,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var span = ModelTelemetry.Begin(options.Deployment);
        var began = waiting.GetTimestamp();
        var assessment = await AnswerAsync(alert, actions, context, cancellationToken);
        assessment = assessment with { PromptHash = Prompt.Classify.Hash, Missing = context.Missing };
        if (assessment.AnsweredBefore is null)
        {
            assessment = assessment with
            {
                Seconds = Math.Round(waiting.GetElapsedTime(began).TotalSeconds, 3),
                Cost = options.CostOf(assessment.InputTokens, assessment.OutputTokens),
            };
        }
        ModelTelemetry.End(span, options.Deployment, assessment);
        return assessment;
    }

    /// <summary>Gives back what this instance has taken of the budgets and not spent; for an instance that stops.</summary>
    public Task GiveBackAsync(CancellationToken cancellationToken) => budget.GiveBackAsync(cancellationToken);

    private async Task<AlertAssessment> AnswerAsync(
        Alert alert,
        IReadOnlyList<AllowedAction> actions,
        AlertContext context,
        CancellationToken cancellationToken
    )
    {
        var (system, list) = SystemMessage(actions);
        var question = AlertMessage.Write(alert, context);
        if (Canary.IsIn(question))
            return Injected(alert, actions, "The alert's text holds a string that only our prompt does", []);
        var key = AnswerCache.KeyOf(
            OwnTenant.Key,
            options.Deployment,
            Prompt.Classify.Hash,
            list,
            context.Similar.Count == 0 ? question : AlertMessage.Write(alert, context with { Similar = [] })
        ); // an alert that repeats would never be identical otherwise
        if (cache.Find(key) is { } before)
            return before;
        if (breaker.Objection() is { } down)
            return Fallback(alert, actions, down, []);
        var input = TokenEstimate.Of(system.Content[0].Text.Length + question.Length + AnswerSchema.Characters);
        var (reserved, over) = await budget.TakeAsync(
            OwnTenant.Key,
            input * options.Samples,
            options.MaxOutputTokens * options.Samples,
            cancellationToken
        );
        if (reserved is null)
            return Fallback(alert, actions, over!, []);

        Reply[] replies = [];
        try
        {
            replies = await AskAsync([system, new UserChatMessage(question)], cancellationToken);
        }
        finally
        {
            // What an endpoint does not tell counts as estimated.
            budget.Settle(reserved, replies.Sum(r => r.Billed && r.Input == 0 ? input : r.Input), replies.Sum(r => r.Output));
        }
        var assessment = Judge(alert, actions, replies);
        cache.Keep(key, assessment);
        return assessment;
    }

    private AlertAssessment Judge(Alert alert, IReadOnlyList<AllowedAction> actions, Reply[] replies)
    {
        if (replies.Any(r => Canary.IsIn(r.Written)))
            return Injected(alert, actions, "A planted string came back in the model's answer", replies);
        var answers = new List<AlertAssessment>();
        string? problem = null;
        foreach (var reply in replies)
        {
            var (answer, trouble) = reply.Answer is { } text ? AnswerReader.Read(text, alert) : (null, reply.Problem);
            if (answer is not null)
                answers.Add(answer);
            problem ??= trouble;
        }
        if (answers.Count == 0)
            return Fallback(alert, actions, problem ?? "The model gave no answer.", replies);
        return Stamp(SecondOpinion.Of(answers, replies.Length), replies);
    }

    /// <summary>All samples at the same time, within one time-out.</summary>
    private async Task<Reply[]> AskAsync(ChatMessage[] messages, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, waiting);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var replies = await Task.WhenAll(
            Enumerable.Range(0, options.Samples).Select(_ => AskOnceAsync(messages, limit, both.Token, cancellationToken))
        );
        if (replies.All(r => r.Outage))
            breaker.Failed();
        else
            breaker.Answered();
        return replies;
    }

    private async Task<Reply> AskOnceAsync(
        ChatMessage[] messages,
        CancellationTokenSource limit,
        CancellationToken either,
        CancellationToken caller
    )
    {
        try
        {
            // WaitAsync, because a server that sends its answer byte by byte can keep a read alive past any cancellation the client checks
            // for.
            return Read((await client.CompleteChatAsync(messages, RequestOptions(), either).WaitAsync(either)).Value);
        }
        catch (Exception) when (caller.IsCancellationRequested)
        {
            throw new OperationCanceledException(caller);
        }
        // Whatever the client throws (its own types, JSON, IO, aggregates of them) means one thing here: no answer from the model.
        catch (Exception e)
        {
            return new Reply
            {
                Problem = limit.IsCancellationRequested ? SlowModel() : Explain(e),
                Outage = !IsAboutThisRequest(e),
                Billed = e is not ClientResultException,
            };
        }
    }

    /// <summary>All of a completion at once: the client reads it as it is looked at, and throws then.</summary>
    private static Reply Read(ChatCompletion completion)
    {
        var parts = completion.Content.Select(p => p.Text ?? p.Refusal ?? "").ToArray();
        var problem = completion switch
        {
            { Refusal.Length: > 0 } => "The model refused to answer.",
            { FinishReason: ChatFinishReason.Length } => "The model's answer was cut off at its length limit.",
            { FinishReason: ChatFinishReason.ContentFilter } => "A content filter stopped the model's answer.",
            { FinishReason: not ChatFinishReason.Stop } => "The model did something else than answer.",
            _ when parts is not [{ Length: > 0 }] => "The model's answer was empty.",
            _ => null,
        };
        return new Reply
        {
            Answer = problem is null ? parts[0] : null,
            Problem = problem,
            Written = string.Join('\n', [.. parts, completion.Refusal ?? ""]),
            Billed = true,
            Model = completion.Model is { } model ? UntrustedText.ForPeople(model, 100) : null,
            Input = completion.Usage?.InputTokenCount ?? 0,
            Output = completion.Usage?.OutputTokenCount ?? 0,
        };
    }

    /// <summary>The rules' answer. Tokens count even where the answer was of no use: they were paid for.</summary>
    private static AlertAssessment Fallback(Alert alert, IReadOnlyList<AllowedAction> actions, string problem, Reply[] replies) =>
        Stamp(RuleBasedAnswer.For(alert, actions) with { Problem = $"{problem} The rules answered instead." }, replies);

    /// <summary>Nothing such an answer says is used, and the problem makes everything about the alert ask a person (S12).</summary>
    private static AlertAssessment Injected(Alert alert, IReadOnlyList<AllowedAction> actions, string what, Reply[] replies) =>
        Fallback(alert, actions, $"{what}: somebody tries to take the model over through this alert.", replies) with
        {
            Injection = true,
        };

    private static AlertAssessment Stamp(AlertAssessment assessment, Reply[] replies) =>
        assessment with
        {
            Model = replies.Select(r => r.Model).FirstOrDefault(m => m is not null),
            InputTokens = replies.Sum(r => r.Input),
            OutputTokens = replies.Sum(r => r.Output),
        };

    /// <summary>
    /// The endpoint is up and rejected this one request, as a content filter does, or answered nonsense to it. The next alert may fare
    /// better, and text in an alert must not be able to switch the model off for all others.
    /// </summary>
    private static bool IsAboutThisRequest(Exception e) => e is ClientResultException { Status: 400 or 413 or 422 } || IsNonsense(e);

    private static bool IsNonsense(Exception e) =>
        e is JsonException or FormatException or InvalidOperationException or ArgumentException or KeyNotFoundException;

    private string SlowModel() => $"The model did not answer within {options.Timeout.TotalSeconds:0.#} seconds.";

    /// <summary>Words for a person. Messages of exceptions may quote the answer or the request, so none of them is repeated.</summary>
    private string Explain(Exception e) =>
        e switch
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

    private ChatCompletionOptions RequestOptions()
    {
        var request = new ChatCompletionOptions { ResponseFormat = AnswerSchema.Format, MaxOutputTokenCount = options.MaxOutputTokens };
#pragma warning disable AOAI001 // Azure's client writes max_tokens otherwise, which newer models refuse.
        if (options.IsAzureResource)
            request.SetNewMaxCompletionTokensPropertyEnabled(true);
#pragma warning restore AOAI001
        return request;
    }

    private (SystemChatMessage Message, string List) SystemMessage(IReadOnlyList<AllowedAction> actions)
    {
        // The list comes from the policy and stays the same from alert to alert; a constant start of the prompt is also what providers
        // cache.
        if (lastSystem is { } last && ReferenceEquals(last.Actions, actions))
            return (last.Message, last.List);
        var list = AlertMessage.WriteActions(actions);
        var message = new SystemChatMessage($"{Canary.Plant(Prompt.Classify.Text)}\n{list}");
        lastSystem = new SystemMessageFor(actions, message, list);
        return (message, list);
    }

    // One reference, so that concurrent calls never see half of it.
    private sealed record SystemMessageFor(IReadOnlyList<AllowedAction> Actions, SystemChatMessage Message, string List);

    /// <summary>What one sample came to.</summary>
    private sealed record Reply
    {
        /// <summary>The answer's text where there is one to read; else <see cref="Problem"/> says why not.</summary>
        public string? Answer { get; init; }
        public string? Problem { get; init; }

        /// <summary>Everything the model wrote, used or not.</summary>
        public string Written { get; init; } = "";
        public string? Model { get; init; }
        public int Input { get; init; }
        public int Output { get; init; }

        /// <summary>The endpoint did not answer at all.</summary>
        public bool Outage { get; init; }

        /// <summary>Whether it may have to be paid for.</summary>
        public bool Billed { get; init; }
    }
}

using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>
/// What a client asks of a queue beside sending and receiving, at QUEUE/$management
/// (learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response).
/// </summary>
internal sealed partial class ManagementNode(LocalQueue queue, bool deadLetters, ILogger log) : RequestNode(log)
{
    private const string TrackingId = "com.microsoft:tracking-id";

    private readonly ILogger log = log;

    protected override async Task<AmqpMessage> AnswerAsync(AmqpMessage request, ClientConnection connection)
    {
        AmqpMessage answer;
        try
        {
            var map = request.ValueBody?.Value as AmqpMap ?? throw new FormatException("The request's body is no map.");
            var operation = Text(request, "operation");
            var result = await RunAsync(operation, new Request(map, Text(request, "associated-link-name"), connection));
            log.LogDebug("{Operation} of queue {Queue} is answered", operation, queue.Name);
            answer = AmqpMessage.Create(new AmqpValue { Value = result ?? [] });
            var status = result is null ? AmqpResponseStatusCode.NoContent : AmqpResponseStatusCode.OK;
            answer.ApplicationProperties.Map["statusCode"] = (int)status;
            answer.ApplicationProperties.Map["statusDescription"] = $"{status}";
        }
        catch (Exception e)
        {
            answer = Failed(e);
        }
        if (Text(request, TrackingId) is { } tracking)
            answer.ApplicationProperties.Map[TrackingId] = tracking;
        return answer;
    }

    private AmqpMessage Failed(Exception exception)
    {
        var error = AmqpErrors.From(exception);
        if (error.Condition.Equals(AmqpErrorCode.InternalError))
            log.LogError(exception, "A request to queue {Queue} failed", queue.Name);
        var answer = AmqpMessage.Create(new AmqpValue { Value = new AmqpMap() });
        answer.ApplicationProperties.Map["statusCode"] = (int)AmqpErrors.StatusOf(error.Condition);
        answer.ApplicationProperties.Map["statusDescription"] = error.Description;
        answer.ApplicationProperties.Map["errorCondition"] = error.Condition;
        return answer;
    }

    /// <summary>The answer's map; null where there is nothing to answer with.</summary>
    private Task<AmqpMap?> RunAsync(string? operation, Request request) =>
        operation switch
        {
            "com.microsoft:renew-lock" => Task.FromResult<AmqpMap?>(RenewLocks(request)),
            "com.microsoft:peek-message" => Task.FromResult(Peek(request)),
            "com.microsoft:receive-by-sequence-number" => ReceiveDeferredAsync(request),
            "com.microsoft:update-disposition" => UpdateDispositionAsync(request),
            "com.microsoft:schedule-message" => ScheduleAsync(request),
            "com.microsoft:cancel-scheduled-message" => CancelScheduledAsync(request),
            "com.microsoft:batch-delete-messages" => DeleteAsync(request),
            "com.microsoft:renew-session-lock" => Task.FromResult<AmqpMap?>(RenewSession(request)),
            "com.microsoft:get-session-state" => Task.FromResult<AmqpMap?>(GetSessionState(request)),
            "com.microsoft:set-session-state" => SetSessionStateAsync(request),
            "com.microsoft:get-message-sessions" => Task.FromResult(GetSessions(request)),
            _ => throw new NotSupportedException($"The operation '{operation}' is not known here."),
        };

    private static AmqpException NotFound(string what) => new(AmqpErrors.MessageNotFound, what);

    /// <summary>The map of a request, and who asks.</summary>
    private sealed record Request(AmqpMap Map, string? Link, ClientConnection Connection)
    {
        public string? SessionId => Optional<string>("session-id");

        public T Required<T>(string name) =>
            Map.TryGetValue<T>(new MapKey(name), out var value)
                ? value
                : throw new FormatException($"The request has no '{name}' of type {typeof(T).Name}.");

        public T? Optional<T>(string name) => Map.TryGetValue<T>(new MapKey(name), out var value) ? value : default;

        /// <exception cref="SessionLockLostException">The client does not hold the session.</exception>
        public SessionLock Session(LocalQueue queue) =>
            Connection.FindSession(Link, SessionId) ?? throw new SessionLockLostException(queue.Name, SessionId ?? "");
    }
}

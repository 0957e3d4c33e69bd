using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>Where a receiver's messages come from: a queue, its dead letters, or one session that the receiver's link holds.</summary>
internal sealed class DeliverySource
{
    private static readonly AmqpSymbol SessionFilter = "com.microsoft:session-filter";
    private static readonly AmqpSymbol SharedSessionFilter = "com.microsoft:non-exclusive-session-filter";
    private static readonly AmqpSymbol TimeoutName = "com.microsoft:timeout";
    private static readonly AmqpSymbol LockedUntilName = "com.microsoft:locked-until-utc";
    private static readonly TimeSpan DefaultWait = TimeSpan.FromMinutes(1);

    private readonly AmqpLink link;
    private readonly bool deadLetters;

    private DeliverySource(AmqpLink link, LocalQueue queue, bool deadLetters, SessionLock? session)
    {
        this.link = link;
        this.deadLetters = deadLetters;
        Queue = queue;
        Session = session;
    }

    public LocalQueue Queue { get; }

    public SessionLock? Session { get; }

    /// <summary>Finds what the link's source asks for; for a session this may wait as long as the client allows.</summary>
    /// <exception cref="AmqpException">The session is held by somebody else, or none came in time.</exception>
    /// <exception cref="InvalidOperationException">With a session where the queue has none, or the other way round.</exception>
    public static async Task<DeliverySource> OpenAsync(AmqpLink link, LocalQueue queue, EntityAddress entity, CancellationToken stop)
    {
        var source = (Source)link.Settings.Source;
        if (source.FilterSet?.TryGetValue<object>(SharedSessionFilter, out _) == true)
            throw new AmqpException(
                AmqpErrorCode.NotAllowed,
                $"'{SharedSessionFilter.Value}' is an invalid filter type: a session here has one receiver."
            );
        var wantsSession = HasSessionFilter(source, out var sessionId);
        var hasSessions = queue.Options.RequiresSession && !entity.DeadLetters;
        if (wantsSession != hasSessions)
            throw new InvalidOperationException(
                hasSessions
                    ? $"Queue '{queue.Name}' requires sessions; receive from it with a session receiver or session processor."
                    : $"Queue '{queue.Name}'{(entity.DeadLetters ? " dead letters have" : " has")} no sessions; receive without one."
            );
        if (!wantsSession)
            return new DeliverySource(link, queue, entity.DeadLetters, null);
        var session = await AcceptAsync(link, queue, sessionId, stop);
        Announce(link, source, session);
        return new DeliverySource(link, queue, false, session);
    }

    public Task<IReadOnlyList<Delivery>> TakeAsync(int max, TimeSpan? maxWait, bool delete, CancellationToken stop) =>
        Session is { } session
            ? Queue.TakeAsync(session, max, maxWait, delete, stop)
            : Queue.TakeAsync(deadLetters, max, maxWait, delete, stop);

    /// <summary>
    /// The link is gone: a session goes back with all that was out; messages without one stay locked until their locks end.
    /// </summary>
    public void Close()
    {
        if (Session is null)
            return;
        ((ClientConnection)link.Session.Connection).RemoveSession(link.Name);
        Queue.ReleaseSession(Session);
    }

    private static bool HasSessionFilter(Source source, out string? sessionId)
    {
        sessionId = null;
        if (source.FilterSet is null)
            return false;
        foreach (var (key, value) in source.FilterSet)
        {
            if (AmqpValues.KeyOf(key) != SessionFilter.Value)
                continue;
            // Some clients describe the filter's type beside its value.
            sessionId = (value is DescribedType described ? described.Value : value) as string;
            return true;
        }
        return false;
    }

    private static async Task<SessionLock> AcceptAsync(AmqpLink link, LocalQueue queue, string? sessionId, CancellationToken stop)
    {
        var wait =
            link.Settings.Properties?.TryGetValue<uint>(TimeoutName, out var milliseconds) == true
                ? TimeSpan.FromMilliseconds(milliseconds)
                : DefaultWait;
        if (await queue.AcceptSessionAsync(sessionId, wait, stop) is { } session)
            return session;
        throw sessionId is null
            ? new AmqpException(AmqpErrors.Timeout, $"No session of queue '{queue.Name}' with messages came free within {wait}.")
            : new AmqpException(
                AmqpErrors.SessionCannotBeLocked,
                $"Session '{sessionId}' of queue '{queue.Name}' is locked by another receiver."
            );
    }

    private static void Announce(AmqpLink link, Source source, SessionLock session)
    {
        source.FilterSet[SessionFilter] = session.SessionId;
        link.Settings.UpsertProperty(LockedUntilName, session.LockedUntil.UtcTicks);
        ((ClientConnection)link.Session.Connection).AddSession(link.Name, session);
    }
}

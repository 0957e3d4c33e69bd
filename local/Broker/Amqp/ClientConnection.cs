using System.Collections.Concurrent;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Azure.Amqp.Transport;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>One client's connection, with what its links must know of each other.</summary>
internal sealed class ClientConnection(
    TransportBase transport,
    ProtocolHeader header,
    AmqpSettings settings,
    AmqpConnectionSettings connectionSettings
) : AmqpConnection(transport, header, isInitiator: false, settings, connectionSettings)
{
    /// <summary>Where answers of a request node go, by the address or the name of the client's link.</summary>
    private readonly ConcurrentDictionary<string, SendingAmqpLink> replies = new(StringComparer.Ordinal);

    /// <summary>Sessions the client holds, by the name of the link that does.</summary>
    private readonly ConcurrentDictionary<string, SessionLock> sessions = new(StringComparer.Ordinal);

    public void AddReply(SendingAmqpLink link)
    {
        // The .NET client names an address of its own making, the JavaScript one the link.
        string[] names = [((Target)link.Settings.Target)?.Address?.ToString() ?? "", link.Name];
        foreach (var name in names)
            replies[name] = link;
        link.SafeAddClosed(
            (_, _) =>
            {
                foreach (var name in names)
                    replies.TryRemove(new KeyValuePair<string, SendingAmqpLink>(name, link));
            }
        );
    }

    public SendingAmqpLink? FindReply(string? address) => address is null ? null : replies.GetValueOrDefault(address);

    public void AddSession(string link, SessionLock session) => sessions[link] = session;

    public void RemoveSession(string link) => sessions.TryRemove(link, out _);

    /// <summary>The session a request is about: that of the link it names, or the client's only hold on the session it names.</summary>
    public SessionLock? FindSession(string? link, string? sessionId)
    {
        if (link is not null && sessions.TryGetValue(link, out var session))
            return sessionId is null || session.SessionId == sessionId ? session : null;
        return sessionId is null ? null : sessions.Values.FirstOrDefault(s => s.SessionId == sessionId);
    }
}

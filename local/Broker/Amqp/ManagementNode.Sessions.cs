using Microsoft.Azure.Amqp.Encoding;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>Requests about sessions.</summary>
internal sealed partial class ManagementNode
{
    /// <summary>A client that wants all sessions sends the end of time.</summary>
    private static readonly DateTime EndOfTime = new(9999, 12, 31, 0, 0, 0, DateTimeKind.Utc);

    private AmqpMap RenewSession(Request request) => Map("expiration", queue.RenewSession(request.Session(queue)).UtcDateTime);

    private AmqpMap GetSessionState(Request request)
    {
        var state = queue.GetSessionState(request.Session(queue).SessionId);
        return Map("session-state", state is { } bytes ? new ArraySegment<byte>(bytes.ToArray()) : (object?)null);
    }

    private async Task<AmqpMap?> SetSessionStateAsync(Request request)
    {
        var state = request.Optional<ArraySegment<byte>>("session-state");
        await queue.SetSessionStateAsync(request.Session(queue), state.Array is null ? (ReadOnlyMemory<byte>?)null : state.ToArray());
        return [];
    }

    private AmqpMap? GetSessions(Request request)
    {
        var after = DateTime.SpecifyKind(request.Required<DateTime>("last-updated-time"), DateTimeKind.Utc);
        var skip = request.Required<int>("skip");
        var ids = queue.SessionIds(after >= EndOfTime ? null : new DateTimeOffset(after), skip, request.Required<int>("top"));
        if (ids.Count == 0)
            return null;
        var map = Map("sessions-ids", ids.ToArray());
        map[new MapKey("skip")] = skip + ids.Count;
        return map;
    }
}

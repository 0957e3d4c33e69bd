using System.Text.Json.Serialization;

namespace IRFunctions.Containment;

/// <summary>How one decision ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Ending>))]
public enum Ending
{
    InProgress,
    AwaitingApproval,
    Done,
    AlreadySo,
    Notified,
    Held,

    /// <summary>Another alert of the incident asks for it or holds it.</summary>
    Joined,
    Denied,
    Expired,
    Withdrawn,
    Halted,
    Failed,
}

/// <summary>What Contain came to.</summary>
public sealed record ContainmentReport(Ending Ending, string Text, DateTimeOffset? UndoAt = null);

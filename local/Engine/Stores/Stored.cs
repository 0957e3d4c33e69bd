using System.Text.Json.Serialization;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// An event on its way to an instance, in Durable Task's own form. A <see cref="TaskScheduledEvent"/> is an activity to run on behalf of
/// the target.
/// </summary>
/// <param name="Number">Unique in a store; messages are delivered in this order.</param>
/// <param name="Target">An orchestration's id, or an entity's ("@name@key").</param>
/// <param name="Execution">The run it is meant for; zero: whichever runs.</param>
/// <param name="Due">UTC ticks before which it is not delivered; zero: at once.</param>
public sealed record Message(long Number, string Target, HistoryEvent Event, long Execution = 0, long Due = 0);

/// <summary>Who waits for a sub-orchestration: its id, execution and name, and the number of the call in its history.</summary>
public sealed record ParentLink(string InstanceId, long Execution, string Name, int TaskId);

/// <summary>
/// What is known of an instance without its history: of an orchestration its state, of an entity also all that it is. Records are replaced,
/// never changed.
/// The input is not here: it is in the history, or in the start message that was not taken in yet. Times are UTC ticks.
/// </summary>
public sealed record InstanceRecord
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public string? Version { get; init; }

    public OrchestrationStatus Status { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    /// <summary>
    /// Tells the runs of one id apart, and one life of an entity from the next; above zero. Every run has its own history.
    /// </summary>
    public long Execution { get; init; }

    /// <summary>Steps of this run; its history has a chunk for each.</summary>
    public long Steps { get; init; }

    /// <summary>The start was taken in: there is a history.</summary>
    public bool Started { get; init; }

    /// <summary>This run continues another one, whose custom status it keeps until it sets its own.</summary>
    public bool Continued { get; init; }

    /// <summary>Serialized output of an orchestration, or the serialized state of an entity.</summary>
    public string? Output { get; init; }

    public string? CustomStatus { get; init; }

    public FailureDetails? Failure { get; init; }

    public IDictionary<string, string>? Tags { get; init; }

    public ParentLink? Parent { get; init; }

    /// <summary>The orchestration that holds the entity's lock.</summary>
    public string? LockedBy { get; init; }

    [JsonIgnore]
    public bool IsEntity => Id[0] == '@';

    [JsonIgnore]
    public bool IsTerminal => Status is OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated;
}

using DurableTask.Core.History;

namespace IRFunctions.Local.Engine.Stores;

/// <summary>
/// An event on its way to an instance, in Durable Task's own form. A <see cref="TaskScheduledEvent"/> is an activity to run on behalf of the target.
/// </summary>
public sealed class Message
{
    /// <summary>Unique in a store; messages are delivered in this order.</summary>
    public required long Number { get; init; }

    /// <summary>An orchestration's id, or an entity's ("@name@key").</summary>
    public required string Target { get; init; }

    public required HistoryEvent Event { get; init; }

    /// <summary>The run it is meant for; zero: whichever runs.</summary>
    public long Execution { get; init; }

    /// <summary>UTC ticks before which it is not delivered; zero: at once.</summary>
    public long Due { get; init; }

    /// <summary>Not stored itself: the row of the activity that it answers is, so that after a crash the activity runs again.</summary>
    public bool IsActivityResult { get; init; }
}

using System.Text.Json.Serialization;

namespace IRFunctions.Containment;

/// <summary>
/// How a containment stands, for those who were asked about it. The activities that show it belong to a later room, so they are named here,
/// not referenced.
/// </summary>
public sealed record HoldNews(string Containment, ResultState State, string Text, DateTimeOffset? UndoAt)
{
    /// <summary>Shows it on the cards.</summary>
    public const string ShowActivity = "ShowHold";

    /// <summary>Sends a fresh card before an undo.</summary>
    public const string RemindActivity = "RemindApprovers";
}

/// <summary>What became of an approved action.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResultState>))]
public enum ResultState
{
    Running,
    Executed,
    Failed,
    Reminder,

    /// <summary>The source closed the alert behind it: people are asked whether it stays.</summary>
    Questioned,
    Confirmed,
    Releasing,
    Released,
    Undone,
    UndoFailed,
}

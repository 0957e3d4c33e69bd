namespace IRFunctions.Local.Durable;

/// <summary>
/// An orchestrator, run again against its history, did something else than before; or it awaited something that is not durable. The message names
/// the instance, the event of the history, what the code did, and where.
/// </summary>
public sealed class NonDeterminismException : Exception
{
    /// <param name="isLastCall">The location is that of the last durable call before the failure, not of the failure itself.</param>
    public NonDeterminismException(string instanceId, int? eventNumber, string message, string? location, bool isLastCall = false)
        : base($"Orchestration '{instanceId}': {message}{Place(location, isLastCall)}")
    {
        InstanceId = instanceId;
        EventNumber = eventNumber;
        Location = location;
    }

    public string InstanceId { get; }

    /// <summary>The event of the history that did not fit, counted from 1; null where the history has nothing to do with it.</summary>
    public int? EventNumber { get; }

    /// <summary>File and line of the orchestrator; null without symbols.</summary>
    public string? Location { get; }

    private static string Place(string? location, bool isLastCall) =>
        location is null ? string.Empty : $" {(isLastCall ? "The last durable call before that was at" : "At")} {location}.";
}

namespace IRFunctions.Local.Durable;

/// <summary>
/// An orchestrator, run again against its history, did something else than before; or it awaited something that is not durable. The message names
/// the instance, the event of the history, what the code did, and where.
/// </summary>
public sealed class NonDeterminismException : Exception
{
    public NonDeterminismException(string instanceId, int? eventNumber, string message, string? location)
        : base($"Orchestration '{instanceId}': {message}{(location is null ? string.Empty : " At " + location + ".")}")
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
}

using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace IRFunctions.Limits;

/// <summary>Whether new effects are halted, by whom and why.</summary>
public sealed record GlobalStopState
{
    public bool Engaged { get; init; }
    public string By { get; init; } = "";
    public string Reason { get; init; } = "";
    public DateTimeOffset? Since { get; init; }
}

/// <param name="By">Object id of the person.</param>
/// <param name="Reason">Their words.</param>
public sealed record StopOrder(string By, string Reason);

/// <summary>
/// The red button, `GlobalStop@tenant`: halts every new effect at once, never a rollback or a release (S13). Each effect reads it
/// immediately before it happens, so no effect that had not begun when the button was pressed can still begin.
/// </summary>
public sealed class GlobalStop(TimeProvider time) : TaskEntity<GlobalStopState>
{
    public static readonly EntityInstanceId Id = new(nameof(GlobalStop), "tenant");

    [Function(nameof(GlobalStop))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<GlobalStop>();

    public void Engage(StopOrder order) =>
        State = new GlobalStopState
        {
            Engaged = true,
            By = order.By,
            Reason = order.Reason,
            Since = time.GetUtcNow(),
        };

    public void Lift(StopOrder order) =>
        State = new GlobalStopState
        {
            By = order.By,
            Reason = order.Reason,
            Since = time.GetUtcNow(),
        };

    protected override GlobalStopState InitializeState(TaskEntityOperation entityOperation) => new();

    /// <summary>
    /// The state now. A stop that cannot be read counts as engaged: doubt goes to a person (S12); the caller gets the exception.
    /// </summary>
    public static async Task<GlobalStopState> ReadAsync(DurableTaskClient client, CancellationToken cancellation = default)
    {
        var entity = await client.Entities.GetEntityAsync<GlobalStopState>(Id, cancellation: cancellation);
        return entity is { IncludesState: true } ? entity.State : new GlobalStopState();
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Engine.Steps;

/// <summary>
/// A message to an entity as Durable Task sends it: an event named "op" (or "op@" and a time, or "release") whose input is JSON with the
/// fields of DurableTask.Core.Entities.EventFormat. Those types are internal; what Durable Task's helpers cannot write or read is written
/// and read here.
/// </summary>
internal sealed class EntityMessage(EventRaisedEvent e)
{
    public const string ReleaseName = "release";
    private readonly JsonElement json = JsonElement.Parse(e.Input);

    public bool IsRelease => e.Name == ReleaseName;

    public bool IsSignal => json.TryGetProperty("signal", out var signal) && signal.GetBoolean();

    public bool IsLockRequest => LockSet.Length > 0;

    public string? Parent => Text("parent");

    public string? ParentExecution => Text("parentExecution");

    /// <summary>The entities that a request wants to lock, in their order.</summary>
    public string[] LockSet =>
        json.TryGetProperty("lockset", out var set) && set.ValueKind == JsonValueKind.Array
            ? [.. set.EnumerateArray().Select(e => $"@{e.GetProperty("name").GetString()}@{e.GetProperty("key").GetString()}")]
            : [];

    private Guid Id => json.GetProperty("id").GetGuid();

    /// <summary>UTC ticks before which a message is not to be delivered; zero: at once.</summary>
    public static long DueOf(EventRaisedEvent e)
    {
        if (!e.Name.StartsWith("op@", StringComparison.Ordinal))
            return 0;
        // The name may have a time cut to the longest timer; the message keeps the one that was meant.
        var due = new EntityMessage(e).Text("due") ?? e.Name[3..];
        return DateTime.Parse(due, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind).ToUniversalTime().Ticks;
    }

    public static HistoryEvent Signal(string entity, string operation, string? input, DateTime? due) =>
        ClientEntityHelpers
            .EmitOperationSignal(
                new OrchestrationInstance { InstanceId = entity },
                Guid.NewGuid(),
                operation,
                input,
                due is { } at ? (at, at) : null
            )
            .AsTaskMessage()
            .Event;

    public static HistoryEvent Release(string entity, string owner) =>
        ClientEntityHelpers.EmitUnlockForOrphanedLock(new OrchestrationInstance { InstanceId = entity }, owner).AsTaskMessage().Event;

    public OperationRequest ToRequest() =>
        new()
        {
            Id = Id,
            Operation = Text("op"),
            Input = Text("input"),
        };

    /// <summary>The same lock request for the next entity in its order; null where this was the last.</summary>
    public (string Entity, EventRaisedEvent Request)? NextLock()
    {
        var position = (json.TryGetProperty("pos", out var pos) ? pos.GetInt32() : 0) + 1;
        if (position >= LockSet.Length)
            return null;
        var next = JsonObject.Create(json)!;
        next["pos"] = position;
        return (LockSet[position], new EventRaisedEvent(-1, next.ToJsonString()) { Name = "op" });
    }

    public EventRaisedEvent LockGranted() => Answer(new OperationResult { Result = "Lock Acquisition Completed" });

    public EventRaisedEvent Answer(OperationResult r) =>
        new(
            -1,
            JsonSerializer.Serialize(
                new
                {
                    result = r.Result,
                    exceptionType = r.ErrorMessage,
                    failureDetails = r.FailureDetails,
                },
                HistoryJson.Options
            )
        )
        {
            Name = Id.ToString(),
        };

    private string? Text(string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}

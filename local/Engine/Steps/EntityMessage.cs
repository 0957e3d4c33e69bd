using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Engine.Steps;

/// <summary>
/// A message to an entity as Durable Task sends it: an event named "op" (or "op@" and a time, or "release") whose input is JSON with the fields of
/// DurableTask.Core.Entities.EventFormat. Those types are internal; what Durable Task's helpers cannot write or read is written and read here.
/// </summary>
internal sealed class EntityMessage
{
    public const string ReleaseName = "release";
    private readonly JsonElement json;

    public EntityMessage(EventRaisedEvent e)
    {
        IsRelease = e.Name == ReleaseName;
        json = JsonElement.Parse(e.Input);
    }

    public bool IsRelease { get; }

    public bool IsSignal => json.TryGetProperty("signal", out var signal) && signal.GetBoolean();

    public bool IsLockRequest => json.TryGetProperty("lockset", out var set) && set.ValueKind == JsonValueKind.Array;

    public Guid Id => json.GetProperty("id").GetGuid();

    public string? Parent => Text("parent");

    public string? ParentExecution => Text("parentExecution");

    public OperationRequest ToRequest() => new() { Id = Id, Operation = Text("op"), Input = Text("input") };

    /// <summary>UTC ticks before which a message is not to be delivered; zero: at once.</summary>
    public static long DueOf(EventRaisedEvent e)
    {
        if (!e.Name.StartsWith("op@", StringComparison.Ordinal)) return 0;
        // The name may have a time cut to the longest timer; the message keeps the one that was meant.
        using var message = JsonDocument.Parse(e.Input);
        return message.RootElement.TryGetProperty("due", out var due) && due.ValueKind == JsonValueKind.String
            ? due.GetDateTime().ToUniversalTime().Ticks
            : DateTime.Parse(e.Name.AsSpan(3), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind).ToUniversalTime().Ticks;
    }

    public static EventRaisedEvent Signal(string entity, string operation, string? input, DateTime? due) =>
        (EventRaisedEvent)ClientEntityHelpers.EmitOperationSignal(
            new OrchestrationInstance { InstanceId = entity }, Guid.NewGuid(), operation, input, due is { } at ? (at, at) : null).AsTaskMessage().Event;

    public static EventRaisedEvent Release(string entity, string owner) =>
        (EventRaisedEvent)ClientEntityHelpers.EmitUnlockForOrphanedLock(new OrchestrationInstance { InstanceId = entity }, owner).AsTaskMessage().Event;

    public static IEnumerable<string> LockSet(string input)
    {
        using var message = JsonDocument.Parse(input);
        return message.RootElement.TryGetProperty("lockset", out var set) && set.ValueKind == JsonValueKind.Array ? [.. set.EnumerateArray().Select(EntityIdOf)] : [];
    }

    /// <summary>The same lock request for the next entity in its order; null where this was the last.</summary>
    public (string Entity, EventRaisedEvent Request)? NextLock()
    {
        var position = (json.TryGetProperty("pos", out var pos) ? pos.GetInt32() : 0) + 1;
        var set = json.GetProperty("lockset");
        if (position >= set.GetArrayLength()) return null;
        var next = JsonObject.Create(json)!;
        next["pos"] = position;
        return (EntityIdOf(set[position]), new EventRaisedEvent(-1, next.ToJsonString()) { Name = "op" });
    }

    public EventRaisedEvent LockGranted() => new(-1, """{"result":"Lock Acquisition Completed"}""") { Name = Id.ToString() };

    public EventRaisedEvent Answer(OperationResult r) =>
        new(-1, JsonSerializer.Serialize(new { result = r.Result, exceptionType = r.ErrorMessage, failureDetails = r.FailureDetails }, HistoryJson.Options)) { Name = Id.ToString() };

    private static string EntityIdOf(JsonElement e) => $"@{e.GetProperty("name").GetString()}@{e.GetProperty("key").GetString()}";

    private string? Text(string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}

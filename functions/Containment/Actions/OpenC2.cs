using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Connections;
using IRFunctions.Decisions;

namespace IRFunctions.Containment.Actions;

/// <summary>
/// The commands a connector gets, in the form of OpenC2 (Language Specification 1.0: action, target, args.duration in milliseconds,
/// command_id), with an actuator profile of our own for what it lacks. docs/connector.md is the contract.
/// </summary>
public static class OpenC2
{
    /// <summary>Name of our profile: holds the containment that a change belongs to, and the state to restore.</summary>
    public const string Profile = "x-irfunctions";

    /// <summary>Target of our profile: how much a source logs.</summary>
    public const string LogLevel = "x-irfunctions:log_level";

    /// <summary>
    /// Target of our profile: one aspect of an agent or workload ("session", "network", "discovery", "credentials", "evidence").
    /// </summary>
    public const string Workload = "x-irfunctions:workload";

    /// <summary>An address as OpenC2 target.</summary>
    public static JsonObject Address(Target target) =>
        target.Id.Contains(':', StringComparison.Ordinal)
            ? new JsonObject { ["ipv6_net"] = $"{target.Id}/128" }
            : new JsonObject { ["ipv4_net"] = $"{target.Id}/32" };

    public static JsonObject Logging(Target target, string? level = null)
    {
        var source = new JsonObject { ["source"] = target.Key };
        if (level is not null)
            source["level"] = level;
        return new JsonObject { [LogLevel] = source };
    }

    public static JsonObject WorkloadAspect(Target target, string aspect, string? state = null)
    {
        var workload = new JsonObject { ["identity"] = target.Id, ["aspect"] = aspect };
        if (state is not null)
            workload["state"] = state;
        return new JsonObject { [Workload] = workload };
    }

    /// <summary>Capture and verify: what is the state, and which containment holds it?</summary>
    public static JsonObject Query(string id, JsonObject target) => Command("query", id, target);

    /// <summary>Probe: which actions on which targets may this key use?</summary>
    public static JsonObject QueryPairs(string id) => Command("query", id, new JsonObject { ["features"] = new JsonArray("pairs") });

    /// <summary>Do: for this long at most, should no restore ever come.</summary>
    public static JsonObject Do(string action, string id, JsonObject target, string holder, TimeSpan? duration)
    {
        var command = Command(action, id, target);
        var args = command["args"]!.AsObject();
        if (duration is { } length)
            args["duration"] = (long)length.TotalMilliseconds;
        args[Profile] = new JsonObject { ["holder"] = holder };
        return command;
    }

    /// <summary>Undo: back to the captured state, where this containment still holds it.</summary>
    public static JsonObject Restore(string id, JsonObject target, string holder, string state)
    {
        var command = Command("restore", id, target);
        command["args"]![Profile] = new JsonObject { ["holder"] = holder, ["state"] = state };
        return command;
    }

    private static JsonObject Command(string action, string id, JsonObject target) =>
        new()
        {
            ["action"] = action,
            ["target"] = target,
            ["args"] = new JsonObject { ["response_requested"] = "complete" },
            ["command_id"] = id,
        };
}

/// <summary>A state at the receiver.</summary>
/// <param name="State">"normal" or what the receiver calls it; "denied" is a blocked address.</param>
/// <param name="HeldBy">Containment that put it there (<see cref="Connector.HolderOf"/>); null where none of ours did.</param>
public sealed record ConnectorState(string State, string? HeldBy)
{
    /// <exception cref="PermanentFaultException">The answer is not what the contract says.</exception>
    internal static ConnectorState Of(JsonElement results)
    {
        if (
            results.ValueKind == JsonValueKind.Object
            && results.TryGetProperty(OpenC2.Profile, out var found)
            && found.TryGetProperty("state", out var state)
            && state.ValueKind == JsonValueKind.String
        )
            return new ConnectorState(state.GetString()!, found.TryGetProperty("held_by", out var by) ? by.GetString() : null);
        throw new PermanentFaultException($"the connector's answer carries no results.{OpenC2.Profile}.state; see docs/connector.md");
    }
}

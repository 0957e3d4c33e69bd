using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IRFunctions.Containment.Actions;

namespace IRFunctions.Local.Connector;

/// <summary>A request as the receiver sees it. Header names are those of docs/connector.md.</summary>
public sealed record ConnectorCall(
    string Method,
    string? KeyId,
    string? Timestamp,
    string? Signature,
    string? IdempotencyKey,
    ReadOnlyMemory<byte> Body
);

/// <summary>Where a receiver keeps what it knows; a real one asks its firewall.</summary>
public interface IReceiverStore
{
    JsonObject? Find(string key);

    void Put(string key, JsonObject value);

    /// <summary>Notes a change, or a command that changed nothing.</summary>
    void Record(string effect, string target, string detail, bool changed);
}

/// <summary>
/// A receiver of connector commands to copy from: it checks the signature in constant time, answers the same idempotency key with the same
/// answer, and restores only what the same holder changed. Blocks addresses and sets log levels, in memory of its store. The contract is
/// docs/connector.md.
/// </summary>
public sealed class SampleReceiver(byte[] key, TimeProvider time, IReceiverStore store)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private static readonly JsonObject Pairs = new()
    {
        ["query"] = new JsonArray("features", "ipv4_net", "ipv6_net", OpenC2.LogLevel, OpenC2.Workload),
        ["deny"] = new JsonArray("ipv4_net", "ipv6_net"),
        ["set"] = new JsonArray(OpenC2.LogLevel, OpenC2.Workload),
        ["restore"] = new JsonArray("ipv4_net", "ipv6_net", OpenC2.LogLevel, OpenC2.Workload),
        ["delete"] = new JsonArray(OpenC2.Workload),
        ["copy"] = new JsonArray(OpenC2.Workload),
    };

    /// <returns>HTTP status and OpenC2 response.</returns>
    public (int Status, JsonObject Body) Receive(ConnectorCall call)
    {
        if (call.Method != "POST")
            return Answer(405, "Commands are POSTed.");
        if (Refusal(call) is { } refusal)
            return Answer(401, refusal);
        if (call.IdempotencyKey is not { Length: > 0 and <= 200 } once)
            return Answer(400, "The Idempotency-Key header is missing.");
        if (Parse(call.Body) is not { } command)
            return Answer(400, "The body is not an OpenC2 command.");
        var (action, target) = ((string?)command["action"], command["target"] as JsonObject);
        if (action is null || target is not { Count: 1 })
            return Answer(400, "A command has an action and exactly one target.");
        var kind = target.First().Key;
        if (action == "query" && kind == "features")
            return Answer(200, "OK", new JsonObject { ["pairs"] = Pairs.DeepClone() });
        if (Pairs[action] is not JsonArray kinds || !kinds.Any(k => (string?)k == kind))
            return Answer(501, $"This receiver does not do {action} on {kind}.");
        if (action == "query")
            return Answer(200, "OK", Shown(store.Find(KeyOf(target))));

        if (store.Find($"answer {once}") is { } earlier)
            return Answer(200, "OK", earlier.DeepClone().AsObject());
        var (status, results) = action == "restore" ? Restore(command, target) : Apply(command, action, target);
        if (status == 200)
            store.Put($"answer {once}", results.DeepClone().AsObject());
        return Answer(status, status == 200 ? "OK" : "Somebody else changed it meanwhile.", results);
    }

    private string? Refusal(ConnectorCall call)
    {
        if (!long.TryParse(call.Timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return "The timestamp is missing.";
        // Replays are bounded by the clock here and by the idempotency key after that.
        if (Math.Abs(time.GetUtcNow().ToUnixTimeSeconds() - seconds) > Tolerance.TotalSeconds)
            return "The timestamp is more than five minutes off.";
        return ConnectorSignature.Matches(key, seconds, call.Body.Span, call.Signature) ? null : "The signature is not right.";
    }

    private (int Status, JsonObject Results) Apply(JsonObject command, string action, JsonObject target)
    {
        var found = store.Find(KeyOf(target));
        var wanted =
            action == "deny"
                ? "denied"
                : (string?)target[OpenC2.LogLevel]?["level"] ?? (string?)target[OpenC2.Workload]?["state"] ?? "verbose";
        // What is revoked or copied is so each time anew: there are new credentials and new evidence.
        var already = action is not ("delete" or "copy") && found is not null && (string?)found["state"] == wanted;
        if (!already)
            store.Put(KeyOf(target), new JsonObject { ["state"] = wanted, ["held_by"] = HolderOf(command) });
        store.Record($"connector.{action}", KeyOf(target), wanted, changed: !already);
        return (200, Shown(store.Find(KeyOf(target))));
    }

    /// <summary>Compare and swap: back to the captured state, and only where the holder that changed it still holds it.</summary>
    private (int Status, JsonObject Results) Restore(JsonObject command, JsonObject target)
    {
        var found = store.Find(KeyOf(target));
        var state = (string?)command["args"]?[OpenC2.Profile]?["state"];
        if (state is null || found is null || (string?)found["held_by"] != HolderOf(command))
            return (409, Shown(found));
        store.Put(KeyOf(target), new JsonObject { ["state"] = state, ["held_by"] = null });
        store.Record("connector.restore", KeyOf(target), state, changed: true);
        return (200, Shown(store.Find(KeyOf(target))));
    }

    private static JsonObject Shown(JsonObject? found) =>
        new() { [OpenC2.Profile] = found?.DeepClone() ?? new JsonObject { ["state"] = "normal", ["held_by"] = null } };

    private static string? HolderOf(JsonObject command) => (string?)command["args"]?[OpenC2.Profile]?["holder"];

    /// <summary>The thing itself, without the level wanted for it.</summary>
    private static string KeyOf(JsonObject target)
    {
        var (kind, value) = target.First();
        return kind switch
        {
            OpenC2.LogLevel => $"{kind} {(string?)value?["source"]}",
            OpenC2.Workload => $"{kind} {(string?)value?["identity"]} {(string?)value?["aspect"]}",
            _ => $"{kind} {(string?)value}",
        };
    }

    private static JsonObject? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonNode.Parse(body.Span) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static (int, JsonObject) Answer(int status, string text, JsonObject? results = null)
    {
        var body = new JsonObject { ["status"] = status, ["status_text"] = text };
        if (results is not null)
            body["results"] = results;
        return (status, body);
    }
}

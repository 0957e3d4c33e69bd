using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Host;

/// <summary>What host.json says that the local host honours; the defaults are those of the Functions host.</summary>
public sealed record HostSettings
{
    /// <summary>Messages of one queue worked on at once.</summary>
    public int MaxConcurrentCalls { get; init; } = 16;

    /// <summary>Complete a message whose function returned; a trigger's own AutoCompleteMessages goes first.</summary>
    public bool AutoCompleteMessages { get; init; } = true;

    /// <summary>How long a message's lock is renewed while its function runs.</summary>
    public TimeSpan MaxAutoLockRenewalDuration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What stands before every HTTP function's route.</summary>
    public string RoutePrefix { get; init; } = "api";

    /// <exception cref="FormatException">The file is not JSON or a value has the wrong kind; names the file and the key.</exception>
    public static HostSettings Read(string path) => Parse(File.ReadAllText(path), path);

    /// <param name="source">Named in errors.</param>
    /// <inheritdoc cref="Read"/>
    public static HostSettings Parse(string json, string source = "host.json")
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json,
                documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw new FormatException($"{source} is not JSON: {e.Message}", e);
        }
        var defaults = new HostSettings();
        return new HostSettings
        {
            MaxConcurrentCalls = Get("extensions:serviceBus:maxConcurrentCalls", defaults.MaxConcurrentCalls),
            AutoCompleteMessages = Get("extensions:serviceBus:autoCompleteMessages", defaults.AutoCompleteMessages),
            MaxAutoLockRenewalDuration = TimeSpan.TryParse(Get("extensions:serviceBus:maxAutoLockRenewalDuration", "00:05:00"),
                CultureInfo.InvariantCulture, out var renewal)
                ? renewal
                : throw Wrong("extensions:serviceBus:maxAutoLockRenewalDuration", "a time such as 00:05:00"),
            RoutePrefix = Get("extensions:http:routePrefix", defaults.RoutePrefix).Trim('/'),
        };

        T Get<T>(string key, T otherwise)
        {
            var node = key.Split(':').Aggregate(root, (at, name) => (at as JsonObject)?[name]);
            if (node is null) return otherwise;
            return node is JsonValue value && value.TryGetValue<T>(out var found) ? found : throw Wrong(key, $"of type {typeof(T).Name}");
        }

        FormatException Wrong(string key, string kind) => new($"{source}: {key} is not {kind}.");
    }
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IRFunctions.Local.Host;

/// <summary>What host.json says that the local host honours; the defaults are those of the Functions host.</summary>
public sealed record HostSettings
{
    /// <summary>
    /// As on the Functions host, an environment variable of this name and the key, with __ for :, goes before the file; here for times.
    /// </summary>
    private const string Override = "AzureFunctionsJobHost__";

    /// <summary>Messages of one queue worked on at once.</summary>
    public int MaxConcurrentCalls { get; init; } = 16;

    /// <summary>Complete a message whose function returned; a trigger's own AutoCompleteMessages goes first.</summary>
    public bool AutoCompleteMessages { get; init; } = true;

    /// <summary>How long a message's lock is renewed while its function runs.</summary>
    public TimeSpan MaxAutoLockRenewalDuration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What stands before every HTTP function's route.</summary>
    public string RoutePrefix { get; init; } = "api";

    /// <summary>For the engine on Azure Storage.</summary>
    public DurableSettings Durable { get; init; } = new();

    /// <summary>The file, and settings that stand in its place as on the Functions host (<see cref="Override"/>).</summary>
    /// <exception cref="FormatException">The file is not JSON or a value has the wrong kind; names the file and the key.</exception>
    public static HostSettings Read(string path) =>
        Parse(
            File.ReadAllText(path),
            path,
            key => Environment.GetEnvironmentVariable(Override + key.Replace(":", "__", StringComparison.Ordinal))
        );

    /// <param name="source">Named in errors.</param>
    /// <param name="instead">The value that a setting gives a key; null where there is none.</param>
    /// <inheritdoc cref="Read"/>
    public static HostSettings Parse(string json, string source = "host.json", Func<string, string?>? instead = null)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(
                json,
                documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
            );
        }
        catch (JsonException e)
        {
            throw new FormatException($"{source} is not JSON: {e.Message}", e);
        }
        var (defaults, durable) = (new HostSettings(), new DurableSettings());
        const string storage = "extensions:durableTask:storageProvider:";
        return new HostSettings
        {
            MaxConcurrentCalls = Get("extensions:serviceBus:maxConcurrentCalls", defaults.MaxConcurrentCalls),
            AutoCompleteMessages = Get("extensions:serviceBus:autoCompleteMessages", defaults.AutoCompleteMessages),
            MaxAutoLockRenewalDuration = Time("extensions:serviceBus:maxAutoLockRenewalDuration", defaults.MaxAutoLockRenewalDuration),
            RoutePrefix = Get("extensions:http:routePrefix", defaults.RoutePrefix).Trim('/'),
            Durable = new DurableSettings
            {
                HubName = Get("extensions:durableTask:hubName", durable.HubName),
                PartitionCount = Get(storage + "partitionCount", durable.PartitionCount),
                ControlQueueVisibilityTimeout = Time(storage + "controlQueueVisibilityTimeout", durable.ControlQueueVisibilityTimeout),
                WorkItemQueueVisibilityTimeout = Time(storage + "workItemQueueVisibilityTimeout", durable.WorkItemQueueVisibilityTimeout),
                MaxQueuePollingInterval = Time(storage + "maxQueuePollingInterval", durable.MaxQueuePollingInterval),
            },
        };

        TimeSpan Time(string key, TimeSpan otherwise) =>
            TimeSpan.TryParse(instead?.Invoke(key) ?? Get(key, otherwise.ToString()), CultureInfo.InvariantCulture, out var time)
                ? time
                : throw Wrong(key, "a time such as 00:05:00");

        T Get<T>(string key, T otherwise)
        {
            var node = key.Split(':').Aggregate(root, (at, name) => (at as JsonObject)?[name]);
            if (node is null)
                return otherwise;
            return node is JsonValue value && value.TryGetValue<T>(out var found) ? found : throw Wrong(key, $"of type {typeof(T).Name}");
        }

        FormatException Wrong(string key, string kind) => new($"{source}: {key} is not {kind}.");
    }
}

/// <summary>The durableTask section; the defaults are those of the Durable Functions extension on Flex Consumption.</summary>
public sealed record DurableSettings
{
    public string HubName { get; init; } = "TestHubName";

    /// <summary>Queues that orchestrations and entities are spread over; cannot be changed for a hub that is there.</summary>
    public int PartitionCount { get; init; } = 4;

    /// <summary>How long a message to an orchestration or entity is another's to take again after its taker was killed.</summary>
    public TimeSpan ControlQueueVisibilityTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The same for an activity.</summary>
    public TimeSpan WorkItemQueueVisibilityTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest time between two looks at an empty queue.</summary>
    public TimeSpan MaxQueuePollingInterval { get; init; } = TimeSpan.FromSeconds(1);
}

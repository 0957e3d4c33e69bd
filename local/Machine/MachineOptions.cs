using IRFunctions.Local.Engine;
using IRFunctions.Policies;
using OpenAI.Chat;

namespace IRFunctions.Local.Machine;

/// <summary>How to set up the pipeline on one machine.</summary>
public sealed record MachineOptions
{
    public required TimeProvider Time { get; init; }

    /// <summary>
    /// Seconds of <see cref="Time"/> for each second of the machine's own, where it runs by itself; what waits for the machine waits that
    /// much longer by it.
    /// </summary>
    public double ClockFactor { get; init; } = 1;

    /// <summary>Folder for all state; null keeps everything in memory.</summary>
    public string? StateFolder { get; init; }

    /// <summary>Folder of policy files.</summary>
    public required string PolicyFolder { get; init; }

    /// <summary>
    /// Where this machine's own HTTP server answers, so that Graph, model, ticket and pager requests travel over real HTTP; null answers
    /// them in process.
    /// </summary>
    public Uri? Address { get; init; }

    /// <summary>Settings that override the built-in ones, in the form of local.settings.json ("Model:Endpoint").</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Replaces the model client; for benchmarks with an instant model.</summary>
    public ChatClient? Model { get; init; }

    /// <summary>Changes a loaded policy's files before they are used; for tests of other budgets or tiers.</summary>
    public Func<IReadOnlyList<PolicyFile>, IReadOnlyList<PolicyFile>>? EditPolicy { get; init; }

    /// <summary>Replaces what was registered, last of all; for tests that keep a store and a tenant over a crash of the machine.</summary>
    public Action<Microsoft.Extensions.DependencyInjection.IServiceCollection>? Replace { get; init; }

    public EngineOptions Engine { get; init; } = new();

    /// <summary>
    /// Called in place of each activity, with its name and the activity, so that a simulation can run it twice; null: each is run once.
    /// </summary>
    public Func<string, Func<Task<object?>>, Task<object?>>? AroundActivity { get; init; }

    /// <summary>Where the queues speak AMQP on 127.0.0.1; 0 finds a free port.</summary>
    public int AmqpPort { get; init; }

    /// <summary>
    /// Connection string of a Service Bus namespace or Microsoft's emulator that has the queues; null keeps them on this machine. Such
    /// queues keep real time, whatever <see cref="Time"/> says.
    /// </summary>
    public string? ServiceBus { get; init; }

    /// <summary>
    /// Connection string of Azurite: the real engine, official table client and blobs run on it, in real time and in the background only.
    /// Null: the local engine with its own tables.
    /// </summary>
    public string? Azurite { get; init; }

    /// <summary>Largest alert the queue takes, in bytes: Service Bus standard is 256 KB, premium 1 MB and more.</summary>
    public int MaxMessageBytes { get; init; } = 1024 * 1024;
}

using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Broker.Amqp;
using IRFunctions.Local.Time;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Tests.Broker;

/// <summary>
/// The official client on the queues' AMQP door. The queue's clock stands still unless a test turns it; the client's own waits are real, so
/// that no test waits for "nothing": what is not available is seen in the queue itself.
/// </summary>
internal sealed class Door : IAsyncDisposable
{
    private readonly QueueNamespace queues;
    private readonly List<ServiceBusClient> clients = [];

    private Door(TimeProvider time, IQueueStorage storage, ILogger? log)
    {
        queues = new QueueNamespace(storage, time);
        Endpoint = AmqpEndpoint.Start(queues, log: log);
        Client = NewClient();
    }

    public AmqpEndpoint Endpoint { get; }

    public ServiceBusClient Client { get; }

    public static Door Open(TimeProvider? time = null, IQueueStorage? storage = null, ILogger? log = null) =>
        new(time ?? new VirtualTimeProvider(), storage ?? new InMemoryQueueStorage(), log);

    public LocalQueue Queue(string name, LocalQueueOptions? options = null) => queues.Open(name, options);

    /// <summary>Without retries: a test wants the first answer.</summary>
    public ServiceBusClient NewClient(TimeSpan? tryTimeout = null)
    {
        var client = new ServiceBusClient(
            Endpoint.ConnectionString,
            new ServiceBusClientOptions
            {
                RetryOptions = new ServiceBusRetryOptions { MaxRetries = 0, TryTimeout = tryTimeout ?? TimeSpan.FromSeconds(30) },
            }
        );
        clients.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients)
            await client.DisposeAsync();
        await Endpoint.DisposeAsync();
        await queues.DisposeAsync();
    }
}

using System.Diagnostics;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Broker.Amqp;

// Messages a second through the local queue, over AMQP by the official client beside the API inside the process, in one run.
// Each way sends a number of messages of 2 KB and then receives and completes them all. Arguments: number of messages, rounds.
var count = args.Length > 0 ? int.Parse(args[0], null) : 5000;
var rounds = args.Length > 1 ? int.Parse(args[1], null) : 3;
var body = new byte[2048];
Random.Shared.NextBytes(body);

foreach (var onDisk in (bool[])[false, true])
{
    var folder = Directory.CreateTempSubdirectory("irf-measure-");
    IQueueStorage storage = onDisk ? new SqliteQueueStorage(Path.Combine(folder.FullName, "queue.db")) : new InMemoryQueueStorage();
    await using (var queues = new QueueNamespace(storage, TimeProvider.System))
    {
        var queue = queues.Open("alerts", new LocalQueueOptions { LockDuration = TimeSpan.FromMinutes(5) });
        await using var endpoint = AmqpEndpoint.Start(queues);
        await using var client = new ServiceBusClient(endpoint.ConnectionString);
        for (var round = 0; round <= rounds; round++)
        {
            var label = $"{(onDisk ? "SQLite" : "memory")}, {(round == 0 ? "warm-up" : $"round {round}")}";
            Report(label, "inside", await TimeAsync(() => InsideSendAsync(queue)), await TimeAsync(() => InsideReceiveAsync(queue)));
            Report(label, "AMQP, one by one", await TimeAsync(() => AmqpSendAsync(client)), await TimeAsync(() => AmqpReceiveAsync(client)));
            Report(label, "AMQP, batches of 100", await TimeAsync(() => AmqpBatchesAsync(client)), await TimeAsync(() => AmqpReceiveAsync(client)));
            Report(label, "AMQP, processor", await TimeAsync(() => AmqpBatchesAsync(client)), await TimeAsync(() => ProcessorAsync(client)));
        }
    }
    folder.Delete(recursive: true);
}

async Task<double> TimeAsync(Func<Task> work)
{
    var watch = Stopwatch.StartNew();
    await work();
    return count / watch.Elapsed.TotalSeconds;
}

static void Report(string label, string way, double sent, double received) =>
    Console.WriteLine($"{label,-16} {way,-22} sent {sent,8:N0}/s   received and completed {received,8:N0}/s");

Task InsideSendAsync(LocalQueue queue) =>
    ManyAsync(64, (_, n) => queue.SendAsync(new OutgoingMessage { Body = body, MessageId = Guid.NewGuid().ToString() }));

Task InsideReceiveAsync(LocalQueue queue) => ManyAsync(64, async (_, _) => await queue.CompleteAsync((await queue.ReceiveAsync())!));

async Task AmqpSendAsync(ServiceBusClient client)
{
    await using var sender = client.CreateSender("alerts");
    await ManyAsync(64, (_, _) => sender.SendMessageAsync(new ServiceBusMessage(body) { MessageId = Guid.NewGuid().ToString() }));
}

async Task AmqpBatchesAsync(ServiceBusClient client)
{
    await using var sender = client.CreateSender("alerts");
    for (var sent = 0; sent < count; sent += 100)
        await sender.SendMessagesAsync(Enumerable.Range(0, Math.Min(100, count - sent))
            .Select(_ => new ServiceBusMessage(body) { MessageId = Guid.NewGuid().ToString() }));
}

async Task AmqpReceiveAsync(ServiceBusClient client)
{
    await using var receiver = client.CreateReceiver("alerts", new ServiceBusReceiverOptions { PrefetchCount = 500 });
    for (var done = 0; done < count;)
    {
        var messages = await receiver.ReceiveMessagesAsync(100);
        await Task.WhenAll(messages.Select(m => receiver.CompleteMessageAsync(m)));
        done += messages.Count;
    }
}

async Task ProcessorAsync(ServiceBusClient client)
{
    var left = count;
    var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    var options = new ServiceBusProcessorOptions { MaxConcurrentCalls = 16, AutoCompleteMessages = false };
    await using var processor = client.CreateProcessor("alerts", options);
    processor.ProcessMessageAsync += async a =>
    {
        await a.CompleteMessageAsync(a.Message);
        if (Interlocked.Decrement(ref left) == 0) all.SetResult();
    };
    processor.ProcessErrorAsync += _ => Task.CompletedTask;
    await processor.StartProcessingAsync();
    await all.Task;
    await processor.StopProcessingAsync();
}

async Task ManyAsync(int workers, Func<int, int, Task> each)
{
    var next = -1;
    await Task.WhenAll(Enumerable.Range(0, workers).Select(async worker =>
    {
        int n;
        while ((n = Interlocked.Increment(ref next)) < count) await each(worker, n);
    }));
}

using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Broker;

/// <summary>The pump of `--service-bus`, on the door: it needs nothing but a ServiceBusClient.</summary>
public sealed class ProcessorPumpTests : DoorTests
{
    private readonly ConcurrentQueue<string> calls = new();

    private async Task HandleAsync(ServiceBusReceivedMessage message, IMessageSettlement settlement, CancellationToken stop)
    {
        var body = message.Body.ToString();
        calls.Enqueue($"{body} {message.DeliveryCount}");
        switch (body)
        {
            case "complete":
                await settlement.CompleteAsync(message, stop);
                break;
            case "dead":
                await settlement.DeadLetterAsync(message, "Why", "Because.", null, stop);
                break;
            case "dead with":
                await settlement.DeadLetterAsync(message, "With", null, new() { ["by"] = "test" }, stop);
                break;
            case "defer":
                await settlement.DeferAsync(message, new Dictionary<string, object> { ["later"] = true }, stop);
                break;
            case "abandon" when message.DeliveryCount == 1:
                await settlement.AbandonAsync(message, null, stop);
                break;
            case "throw":
                throw new FormatException("never");
        }
    }

    private ProcessorPump Pump(string queue, ProcessorPumpOptions options) => new(Door.Client, queue, options, HandleAsync);

    [Fact]
    public async Task It_settles_as_the_handler_says_and_completes_the_rest()
    {
        var queue = Door.Queue("alerts", new LocalQueueOptions { MaxDeliveryCount = 3 });
        await SendAsync("alerts", "complete", "dead", "dead with", "defer", "abandon", "throw", "nothing");
        await using var pump = Pump("alerts", new ProcessorPumpOptions());
        await pump.StartAsync();
        await Until(() => queue.Counts == new QueueCounts(0, 0, 0, 1, 3));
        await pump.StopAsync();
        Assert.Equal(
            ["abandon 1", "abandon 2", "complete 1", "dead 1", "dead with 1", "defer 1", "nothing 1", "throw 1", "throw 2", "throw 3"],
            calls.Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            ["MaxDeliveryCountExceeded", "Why", "With"],
            queue.PeekDeadLetters().Select(m => m.DeadLetterReason).Order(StringComparer.Ordinal)
        );
        Assert.Equal(true, queue.Peek()[0].ApplicationProperties["later"]);
    }

    [Fact]
    public async Task What_a_manual_handler_does_not_settle_comes_again_when_its_lock_ends()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "nothing");
        await using var pump = Pump("alerts", new ProcessorPumpOptions { AutoCompleteMessages = false });
        await pump.StartAsync();
        await Until(() => calls.Count == 1);
        Assert.Equal(1, queue.Counts.Locked);
        Time.Advance(TimeSpan.FromSeconds(30));
        await Until(() => calls.Count == 2);
        Assert.Equal(["nothing 1", "nothing 2"], calls);
    }

    [Fact]
    public async Task Of_a_queue_with_sessions_it_keeps_the_order_of_each()
    {
        var queue = Door.Queue("activity", new LocalQueueOptions { RequiresSession = true });
        for (var i = 0; i < 20; i++)
            await queue.SendAsync(
                new OutgoingMessage
                {
                    Body = "complete"u8.ToArray(),
                    SessionId = $"s{i % 2}",
                    MessageId = $"{i}",
                }
            );
        var seen = new ConcurrentQueue<(string Session, int Number)>();
        var options = new ProcessorPumpOptions { IsSessionsEnabled = true, AutoCompleteMessages = false };
        await using var pump = new ProcessorPump(
            Door.Client,
            "activity",
            options,
            async (message, settlement, stop) =>
            {
                seen.Enqueue((message.SessionId, int.Parse(message.MessageId, null)));
                await Assert.ThrowsAsync<InvalidOperationException>(() => settlement.RenewLockAsync(message, stop));
                await settlement.CompleteAsync(message, stop);
            }
        );
        await pump.StartAsync();
        await Until(() => queue.Counts == Empty);
        Assert.All(seen.GroupBy(s => s.Session), g => Assert.Equal(g.Select(s => s.Number).Order(), g.Select(s => s.Number)));
        Assert.Equal(20, seen.Count);
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_told_at_the_start()
    {
        Door.Queue("alerts");
        await using var pump = Pump("nowhere", new ProcessorPumpOptions());
        var error = await Assert.ThrowsAsync<ServiceBusException>(() => pump.StartAsync());
        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, error.Reason);
        Assert.Contains("Queues here: alerts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_queue_in_the_process_offers_the_same_settlement()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "complete", "dead", "defer", "abandon");
        var settlement = new QueueSettlement(queue);
        Func<ServiceBusReceivedMessage, IMessageSettlement, CancellationToken, Task> handle = HandleAsync;
        for (var i = 0; i < 4; i++)
            await handle((await queue.ReceiveAsync(TimeSpan.Zero))!, settlement, default);
        Assert.Equal(new QueueCounts(1, 0, 0, 1, 1), queue.Counts);
        var again = (await queue.ReceiveAsync(TimeSpan.Zero))!;
        Time.Advance(TimeSpan.FromSeconds(20));
        await settlement.RenewLockAsync(again);
        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(1, queue.Counts.Locked);
    }
}

using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Broker;

public sealed class SettlementTests : DoorTests
{
    [Fact]
    public async Task Completed_a_message_is_gone()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        var message = await receiver.ReceiveMessageAsync();
        Assert.Equal(1, queue.Counts.Locked);
        await receiver.CompleteMessageAsync(message);
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task Abandoned_it_comes_again_at_its_old_place_with_changed_properties()
    {
        Door.Queue("alerts");
        await SendAsync("alerts", "1", "2");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        await receiver.AbandonMessageAsync(
            await receiver.ReceiveMessageAsync(),
            new Dictionary<string, object>
            {
                ["seen"] = true,
                ["at"] = Time.GetUtcNow(),
                ["by"] = new Uri("https://example.org/"),
            }
        );
        var again = await receiver.ReceiveMessageAsync();
        Assert.Equal(
            ("1", 2, true, Time.GetUtcNow(), new Uri("https://example.org/")),
            (
                again.Body.ToString(),
                again.DeliveryCount,
                again.ApplicationProperties["seen"],
                again.ApplicationProperties["at"],
                again.ApplicationProperties["by"]
            )
        );
    }

    [Fact]
    public async Task Dead_lettered_it_waits_beside_the_queue_with_its_reason_and_can_be_received_there()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        await receiver.DeadLetterMessageAsync(
            await receiver.ReceiveMessageAsync(),
            new Dictionary<string, object> { ["by"] = "test" },
            "Why",
            "Because."
        );
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 1), queue.Counts);

        await using var dead = Door.Client.CreateReceiver("alerts", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        Assert.Equal("1", (await dead.PeekMessageAsync()).Body.ToString());
        var letter = await dead.ReceiveMessageAsync();
        Assert.Equal(
            ("Why", "Because.", "test", "alerts"),
            (letter.DeadLetterReason, letter.DeadLetterErrorDescription, letter.ApplicationProperties["by"], letter.DeadLetterSource)
        );
        await dead.RenewMessageLockAsync(letter);
        await dead.AbandonMessageAsync(letter);
        letter = await dead.ReceiveMessageAsync();
        await dead.DeferMessageAsync(letter);
        await dead.CompleteMessageAsync(await dead.ReceiveDeferredMessageAsync(letter.SequenceNumber));
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task A_dead_letter_stays_one_however_often_it_is_abandoned_or_its_lock_ends()
    {
        var queue = Door.Queue("alerts", new LocalQueueOptions { MaxDeliveryCount = 1, DefaultTimeToLive = TimeSpan.FromMinutes(1) });
        await SendAsync("alerts", "1");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        await receiver.AbandonMessageAsync(await receiver.ReceiveMessageAsync());
        await using var dead = Door.Client.CreateReceiver("alerts", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        for (var i = 0; i < 3; i++)
            await dead.AbandonMessageAsync(await dead.ReceiveMessageAsync());
        await dead.ReceiveMessageAsync();
        Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 1), queue.Counts);
        var letter = await dead.ReceiveMessageAsync();
        Assert.Equal("MaxDeliveryCountExceeded", letter.DeadLetterReason);
        await Assert.ThrowsAsync<InvalidOperationException>(() => dead.DeadLetterMessageAsync(letter));
        await dead.CompleteMessageAsync(letter);
    }

    [Fact]
    public async Task Deferred_it_comes_only_when_asked_for_by_number_and_keeps_waiting_when_abandoned()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1", "2");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        var message = await receiver.ReceiveMessageAsync();
        await receiver.DeferMessageAsync(message, new Dictionary<string, object> { ["step"] = 1 });
        Assert.Equal(new QueueCounts(1, 0, 0, 1, 0), queue.Counts);
        Assert.Equal(ServiceBusMessageState.Deferred, (await receiver.PeekMessageAsync()).State);

        var deferred = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber);
        Assert.Equal(("1", 2, 1), (deferred.Body.ToString(), deferred.DeliveryCount, deferred.ApplicationProperties["step"]));
        await receiver.RenewMessageLockAsync(deferred);
        await receiver.AbandonMessageAsync(deferred, new Dictionary<string, object> { ["step"] = 2 });
        Assert.Equal(1, queue.Counts.Deferred);
        deferred = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber);
        Assert.Equal(2, deferred.ApplicationProperties["step"]);
        await receiver.DeadLetterMessageAsync(deferred, "Why", "Because.");
        Assert.Equal(
            ("Why", "Because."),
            (queue.PeekDeadLetters()[0].DeadLetterReason, queue.PeekDeadLetters()[0].DeadLetterErrorDescription)
        );
        Assert.Equal(
            ServiceBusFailureReason.MessageNotFound,
            await ReasonOf(() => receiver.ReceiveDeferredMessageAsync(message.SequenceNumber))
        );
    }

    [Fact]
    public async Task Several_deferred_messages_come_together_or_not_at_all_and_can_be_deleted_at_once()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1", "2");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        var numbers = new List<long>();
        for (var i = 0; i < 2; i++)
        {
            var message = await receiver.ReceiveMessageAsync();
            numbers.Add(message.SequenceNumber);
            await receiver.DeferMessageAsync(message);
        }
        Assert.Equal(
            ServiceBusFailureReason.MessageNotFound,
            await ReasonOf(() => receiver.ReceiveDeferredMessagesAsync([.. numbers, 999]))
        );
        Assert.Equal(2, queue.Counts.Deferred);
        await using var deleting = Door.Client.CreateReceiver(
            "alerts",
            new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete }
        );
        Assert.Equal(["1", "2"], (await deleting.ReceiveDeferredMessagesAsync(numbers)).Select(m => m.Body.ToString()));
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task A_lock_that_ended_settles_and_renews_nothing()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        var message = await receiver.ReceiveMessageAsync();
        Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, queue.Counts.Available);
        Assert.Equal(ServiceBusFailureReason.MessageLockLost, await ReasonOf(() => receiver.RenewMessageLockAsync(message)));
        Assert.Equal(ServiceBusFailureReason.MessageLockLost, await ReasonOf(() => receiver.CompleteMessageAsync(message)));
        var again = await receiver.ReceiveMessageAsync();
        Assert.Equal(2, again.DeliveryCount);
        await receiver.CompleteMessageAsync(again);
    }

    [Fact]
    public async Task A_renewed_lock_lasts_a_whole_duration_more()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        var message = await receiver.ReceiveMessageAsync();
        for (var i = 0; i < 5; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(29));
            await receiver.RenewMessageLockAsync(message);
            Assert.Equal(Time.GetUtcNow().AddSeconds(30), message.LockedUntil);
        }
        Assert.Equal(1, queue.Counts.Locked);
        await receiver.CompleteMessageAsync(message);
    }

    [Fact]
    public async Task After_the_last_delivery_and_after_its_life_a_message_is_a_dead_letter()
    {
        var queue = Door.Queue("alerts", new LocalQueueOptions { MaxDeliveryCount = 2 });
        await SendAsync("alerts", "often");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        for (var i = 1; i <= 2; i++)
        {
            var message = await receiver.ReceiveMessageAsync();
            Assert.Equal(i, message.DeliveryCount);
            await receiver.AbandonMessageAsync(message);
        }
        await using var sender = Door.Client.CreateSender("alerts");
        await sender.SendMessageAsync(new ServiceBusMessage("short") { TimeToLive = TimeSpan.FromSeconds(5) });
        Time.Advance(TimeSpan.FromSeconds(5));
        await using var dead = Door.Client.CreateReceiver("alerts", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        Assert.Equal(
            [("often", "MaxDeliveryCountExceeded"), ("short", "TTLExpiredException")],
            (await dead.PeekMessagesAsync(10)).Select(m => (m.Body.ToString(), m.DeadLetterReason))
        );
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 2), queue.Counts);
    }

    [Fact]
    public async Task Received_and_deleted_it_is_gone_when_it_arrives()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1", "2", "3");
        await using var receiver = Door.Client.CreateReceiver(
            "alerts",
            new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete }
        );
        Assert.Equal("1", (await receiver.ReceiveMessageAsync()).Body.ToString());
        Assert.Equal(new QueueCounts(2, 0, 0, 0, 0), queue.Counts);
    }

    [Fact]
    public async Task A_message_outlives_the_link_it_came_on_and_another_receiver_settles_it_by_its_lock()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1");
        var first = Door.Client.CreateReceiver("alerts");
        var message = await first.ReceiveMessageAsync();
        await first.DisposeAsync();
        Assert.Equal(1, queue.Counts.Locked);
        await using var second = Door.Client.CreateReceiver("alerts");
        await second.CompleteMessageAsync(message);
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task Two_receivers_never_have_the_same_message()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", [.. Enumerable.Range(0, 100).Select(i => $"{i}")]);
        var received = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(async _ =>
                {
                    await using var receiver = Door.NewClient().CreateReceiver("alerts");
                    var mine = new List<string>();
                    for (var i = 0; i < 25; i++)
                    {
                        var message = await receiver.ReceiveMessageAsync();
                        mine.Add(message.Body.ToString());
                        await receiver.CompleteMessageAsync(message);
                    }
                    return mine;
                })
        );
        Assert.Equal(100, received.SelectMany(r => r).Distinct().Count());
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task Prefetched_messages_are_locked_and_come_back_uncounted_when_the_receiver_closes()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1", "2", "3");
        var receiver = Door.Client.CreateReceiver("alerts", new ServiceBusReceiverOptions { PrefetchCount = 10 });
        await receiver.CompleteMessageAsync(await receiver.ReceiveMessageAsync());
        await Until(() => queue.Counts.Locked == 2);
        await receiver.DisposeAsync();
        await Until(() => queue.Counts.Available == 2);
        Assert.Equal(1, (await queue.ReceiveAsync(TimeSpan.Zero))!.DeliveryCount);
    }

    [Fact]
    public async Task A_lock_given_back_uncounted_is_not_the_lock_of_the_next_delivery()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1");
        var first = (await queue.ReceiveAsync(TimeSpan.Zero))!;
        await queue.ReleaseAsync(Guid.Parse(first.LockToken));
        var second = (await queue.ReceiveAsync(TimeSpan.Zero))!;
        Assert.Equal((1, 1), (first.DeliveryCount, second.DeliveryCount));
        await Assert.ThrowsAsync<MessageLockLostException>(() => queue.CompleteAsync(first));
        await queue.CompleteAsync(second);
    }
}

using System.Text;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Broker;

public sealed class SendingTests : DoorTests
{
    [Fact]
    public async Task Single_messages_collections_and_batches_arrive_in_their_order()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        await sender.SendMessageAsync(new ServiceBusMessage("1"));
        await sender.SendMessagesAsync([new ServiceBusMessage("2"), new ServiceBusMessage("3")]);
        using var batch = await sender.CreateMessageBatchAsync();
        foreach (var body in (string[])["4", "5", "6"])
            Assert.True(batch.TryAddMessage(new ServiceBusMessage(body)));
        await sender.SendMessagesAsync(batch);
        Assert.Equal(["1", "2", "3", "4", "5", "6"], queue.Peek().Select(m => m.Body.ToString()));
    }

    [Fact]
    public async Task A_batch_says_when_it_is_full_and_a_message_over_the_limit_is_not_sent()
    {
        var queue = Door.Queue("alerts", new LocalQueueOptions { MaxMessageBytes = 10_000 });
        await using var sender = Door.Client.CreateSender("alerts");
        using var batch = await sender.CreateMessageBatchAsync();
        Assert.Equal(10_000, batch.MaxSizeInBytes);
        Assert.True(batch.TryAddMessage(new ServiceBusMessage(new byte[5_000])));
        Assert.False(batch.TryAddMessage(new ServiceBusMessage(new byte[5_000])));
        Assert.Equal(
            ServiceBusFailureReason.MessageSizeExceeded,
            await ReasonOf(() => sender.SendMessageAsync(new ServiceBusMessage(new byte[10_001])))
        );
        await sender.SendMessagesAsync(batch);
        Assert.Equal(1, queue.Counts.Active);
    }

    [Fact]
    public async Task A_message_id_sent_twice_is_accepted_twice_and_kept_once_until_its_window_is_over()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "a");
        await SendAsync("alerts", "a");
        Assert.Equal(1, queue.Counts.Active);
        Time.Advance(TimeSpan.FromMinutes(10));
        await SendAsync("alerts", "a");
        Assert.Equal(2, queue.Counts.Active);
    }

    [Fact]
    public async Task A_scheduled_message_waits_for_its_time_and_then_comes_after_what_was_there()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        var at = Time.GetUtcNow().AddHours(1);
        var number = await sender.ScheduleMessageAsync(new ServiceBusMessage("later") { MessageId = "l" }, at);
        await SendAsync("alerts", "now");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        var scheduled = await receiver.PeekMessageAsync();
        Assert.Equal(
            (number, ServiceBusMessageState.Scheduled, at),
            (scheduled.SequenceNumber, scheduled.State, scheduled.ScheduledEnqueueTime)
        );
        Time.Advance(TimeSpan.FromHours(1));
        var received = await receiver.ReceiveMessagesAsync(2);
        if (received.Count == 1)
            received = [received[0], await receiver.ReceiveMessageAsync()];
        Assert.Equal(["now", "later"], received.Select(m => m.Body.ToString()));
        Assert.True(received[1].SequenceNumber > number);
        Assert.Equal(
            (at, at, ServiceBusMessageState.Active),
            (received[1].EnqueuedTime, received[1].ScheduledEnqueueTime, received[1].State)
        );
        Assert.Equal(2, queue.Counts.Locked);
    }

    [Fact]
    public async Task Scheduled_messages_can_be_taken_back_while_they_wait_and_no_later()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        var numbers = await sender.ScheduleMessagesAsync(
            [new ServiceBusMessage("1"), new ServiceBusMessage("2")],
            Time.GetUtcNow().AddHours(1)
        );
        await sender.CancelScheduledMessagesAsync(numbers);
        Assert.Equal(Empty, queue.Counts);
        Assert.Equal(ServiceBusFailureReason.MessageNotFound, await ReasonOf(() => sender.CancelScheduledMessageAsync(numbers[0])));
        var third = await sender.ScheduleMessageAsync(new ServiceBusMessage("3"), Time.GetUtcNow().AddHours(1));
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(ServiceBusFailureReason.MessageNotFound, await ReasonOf(() => sender.CancelScheduledMessageAsync(third)));
        Assert.Equal(1, queue.Counts.Available);
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_named_with_those_that_are()
    {
        Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alarts");
        var error = await Assert.ThrowsAsync<ServiceBusException>(() => sender.SendMessageAsync(new ServiceBusMessage("1")));
        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, error.Reason);
        Assert.Contains("'alarts' could not be found. Queues here: alerts.", error.Message, StringComparison.Ordinal);
        await using var receiver = Door.Client.CreateReceiver("alarts");
        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, await ReasonOf(() => receiver.ReceiveMessageAsync()));
        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, await ReasonOf(() => receiver.PeekMessageAsync()));
    }

    [Fact]
    public async Task What_breaks_a_limit_is_refused_by_name_and_a_batch_is_all_or_nothing()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        var large = new ServiceBusMessage("1");
        large.ApplicationProperties["large"] = new string('x', 33 * 1024);
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => sender.SendMessagesAsync([new ServiceBusMessage("fine"), large]));
        Assert.Contains("'large' is larger than 32768 bytes", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task A_queue_with_sessions_refuses_a_message_without_one()
    {
        var queue = Door.Queue("activity", new LocalQueueOptions { RequiresSession = true });
        await using var sender = Door.Client.CreateSender("activity");
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => sender.SendMessageAsync(new ServiceBusMessage("1")));
        Assert.Contains("requires a SessionId", refused.Message, StringComparison.Ordinal);
        await sender.SendMessageAsync(new ServiceBusMessage("1") { SessionId = "a" });
        Assert.Equal(1, queue.Counts.Active);
    }

    [Fact]
    public async Task Nobody_sends_to_dead_letters()
    {
        Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts/$deadletterqueue");
        await Assert.ThrowsAsync<InvalidOperationException>(() => sender.SendMessageAsync(new ServiceBusMessage("1")));
    }

    [Fact]
    public async Task Names_with_other_letters_and_slashes_are_found()
    {
        var queue = Door.Queue("team a/Alerts");
        await SendAsync("Team A/alerts", "1");
        await using var receiver = Door.Client.CreateReceiver("team a/alerts");
        await receiver.CompleteMessageAsync(await receiver.ReceiveMessageAsync());
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task A_message_of_many_frames_keeps_every_byte()
    {
        Door.Queue("alerts", new LocalQueueOptions { MaxMessageBytes = LocalQueueOptions.LargestAllowedMessage });
        var body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i:D9} ")));
        await using var sender = Door.Client.CreateSender("alerts");
        await sender.SendMessageAsync(new ServiceBusMessage(body));
        await using var receiver = Door.Client.CreateReceiver("alerts");
        Assert.Equal(body, (await receiver.ReceiveMessageAsync()).Body.ToArray());
    }
}

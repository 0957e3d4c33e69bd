using System.Text;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Broker;

/// <summary>What every queue does, whatever keeps its messages. All of it under virtual time.</summary>
public abstract partial class QueueContract : IAsyncLifetime
{
    private readonly List<IQueueStorage> storages = [];
    private IQueueStorage? storage;

    protected VirtualTimeProvider Time { get; } = new();

    protected abstract IQueueStorage OpenStorage();

    protected LocalQueue Open(LocalQueueOptions? options = null, string name = "alerts")
    {
        if (storage is null)
            storages.Add(storage = OpenStorage());
        return new LocalQueue(name, storage, Time, options);
    }

    /// <summary>As after kill -9: the old storage is neither closed nor flushed, a new one opens what is there.</summary>
    protected void Crash() => storage = null;

    public Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        foreach (var each in storages)
            await each.DisposeAsync();
    }

    protected static async Task<ServiceBusReceivedMessage> Take(LocalQueue queue) =>
        await queue.ReceiveAsync(TimeSpan.Zero) ?? throw new InvalidOperationException("There was no message.");

    protected static Task<ServiceBusReceivedMessage?> TryTake(LocalQueue queue) => queue.ReceiveAsync(TimeSpan.Zero);

    [Fact]
    public async Task Messages_come_in_the_order_they_were_accepted_with_all_they_carry()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("1", "a"));
        await queue.SendAsync(
            new OutgoingMessage
            {
                Body = Encoding.UTF8.GetBytes("2"),
                MessageId = "b",
                CorrelationId = "c",
                Subject = "s",
                ContentType = "text/plain",
                SessionId = "alice",
                To = "t",
                ReplyTo = "r",
                ApplicationProperties = new Dictionary<string, object>
                {
                    ["text"] = "x",
                    ["count"] = 7,
                    ["at"] = Time.GetUtcNow(),
                },
            }
        );
        Assert.Equal("1", (await Take(queue)).Body.ToString());
        var second = await Take(queue);
        Assert.Equal(
            ("2", "b", "c", "s", "text/plain", "alice"),
            (second.Body.ToString(), second.MessageId, second.CorrelationId, second.Subject, second.ContentType, second.SessionId)
        );
        Assert.Equal(7, second.ApplicationProperties["count"]);
        Assert.Equal(Time.GetUtcNow(), second.ApplicationProperties["at"]);
        Assert.Equal(1, second.DeliveryCount);
        Assert.Equal(Time.GetUtcNow(), second.EnqueuedTime);
        Assert.Null(await TryTake(queue));
    }

    [Fact]
    public async Task A_locked_message_is_invisible_and_a_completed_one_is_gone()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("1"));
        var message = await Take(queue);
        Assert.Null(await TryTake(queue));
        Assert.Equal(1, queue.Counts.Locked);
        await queue.CompleteAsync(message);
        Assert.Equal(0, queue.Counts.Active);
        await Assert.ThrowsAsync<MessageLockLostException>(() => queue.CompleteAsync(message));
    }

    [Fact]
    public async Task A_lock_that_ends_gives_the_message_to_the_next_receiver_and_the_old_one_can_no_longer_settle_it()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("1"));
        var first = await Take(queue);
        var waiting = queue.ReceiveAsync();
        Time.Advance(TimeSpan.FromSeconds(30));
        var second = await waiting;
        Assert.Equal((1, 2), (first.DeliveryCount, second!.DeliveryCount));
        await Assert.ThrowsAsync<MessageLockLostException>(() => queue.CompleteAsync(first));
        await queue.CompleteAsync(second);
    }

    [Fact]
    public async Task A_renewed_lock_lasts_a_whole_duration_more()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("1"));
        var message = await Take(queue);
        for (var i = 0; i < 5; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(29));
            Assert.Equal(Time.GetUtcNow().AddSeconds(30), queue.RenewLock(message));
        }
        await queue.CompleteAsync(message);
        Assert.Throws<MessageLockLostException>(() => queue.RenewLock(message));
    }

    [Fact]
    public async Task An_abandoned_message_comes_again_at_its_old_place_with_its_changed_properties()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("1"));
        await queue.SendAsync(OutgoingMessage.Json("2"));
        await queue.AbandonAsync(await Take(queue), new Dictionary<string, object> { ["seen"] = true });
        var again = await Take(queue);
        Assert.Equal(("1", 2, true), (again.Body.ToString(), again.DeliveryCount, (bool)again.ApplicationProperties["seen"]));
    }

    [Fact]
    public async Task After_the_last_delivery_the_message_is_a_dead_letter_whether_abandoned_or_forgotten()
    {
        var queue = Open(new LocalQueueOptions { MaxDeliveryCount = 3 });
        await queue.SendAsync(OutgoingMessage.Json("abandoned"));
        for (var i = 0; i < 3; i++)
            await queue.AbandonAsync(await Take(queue));
        await queue.SendAsync(OutgoingMessage.Json("forgotten"));
        for (var i = 0; i < 3; i++)
        {
            await Take(queue);
            Time.Advance(TimeSpan.FromSeconds(31));
        }
        Assert.Null(await TryTake(queue));
        Assert.Equal(["abandoned", "forgotten"], queue.PeekDeadLetters().Select(m => m.Body.ToString()));
        Assert.All(queue.PeekDeadLetters(), m => Assert.Equal("MaxDeliveryCountExceeded", m.DeadLetterReason));
    }

    [Fact]
    public async Task A_dead_letter_keeps_its_reason_and_can_be_sent_again_past_duplicate_detection()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("{", "broken"));
        await queue.DeadLetterAsync(
            await Take(queue),
            "NotAnAlert",
            "The body is not JSON: line 1.",
            new Dictionary<string, object> { ["by"] = "intake" }
        );
        var dead = Assert.Single(queue.PeekDeadLetters());
        Assert.Equal(
            ("NotAnAlert", "The body is not JSON: line 1.", "intake"),
            (dead.DeadLetterReason, dead.DeadLetterErrorDescription, dead.ApplicationProperties["by"])
        );
        Assert.Empty(queue.Peek());

        Assert.True(await queue.ResubmitAsync(dead.SequenceNumber));
        Assert.False(await queue.ResubmitAsync(dead.SequenceNumber));
        var again = await Take(queue);
        Assert.Equal(("broken", 1, null), (again.MessageId, again.DeliveryCount, again.DeadLetterReason));
        Assert.True(again.SequenceNumber > dead.SequenceNumber);
        Assert.Equal(0, queue.Counts.DeadLettered);
    }

    [Fact]
    public async Task The_same_message_id_is_accepted_once_in_ten_minutes_and_again_after()
    {
        var queue = Open();
        var first = await queue.SendAsync(OutgoingMessage.Json("1", "id"));
        for (var i = 0; i < 100; i++)
            Assert.Equal(new Accepted(first.SequenceNumber, true), await queue.SendAsync(OutgoingMessage.Json("again", "id")));
        await queue.CompleteAsync(await Take(queue));
        Time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.True((await queue.SendAsync(OutgoingMessage.Json("late", "id"))).IsDuplicate);
        Time.Advance(TimeSpan.FromTicks(1));
        Assert.False((await queue.SendAsync(OutgoingMessage.Json("later", "id"))).IsDuplicate);
        Assert.Equal("later", (await Take(queue)).Body.ToString());
    }

    [Fact]
    public async Task Messages_without_an_id_are_never_duplicates_and_get_one()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("1"));
        await queue.SendAsync(OutgoingMessage.Json("1"));
        Assert.NotEqual((await Take(queue)).MessageId, (await Take(queue)).MessageId);
    }

    [Fact]
    public async Task A_scheduled_message_comes_at_its_time_and_not_before()
    {
        var queue = Open();
        var at = Time.GetUtcNow().AddHours(24);
        await queue.SendAsync(OutgoingMessage.Json("later") with { ScheduledEnqueueTime = at });
        Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMilliseconds(1));
        Assert.Null(await TryTake(queue));
        Assert.Equal(1, queue.Counts.Scheduled);
        var waiting = queue.ReceiveAsync();
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("later", (await waiting)!.Body.ToString());
    }

    [Fact]
    public async Task A_message_past_its_life_is_a_dead_letter_unless_the_queue_drops_such()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("short") with { TimeToLive = TimeSpan.FromSeconds(5) });
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await TryTake(queue));
        Assert.Equal("TTLExpiredException", Assert.Single(queue.PeekDeadLetters()).DeadLetterReason);

        var dropping = Open(new LocalQueueOptions { DefaultTimeToLive = TimeSpan.FromSeconds(5), DeadLetterOnExpiration = false }, "drops");
        await dropping.SendAsync(OutgoingMessage.Json("short"));
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 0), dropping.Counts);
    }

    [Fact]
    public async Task A_deferred_message_comes_only_when_asked_for_by_number()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("1"));
        var message = await Take(queue);
        await queue.DeferAsync(message);
        Assert.Null(await TryTake(queue));
        Assert.Equal(ServiceBusMessageState.Deferred, Assert.Single(queue.Peek()).State);
        var again = await queue.ReceiveDeferredAsync(message.SequenceNumber);
        await queue.CompleteAsync(again!);
        Assert.Null(await queue.ReceiveDeferredAsync(message.SequenceNumber));
    }

    [Fact]
    public async Task A_waiting_receiver_gives_up_when_told_or_when_its_time_is_over_and_takes_no_message_with_it()
    {
        var queue = Open();
        using var stop = new CancellationTokenSource();
        var cancelled = queue.ReceiveAsync(stop: stop.Token);
        var timed = queue.ReceiveAsync(TimeSpan.FromSeconds(2));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await timed);
        await queue.SendAsync(OutgoingMessage.Json("1"));
        Assert.Equal(1, (await Take(queue)).DeliveryCount);
    }

    [Fact]
    public async Task A_message_over_the_limit_or_with_a_broken_property_is_refused_by_name_and_a_batch_is_all_or_nothing()
    {
        var queue = Open(new LocalQueueOptions { MaxMessageBytes = 100 });
        var tooLarge = await Assert.ThrowsAsync<MessageRefusedException>(() =>
            queue.SendAsync([OutgoingMessage.Json("1"), OutgoingMessage.Json(new string('x', 101))])
        );
        Assert.Equal(RefusalReason.TooLarge, tooLarge.Reason);
        var differing = await Assert.ThrowsAsync<MessageRefusedException>(() =>
            queue.SendAsync(OutgoingMessage.Json("1") with { SessionId = "a", PartitionKey = "b" })
        );
        Assert.Contains("PartitionKey", differing.Message, StringComparison.Ordinal);
        var longId = await Assert.ThrowsAsync<MessageRefusedException>(() =>
            queue.SendAsync(OutgoingMessage.Json("1", new string('i', 129)))
        );
        Assert.Contains("MessageId has 129 characters", longId.Message, StringComparison.Ordinal);
        Assert.Equal(0, queue.Counts.Active);
    }

    [Fact]
    public async Task Settling_with_what_the_real_queue_refuses_is_refused_and_leaves_the_message_locked()
    {
        var queue = Open();
        await queue.SendAsync(OutgoingMessage.Json("1"));
        var message = await Take(queue);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => queue.DeadLetterAsync(message, "Reason", new string('x', 4097)));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            queue.AbandonAsync(message, new Dictionary<string, object> { ["bad"] = new object() })
        );
        Assert.Equal(1, queue.Counts.Locked);
        await queue.CompleteAsync(message);
    }

    [Fact]
    public async Task A_hundred_senders_and_receivers_at_once_lose_and_double_nothing()
    {
        var queue = Open();
        var received = Task.WhenAll(
            Enumerable
                .Range(0, 100)
                .Select(async _ =>
                {
                    var message = await queue.ReceiveAsync();
                    await queue.CompleteAsync(message!);
                    return message!.Body.ToString();
                })
        );
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => queue.SendAsync(OutgoingMessage.Json($"{i}", $"id{i}"))));
        Assert.Equal(100, (await received).Distinct().Count());
        Assert.Equal(0, queue.Counts.Active);
    }
}

public sealed class InMemoryQueueTests : QueueContract
{
    protected override IQueueStorage OpenStorage() => new InMemoryQueueStorage();
}

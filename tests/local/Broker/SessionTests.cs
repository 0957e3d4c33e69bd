using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Broker;

public sealed class SessionTests : DoorTests
{
    private static readonly LocalQueueOptions WithSessions = new() { RequiresSession = true };

    private LocalQueue Open(LocalQueueOptions? options = null) => Door.Queue("activity", options ?? WithSessions);

    private async Task SendInAsync(params (string Session, string Body)[] messages)
    {
        await using var sender = Door.Client.CreateSender("activity");
        foreach (var (session, body) in messages)
            await sender.SendMessageAsync(new ServiceBusMessage(body) { SessionId = session, MessageId = body });
    }

    /// <summary>A client whose session's link was closed from the other side closes itself, and says that as soon as it has.</summary>
    private static async Task AssertLostAsync(Func<Task> call)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(call);
        Assert.True(
            error is ObjectDisposedException or ServiceBusException { Reason: ServiceBusFailureReason.SessionLockLost },
            $"{error}"
        );
    }

    [Fact]
    public async Task The_next_session_is_that_of_the_oldest_message_and_its_holder_alone_gets_its_messages_in_order()
    {
        var queue = Open();
        await SendInAsync(("a", "a1"), ("b", "b1"), ("a", "a2"), ("a", "a3"));
        await using var first = await Door.Client.AcceptNextSessionAsync("activity");
        await using var second = await Door.Client.AcceptNextSessionAsync("activity");
        Assert.Equal(("a", "b", Time.GetUtcNow().AddSeconds(30)), (first.SessionId, second.SessionId, first.SessionLockedUntil));
        for (var i = 1; i <= 3; i++)
        {
            var message = await first.ReceiveMessageAsync();
            Assert.Equal(($"a{i}", "a"), (message.Body.ToString(), message.SessionId));
        }
        Assert.Equal("b1", (await second.ReceiveMessageAsync()).Body.ToString());
        Assert.Equal(4, queue.Counts.Locked);
    }

    [Fact]
    public async Task A_session_somebody_holds_cannot_be_had_until_it_is_closed()
    {
        Open();
        await SendInAsync(("a", "a1"));
        var first = await Door.Client.AcceptSessionAsync("activity", "a");
        Assert.Equal(
            ServiceBusFailureReason.SessionCannotBeLocked,
            await ReasonOf(() => Door.NewClient().AcceptSessionAsync("activity", "a"))
        );
        await first.DisposeAsync();
        await using var second = await Door.NewClient().AcceptSessionAsync("activity", "a");
        Assert.Equal("a1", (await second.ReceiveMessageAsync()).Body.ToString());
    }

    [Fact]
    public async Task A_named_session_may_be_empty_and_gets_what_comes_later()
    {
        Open();
        await using var session = await Door.Client.AcceptSessionAsync("activity", "a");
        var receiving = session.ReceiveMessageAsync();
        await SendInAsync(("b", "b1"), ("a", "a1"));
        Assert.Equal("a1", (await receiving).Body.ToString());
    }

    [Fact]
    public async Task Who_waits_for_any_session_gets_the_first_that_has_a_message()
    {
        var queue = Open();
        var accepting = Door.Client.AcceptNextSessionAsync("activity");
        await Until(() => queue.WaitingForSession == 1);
        await SendInAsync(("a", "a1"));
        await using var session = await accepting;
        Assert.Equal("a", session.SessionId);
    }

    [Fact]
    public async Task Who_waits_for_any_session_in_vain_hears_that_the_time_is_over()
    {
        var queue = Open();
        var accepting = ReasonOf(() => Door.Client.AcceptNextSessionAsync("activity"));
        await Until(() => queue.WaitingForSession == 1);
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(ServiceBusFailureReason.ServiceTimeout, await accepting);
        Assert.Equal(0, queue.WaitingForSession);
    }

    [Fact]
    public async Task Who_stops_waiting_for_a_session_leaves_nothing_behind()
    {
        var queue = Open();
        using var stop = new CancellationTokenSource();
        var accepting = Door.Client.AcceptNextSessionAsync("activity", cancellationToken: stop.Token);
        await Until(() => queue.WaitingForSession == 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
        await Until(() => queue.WaitingForSession == 0);
        await SendInAsync(("a", "a1"));
        await using var session = await Door.Client.AcceptSessionAsync("activity", "a");
        Assert.Equal(1, (await session.ReceiveMessageAsync()).DeliveryCount);
    }

    [Fact]
    public async Task Closing_gives_everything_back_in_its_order()
    {
        var queue = Open();
        await SendInAsync(("a", "a1"), ("a", "a2"), ("a", "a3"));
        var first = await Door.Client.AcceptNextSessionAsync("activity");
        var one = await first.ReceiveMessageAsync();
        await first.ReceiveMessageAsync();
        await first.CompleteMessageAsync(one);
        await first.DisposeAsync();
        await Until(() => queue.Counts.Locked == 0);
        await using var second = await Door.Client.AcceptNextSessionAsync("activity");
        var again = await second.ReceiveMessageAsync();
        Assert.Equal(("a2", 1), (again.Body.ToString(), again.DeliveryCount));
        Assert.Equal("a3", (await second.ReceiveMessageAsync()).Body.ToString());
    }

    [Fact]
    public async Task Messages_of_a_session_are_settled_in_every_way()
    {
        var queue = Open();
        await SendInAsync(("a", "a1"), ("a", "a2"), ("a", "a3"), ("a", "a4"));
        await using var session = await Door.Client.AcceptSessionAsync("activity", "a");
        await session.CompleteMessageAsync(await session.ReceiveMessageAsync());
        await session.AbandonMessageAsync(await session.ReceiveMessageAsync());
        var again = await session.ReceiveMessageAsync();
        Assert.Equal(("a2", 2), (again.Body.ToString(), again.DeliveryCount));
        await session.DeadLetterMessageAsync(again, "Why", "Because.");
        var third = await session.ReceiveMessageAsync();
        await session.DeferMessageAsync(third);
        Assert.Equal(new QueueCounts(1, 0, 0, 1, 1), queue.Counts);
        var deferred = await session.ReceiveDeferredMessageAsync(third.SequenceNumber);
        Assert.Equal("a3", deferred.Body.ToString());
        await session.CompleteMessageAsync(deferred);
        await session.CompleteMessageAsync(await session.ReceiveMessageAsync());
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 1), queue.Counts);
        Assert.Equal("a", queue.PeekDeadLetters()[0].SessionId);
    }

    [Fact]
    public async Task Dead_letters_of_a_queue_with_sessions_are_received_without_one()
    {
        var queue = Open();
        await SendInAsync(("a", "a1"));
        await using var session = await Door.Client.AcceptNextSessionAsync("activity");
        await session.DeadLetterMessageAsync(await session.ReceiveMessageAsync());
        await using var dead = Door.Client.CreateReceiver("activity", new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        var letter = await dead.ReceiveMessageAsync();
        Assert.Equal(("a1", "a"), (letter.Body.ToString(), letter.SessionId));
        await dead.CompleteMessageAsync(letter);
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task A_renewed_session_is_kept_and_one_that_is_not_is_lost_with_all_that_was_out()
    {
        var queue = Open();
        await SendInAsync(("a", "a1"), ("a", "a2"));
        await using var session = await Door.Client.AcceptNextSessionAsync("activity");
        var message = await session.ReceiveMessageAsync();
        for (var i = 0; i < 3; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(29));
            await session.RenewSessionLockAsync();
            Assert.Equal(Time.GetUtcNow().AddSeconds(30), session.SessionLockedUntil);
        }
        Assert.Equal(1, queue.Counts.Locked);
        Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(new QueueCounts(2, 0, 0, 0, 0), queue.Counts);
        await AssertLostAsync(() => session.CompleteMessageAsync(message));
        await AssertLostAsync(() => session.RenewSessionLockAsync());
        await using var second = await Door.Client.AcceptNextSessionAsync("activity");
        var again = await second.ReceiveMessageAsync();
        Assert.Equal(("a1", 2), (again.Body.ToString(), again.DeliveryCount));
    }

    [Fact]
    public async Task The_client_hears_of_a_lost_session_without_asking()
    {
        Open();
        await using var session = await Door.Client.AcceptSessionAsync("activity", "a");
        Time.Advance(TimeSpan.FromSeconds(30));
        await Until(() => session.IsClosed);
        await AssertLostAsync(() => session.GetSessionStateAsync());
    }

    [Fact]
    public async Task A_session_keeps_a_state_for_its_next_receiver()
    {
        Open();
        var first = await Door.Client.AcceptSessionAsync("activity", "a");
        Assert.Null(await first.GetSessionStateAsync());
        await first.SetSessionStateAsync(BinaryData.FromString("halfway"));
        await first.DisposeAsync();
        await using var second = await Door.Client.AcceptSessionAsync("activity", "a");
        Assert.Equal("halfway", (await second.GetSessionStateAsync()).ToString());
        await second.SetSessionStateAsync(null);
        Assert.Null(await second.GetSessionStateAsync());
    }

    [Fact]
    public async Task Sessions_are_listed_with_messages_or_state_or_by_when_their_state_was_set()
    {
        Open();
        await SendInAsync(("b", "b1"), ("a", "a1"));
        await using (var session = await Door.Client.AcceptSessionAsync("activity", "c"))
            await session.SetSessionStateAsync(BinaryData.FromString("x"));
        var then = Time.GetUtcNow();
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["a", "b", "c"], await Door.Client.GetMessageSessionsAsync("activity").ToListAsync());
        Assert.Equal(["c"], await Door.Client.GetMessageSessionsAsync("activity", then.AddSeconds(-1)).ToListAsync());
        Assert.Empty(await Door.Client.GetMessageSessionsAsync("activity", then).ToListAsync());
    }

    [Fact]
    public async Task A_session_receiver_peeks_at_its_own_session_only()
    {
        Open();
        await SendInAsync(("a", "a1"), ("b", "b1"), ("a", "a2"));
        await using var session = await Door.Client.AcceptSessionAsync("activity", "a");
        Assert.Equal(["a1", "a2"], (await session.PeekMessagesAsync(10)).Select(m => m.Body.ToString()));
        await using var plain = Door.Client.CreateReceiver("activity");
        Assert.Equal(["a1", "b1", "a2"], (await plain.PeekMessagesAsync(10)).Select(m => m.Body.ToString()));
    }

    [Fact]
    public async Task With_a_session_where_there_are_none_and_without_where_there_are_is_refused()
    {
        Open();
        Door.Queue("alerts");
        await using var plain = Door.Client.CreateReceiver("activity");
        var requires = await Assert.ThrowsAsync<InvalidOperationException>(() => plain.ReceiveMessageAsync());
        Assert.Contains("requires sessions", requires.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Door.Client.AcceptSessionAsync("alerts", "a"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Door.Client.AcceptNextSessionAsync("alerts"));
    }

    [Fact]
    public async Task A_client_that_wants_to_share_a_session_hears_that_it_cannot()
    {
        Open();
        var options = new ServiceBusSessionReceiverOptions { EnableNonExclusiveSession = true };
        await Assert.ThrowsAsync<NotSupportedException>(() => Door.Client.AcceptSessionAsync("activity", "a", options));
    }

    [Fact]
    public async Task A_receiver_inside_the_process_and_one_outside_respect_each_other()
    {
        var queue = Open();
        await SendInAsync(("a", "a1"), ("a", "a2"));
        var inside = await queue.ReceiveAsync(TimeSpan.Zero);
        Assert.Equal(ServiceBusFailureReason.SessionCannotBeLocked, await ReasonOf(() => Door.Client.AcceptSessionAsync("activity", "a")));
        await queue.CompleteAsync(inside!);
        await using var outside = await Door.Client.AcceptSessionAsync("activity", "a");
        Assert.Null(await queue.ReceiveAsync(TimeSpan.Zero));
        Assert.Equal("a2", (await outside.ReceiveMessageAsync()).Body.ToString());
    }
}

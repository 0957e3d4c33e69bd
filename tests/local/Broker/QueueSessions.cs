using System.Text;
using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Broker;

/// <summary>Sessions: of one session only one message is out at a time, and in order, whatever becomes of it.</summary>
public abstract partial class QueueContract
{
    private static readonly LocalQueueOptions WithSessions = new() { RequiresSession = true };

    [Fact]
    public async Task Without_a_session_a_queue_that_requires_one_refuses_the_message()
    {
        var refused = await Assert.ThrowsAsync<MessageRefusedException>(() => Open(WithSessions).SendAsync(OutgoingMessage.Json("1", "a")));
        Assert.Contains("SessionId", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_one_session_one_message_is_out_at_a_time_and_in_order_while_others_go_on()
    {
        var queue = Open(WithSessions);
        foreach (var (body, session) in (List<(string, string)>)[("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")])
            await queue.SendAsync(In(session, body));
        var first = await Take(queue);
        Assert.Equal("a1", first.Body.ToString());
        Assert.Equal("b1", (await Take(queue)).Body.ToString());
        Assert.Null(await TryTake(queue));
        await queue.CompleteAsync(first);
        var second = await Take(queue);
        Assert.Equal("a2", second.Body.ToString());
        Assert.Null(await TryTake(queue));
        await queue.DeadLetterAsync(second, "bad");
        Assert.Equal("a3", (await Take(queue)).Body.ToString());
    }

    [Fact]
    public async Task What_is_abandoned_or_loses_its_lock_comes_before_what_was_behind_it()
    {
        var queue = Open(WithSessions);
        foreach (var body in (string[])["a1", "a2"])
            await queue.SendAsync(In("a", body));
        await queue.AbandonAsync(await Take(queue));
        Assert.Equal("a1", (await Take(queue)).Body.ToString());
        Time.Advance(TimeSpan.FromMinutes(1)); // The lock ends.
        var again = await Take(queue);
        Assert.Equal(("a1", 3), (again.Body.ToString(), again.DeliveryCount));
        await queue.CompleteAsync(again);
        Assert.Equal("a2", (await Take(queue)).Body.ToString());
    }

    [Fact]
    public async Task A_receiver_that_waits_gets_the_next_of_the_session_when_the_one_before_is_done()
    {
        var queue = Open(WithSessions);
        await queue.SendAsync(In("a", "a1"));
        var first = await Take(queue);
        var waiting = queue.ReceiveAsync(TimeSpan.FromMinutes(5));
        await queue.SendAsync(In("a", "a2"));
        Assert.False(waiting.IsCompleted);
        await queue.CompleteAsync(first);
        Assert.Equal("a2", (await waiting)!.Body.ToString());
    }

    [Fact]
    public async Task After_a_crash_the_order_inside_a_session_is_kept()
    {
        var queue = Open(WithSessions);
        foreach (var body in (string[])["a1", "a2"])
            await queue.SendAsync(In("a", body));
        _ = await Take(queue);
        Crash();
        if (OpenStorage() is InMemoryQueueStorage)
            return; // Keeps nothing.
        var reopened = Open(WithSessions);
        Assert.Equal("a1", (await Take(reopened)).Body.ToString());
        Assert.Null(await TryTake(reopened));
    }

    private static OutgoingMessage In(string session, string body) =>
        new()
        {
            Body = Encoding.UTF8.GetBytes(body),
            SessionId = session,
            MessageId = body,
        };
}

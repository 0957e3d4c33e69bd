using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Broker;

/// <summary>
/// What a client was told is so after a kill -9: the first storage is neither closed nor flushed when a second opens its file.
/// </summary>
public sealed class DurabilityTests : IDisposable
{
    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("irf-broker-");
    private readonly VirtualTimeProvider time = new(
        DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds())
    );

    public void Dispose() => folder.Delete(recursive: true);

    private Door Open() => Door.Open(time, new SqliteQueueStorage(Path.Combine(folder.FullName, "queue.db")));

    [Fact]
    public async Task What_was_accepted_settled_scheduled_deferred_and_kept_with_a_session_is_there_after_a_kill()
    {
        await using var before = Open();
        before.Queue("alerts");
        before.Queue("activity", new LocalQueueOptions { RequiresSession = true });
        await using var sender = before.Client.CreateSender("alerts");
        var full = new ServiceBusMessage("kept") { MessageId = "k", Subject = "s" };
        full.ApplicationProperties["at"] = time.GetUtcNow();
        foreach (var body in (string[])["done", "dead", "deferred"])
            await sender.SendMessageAsync(new ServiceBusMessage(body) { MessageId = body });
        await sender.SendMessageAsync(full);
        var scheduled = await sender.ScheduleMessageAsync(new ServiceBusMessage("later"), time.GetUtcNow().AddHours(1));
        await using var receiver = before.Client.CreateReceiver("alerts");
        await receiver.CompleteMessageAsync(await receiver.ReceiveMessageAsync());
        await receiver.DeadLetterMessageAsync(await receiver.ReceiveMessageAsync(), "Why", "Because.");
        var deferred = await receiver.ReceiveMessageAsync();
        await receiver.DeferMessageAsync(deferred);
        await receiver.ReceiveMessageAsync();
        await using (var session = await before.Client.AcceptSessionAsync("activity", "a"))
            await session.SetSessionStateAsync(BinaryData.FromString("x"));

        await using var after = Open();
        var queue = after.Queue("alerts");
        Assert.Equal(new QueueCounts(1, 0, 1, 1, 1), queue.Counts);
        await using var again = after.Client.CreateReceiver("alerts");
        var kept = await again.ReceiveMessageAsync();
        Assert.Equal(
            ("kept", 2, "s", time.GetUtcNow()),
            (kept.Body.ToString(), kept.DeliveryCount, kept.Subject, kept.ApplicationProperties["at"])
        );
        Assert.Equal("deferred", (await again.ReceiveDeferredMessageAsync(deferred.SequenceNumber)).Body.ToString());
        Assert.Equal("Because.", queue.PeekDeadLetters()[0].DeadLetterErrorDescription);
        after.Queue("activity", new LocalQueueOptions { RequiresSession = true });
        await using var sessionAgain = await after.Client.AcceptSessionAsync("activity", "a");
        Assert.Equal("x", (await sessionAgain.GetSessionStateAsync()).ToString());
        await using var senderAgain = after.Client.CreateSender("alerts");
        await senderAgain.SendMessageAsync(new ServiceBusMessage("done") { MessageId = "done" });
        Assert.Equal(0, queue.Counts.Available);
        await senderAgain.CancelScheduledMessageAsync(scheduled);
        Assert.Equal(0, queue.Counts.Scheduled);
    }

    [Fact]
    public async Task A_scheduled_message_whose_time_came_while_nobody_ran_is_there_at_the_start()
    {
        await using var before = Open();
        before.Queue("alerts");
        await before.Client.CreateSender("alerts").ScheduleMessageAsync(new ServiceBusMessage("later"), time.GetUtcNow().AddHours(1));
        before.Queue("alerts").Dispose(); // Its clock is dead.
        time.Advance(TimeSpan.FromHours(2));
        await using var after = Open();
        Assert.Equal(1, after.Queue("alerts").Counts.Available);
        var third = Open();
        await using (third)
            Assert.Equal(1, third.Queue("alerts").Counts.Available);
    }
}

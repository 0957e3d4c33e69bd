using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Broker;

/// <summary>The same contract on disk, and what must survive a kill.</summary>
public sealed class SqliteQueueTests : QueueContract
{
    private readonly DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("irf-queue-");

    protected override IQueueStorage OpenStorage() => new SqliteQueueStorage(Path.Combine(folder.FullName, "queue.db"));

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Whatever_was_accepted_and_not_settled_is_there_after_a_kill_and_locks_are_forgotten()
    {
        var before = Open();
        await before.SendAsync(OutgoingMessage.Json("done", "1"));
        await before.SendAsync(OutgoingMessage.Json("at work", "2"));
        await before.SendAsync(OutgoingMessage.Json("dead", "3"));
        await before.SendAsync(
            OutgoingMessage.Json("waiting", "4") with
            {
                ApplicationProperties = new Dictionary<string, object> { ["n"] = 4L },
            }
        );
        await before.SendAsync(OutgoingMessage.Json("tomorrow", "5") with { ScheduledEnqueueTime = Time.GetUtcNow().AddDays(1) });
        await before.CompleteAsync(await Take(before));
        await Take(before);
        await before.DeadLetterAsync(await Take(before), "Reason", "Description");

        Crash();
        var after = Open();
        Assert.Equal(new QueueCounts(2, 0, 1, 0, 1), after.Counts);
        var atWork = await Take(after);
        Assert.Equal(("at work", 2), (atWork.Body.ToString(), atWork.DeliveryCount));
        Assert.Equal(4L, (await Take(after)).ApplicationProperties["n"]);
        Assert.Equal("Description", Assert.Single(after.PeekDeadLetters()).DeadLetterErrorDescription);
        Assert.True((await after.SendAsync(OutgoingMessage.Json("again", "1"))).IsDuplicate);
        Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(3, after.Counts.Available);
    }

    [Fact]
    public async Task A_message_that_kills_the_process_each_time_ends_as_a_dead_letter()
    {
        await Open(new LocalQueueOptions { MaxDeliveryCount = 3 }).SendAsync(OutgoingMessage.Json("poison"));
        for (var i = 0; i < 3; i++)
        {
            Crash();
            await Take(Open(new LocalQueueOptions { MaxDeliveryCount = 3 }));
        }
        Crash();
        var queue = Open(new LocalQueueOptions { MaxDeliveryCount = 3 });
        Assert.Null(await TryTake(queue));
        Assert.Equal("MaxDeliveryCountExceeded", Assert.Single(queue.PeekDeadLetters()).DeadLetterReason);
    }

    [Fact]
    public async Task A_lock_taken_before_a_kill_settles_nothing_after_it()
    {
        var before = Open();
        await before.SendAsync(OutgoingMessage.Json("1"));
        var held = await Take(before);
        Crash();
        var after = Open();
        await Take(after);
        await Assert.ThrowsAsync<MessageLockLostException>(() => after.CompleteAsync(held));
    }

    [Fact]
    public async Task A_sequence_number_is_never_given_twice_even_when_its_message_is_gone()
    {
        var before = Open();
        var first = await before.SendAsync(OutgoingMessage.Json("1"));
        await before.CompleteAsync(await Take(before));
        Crash();
        Assert.True((await Open().SendAsync(OutgoingMessage.Json("2"))).SequenceNumber > first.SequenceNumber);
    }

    [Fact]
    public async Task Queues_in_one_file_do_not_see_each_others_messages()
    {
        await Open(name: "alerts").SendAsync(OutgoingMessage.Json("1", "id"));
        Assert.False((await Open(name: "other").SendAsync(OutgoingMessage.Json("2", "id"))).IsDuplicate);
        Crash();
        Assert.Equal("2", Assert.Single(Open(name: "other").Peek()).Body.ToString());
    }
}

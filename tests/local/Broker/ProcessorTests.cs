using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Tests.Broker;

/// <summary>
/// The official processors. They renew by the real clock; the queue's own stands still until the test moves it, so that no stall loses a
/// lock.
/// </summary>
public sealed class ProcessorTests : DoorTests
{
    private readonly ConcurrentQueue<Exception> errors = new();

    private Task OnError(ProcessErrorEventArgs args)
    {
        errors.Enqueue(args.Exception);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_processor_works_on_many_at_once_and_completes_what_its_handler_did()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", [.. Enumerable.Range(0, 50).Select(i => $"{i}")]);
        var seen = new ConcurrentBag<string>();
        await using var processor = Door.Client.CreateProcessor("alerts", new ServiceBusProcessorOptions { MaxConcurrentCalls = 8 });
        processor.ProcessMessageAsync += args =>
        {
            seen.Add(args.Message.Body.ToString());
            return Task.CompletedTask;
        };
        processor.ProcessErrorAsync += OnError;
        await processor.StartProcessingAsync();
        await Until(() => queue.Counts == Empty);
        await processor.StopProcessingAsync();
        Assert.Equal(50, seen.Distinct().Count());
        Assert.Empty(errors);
    }

    [Fact]
    public async Task A_handler_that_throws_gets_its_message_again_until_it_is_a_dead_letter()
    {
        var queue = Door.Queue("alerts", new LocalQueueOptions { MaxDeliveryCount = 3 });
        await SendAsync("alerts", "poison");
        var deliveries = new ConcurrentQueue<int>();
        await using var processor = Door.Client.CreateProcessor("alerts");
        processor.ProcessMessageAsync += args =>
        {
            deliveries.Enqueue(args.Message.DeliveryCount);
            throw new FormatException("never");
        };
        processor.ProcessErrorAsync += OnError;
        await processor.StartProcessingAsync();
        await Until(() => queue.Counts.DeadLettered == 1);
        await processor.StopProcessingAsync();
        Assert.Equal([1, 2, 3], deliveries);
        Assert.All(errors, e => Assert.IsType<FormatException>(e));
        Assert.Equal("MaxDeliveryCountExceeded", queue.PeekDeadLetters()[0].DeadLetterReason);
    }

    [Fact]
    public async Task A_handler_settles_in_its_own_way()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "complete", "dead", "defer");
        await using var processor = Door.Client.CreateProcessor("alerts", new ServiceBusProcessorOptions { AutoCompleteMessages = false });
        processor.ProcessMessageAsync += args =>
            args.Message.Body.ToString() switch
            {
                "complete" => args.CompleteMessageAsync(args.Message),
                "dead" => args.DeadLetterMessageAsync(args.Message, "Why", "Because."),
                _ => args.DeferMessageAsync(args.Message),
            };
        processor.ProcessErrorAsync += OnError;
        await processor.StartProcessingAsync();
        await Until(() => queue.Counts == new QueueCounts(0, 0, 0, 1, 1));
        await processor.StopProcessingAsync();
        Assert.Empty(errors);
    }

    [Fact]
    public async Task The_lock_is_renewed_while_a_handler_takes_longer_than_it_lasts()
    {
        var renewed = new SemaphoreSlim(0);
        await using var door = Door.Open(Time, log: new Renewals("renew-lock", renewed));
        var queue = door.Queue("alerts", new LocalQueueOptions { LockDuration = TimeSpan.FromSeconds(1) });
        await queue.SendAsync(OutgoingMessage.Json("slow"));
        await using var processor = door.Client.CreateProcessor("alerts");
        processor.ProcessMessageAsync += async args =>
        {
            for (var i = 0; i < 3; i++)
            {
                await renewed.WaitAsync();
                Time.Advance(TimeSpan.FromSeconds(0.9));
            }
        };
        processor.ProcessErrorAsync += OnError;
        await processor.StartProcessingAsync();
        await Until(() => queue.Counts == Empty);
        await processor.StopProcessingAsync();
        Assert.Empty(errors);
    }

    [Fact]
    public async Task A_session_processor_gets_each_session_in_its_order_one_message_at_a_time()
    {
        var queue = Door.Queue("activity", new LocalQueueOptions { RequiresSession = true });
        for (var i = 0; i < 40; i++)
            await queue.SendAsync(new OutgoingMessage { Body = new byte[] { (byte)i }, SessionId = $"s{i % 4}" });
        var seen = new ConcurrentDictionary<string, ConcurrentQueue<int>>();
        var busy = new ConcurrentDictionary<string, int>();
        await using var processor = Door.Client.CreateSessionProcessor(
            "activity",
            new ServiceBusSessionProcessorOptions { MaxConcurrentSessions = 4, SessionIdleTimeout = TimeSpan.FromSeconds(5) }
        );
        processor.ProcessMessageAsync += async args =>
        {
            Assert.Equal(1, busy.AddOrUpdate(args.SessionId, 1, (_, n) => n + 1));
            seen.GetOrAdd(args.SessionId, _ => new()).Enqueue(args.Message.Body.ToArray()[0]);
            await Task.Yield();
            busy[args.SessionId] = 0;
        };
        processor.ProcessErrorAsync += OnError;
        await processor.StartProcessingAsync();
        await Until(() => queue.Counts == Empty);
        await processor.StopProcessingAsync();
        Assert.Equal(4, seen.Count);
        Assert.All(seen.Values, numbers => Assert.Equal(numbers.Order(), numbers));
        Assert.Empty(errors);
    }

    [Fact]
    public async Task The_lock_of_a_session_is_renewed_while_a_handler_takes_longer_than_it_lasts()
    {
        var renewed = new SemaphoreSlim(0);
        await using var door = Door.Open(Time, log: new Renewals("renew-session-lock", renewed));
        var queue = door.Queue("activity", new LocalQueueOptions { RequiresSession = true, LockDuration = TimeSpan.FromSeconds(1) });
        await queue.SendAsync(new OutgoingMessage { Body = "slow"u8.ToArray(), SessionId = "a" });
        await using var processor = door.Client.CreateSessionProcessor("activity");
        processor.ProcessMessageAsync += async args =>
        {
            for (var i = 0; i < 3; i++)
            {
                await renewed.WaitAsync();
                Time.Advance(TimeSpan.FromSeconds(0.9));
            }
            await args.SetSessionStateAsync(BinaryData.FromString("done"));
        };
        processor.ProcessErrorAsync += OnError;
        await processor.StartProcessingAsync();
        await Until(() => queue.Counts == Empty);
        await processor.StopProcessingAsync();
        Assert.Equal("done"u8.ToArray(), queue.GetSessionState("a")!.Value.ToArray());
        Assert.Empty(errors);
    }

    [Fact]
    public async Task A_processor_that_stops_leaves_what_it_did_not_begin_and_nothing_is_counted_twice()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1", "2", "3");
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var processor = Door.Client.CreateProcessor("alerts", new ServiceBusProcessorOptions { MaxConcurrentCalls = 1 });
        processor.ProcessMessageAsync += _ =>
        {
            begun.TrySetResult();
            return finish.Task;
        };
        processor.ProcessErrorAsync += OnError;
        await processor.StartProcessingAsync();
        await begun.Task;
        var stopping = processor.StopProcessingAsync();
        finish.SetResult();
        await stopping;
        await processor.CloseAsync();
        await Until(() => queue.Counts == new QueueCounts(2, 0, 0, 0, 0));
        Assert.Equal(1, (await queue.ReceiveAsync(TimeSpan.Zero))!.DeliveryCount);
    }

    /// <summary>Hears of each renewal the door answered.</summary>
    private sealed class Renewals(string operation, SemaphoreSlim signal) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (formatter(state, exception).Contains($":{operation} ", StringComparison.Ordinal))
                signal.Release();
        }
    }
}

using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Time;

namespace IRFunctions.Tests.Broker;

/// <summary>A test class on one door, its queue's clock virtual.</summary>
public abstract class DoorTests : IAsyncLifetime
{
    /// <summary>
    /// It stands still at the present whole second: the client forgets some locks by the real clock, and AMQP's times end at milliseconds.
    /// </summary>
    private protected VirtualTimeProvider Time { get; } =
        new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));

    private protected Door Door { get; }

    private protected DoorTests() => Door = Door.Open(Time);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await Door.DisposeAsync();

    private protected async Task SendAsync(string queue, params string[] bodies)
    {
        await using var sender = Door.Client.CreateSender(queue);
        await sender.SendMessagesAsync(bodies.Select(body => new ServiceBusMessage(body) { MessageId = body }));
    }

    private protected static async Task<ServiceBusFailureReason> ReasonOf(Func<Task> call) =>
        (await Assert.ThrowsAsync<ServiceBusException>(call)).Reason;

    /// <summary>Lets other threads work until something is so; fails where it is not within a minute.</summary>
    private protected static async Task Until(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!holds())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private protected static readonly QueueCounts Empty = new(0, 0, 0, 0, 0);
}

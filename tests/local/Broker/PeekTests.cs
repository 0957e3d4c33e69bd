using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Broker;

public sealed class PeekTests : DoorTests
{
    [Fact]
    public async Task Peeking_goes_on_from_where_it_was_takes_nothing_and_shows_what_is_locked_too()
    {
        var queue = Door.Queue("alerts");
        await SendAsync("alerts", "1", "2", "3");
        await using var receiver = Door.Client.CreateReceiver("alerts");
        await receiver.ReceiveMessageAsync();
        Assert.Equal(["1", "2"], (await receiver.PeekMessagesAsync(2)).Select(m => m.Body.ToString()));
        Assert.Equal("3", (await receiver.PeekMessageAsync()).Body.ToString());
        Assert.Null(await receiver.PeekMessageAsync());
        Assert.Equal(("1", 1), ((await receiver.PeekMessageAsync(0)).Body.ToString(), (await receiver.PeekMessageAsync(0)).DeliveryCount));
        Assert.Equal(new QueueCounts(2, 1, 0, 0, 0), queue.Counts);
    }

    [Fact]
    public async Task An_answer_larger_than_a_megabyte_comes_in_parts()
    {
        Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        for (var i = 0; i < 8; i++)
            await sender.SendMessageAsync(new ServiceBusMessage(new byte[200_000]));
        await using var receiver = Door.Client.CreateReceiver("alerts");
        var first = await receiver.PeekMessagesAsync(100);
        Assert.InRange(first.Count, 1, 7);
        Assert.Equal(8, first.Count + (await receiver.PeekMessagesAsync(100)).Count);
    }
}

using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;

namespace IRFunctions.Tests.Broker;

/// <summary>What a sender puts into a message comes out of it, over AMQP and inside the process alike.</summary>
public sealed class PropertyTests : DoorTests
{
    private static readonly Dictionary<string, object> EveryType = new()
    {
        ["string"] = "text",
        ["bool"] = true,
        ["byte"] = (byte)1,
        ["sbyte"] = (sbyte)-1,
        ["short"] = (short)-2,
        ["ushort"] = (ushort)2,
        ["int"] = -3,
        ["uint"] = 3u,
        ["long"] = -4L,
        ["ulong"] = 4ul,
        ["float"] = 1.5f,
        ["double"] = 2.5,
        ["decimal"] = 3.5m,
        ["char"] = 'ü',
        ["guid"] = Guid.Parse("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"),
        ["datetime"] = new DateTime(2026, 3, 4, 5, 6, 7, 890, DateTimeKind.Utc),
        ["offset"] = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero).AddTicks(1234567),
        ["span"] = TimeSpan.FromTicks(987654321),
        ["uri"] = new Uri("https://example.org/path?query=1"),
    };

    private static ServiceBusMessage Full()
    {
        var message = new ServiceBusMessage("body")
        {
            MessageId = "id",
            CorrelationId = "correlation",
            ContentType = "application/json",
            Subject = "subject",
            To = "to",
            ReplyTo = "reply-to",
            SessionId = "session",
            PartitionKey = "session",
            ReplyToSessionId = "reply-session",
            TimeToLive = TimeSpan.FromMinutes(5),
            ScheduledEnqueueTime = new DateTimeOffset(2025, 1, 2, 3, 4, 5, TimeSpan.Zero),
        };
        foreach (var (name, value) in EveryType)
            message.ApplicationProperties[name] = value;
        var raw = message.GetRawAmqpMessage();
        raw.Header.Priority = 7;
        raw.Header.Durable = true;
        raw.Properties.ContentEncoding = "utf-8";
        raw.Properties.GroupSequence = 12;
        raw.Properties.UserId = new byte[] { 1, 2, 3 };
        raw.MessageAnnotations["x-mine"] = "annotation";
        raw.DeliveryAnnotations["x-delivery"] = 5L;
        raw.Footer["x-footer"] = "footer";
        return message;
    }

    private void Check(ServiceBusReceivedMessage m)
    {
        Assert.Equal(
            ("body", "id", "correlation", "application/json", "subject", "to", "reply-to"),
            (m.Body.ToString(), m.MessageId, m.CorrelationId, m.ContentType, m.Subject, m.To, m.ReplyTo)
        );
        Assert.Equal(("session", "session", "reply-session"), (m.SessionId, m.PartitionKey, m.ReplyToSessionId));
        Assert.Equal(
            (TimeSpan.FromMinutes(5), Time.GetUtcNow(), Time.GetUtcNow().AddMinutes(5)),
            (m.TimeToLive, m.EnqueuedTime, m.ExpiresAt)
        );
        Assert.Equal(new DateTimeOffset(2025, 1, 2, 3, 4, 5, TimeSpan.Zero), m.ScheduledEnqueueTime);
        Assert.Equal(EveryType.OrderBy(p => p.Key), m.ApplicationProperties.OrderBy(p => p.Key));
        var raw = m.GetRawAmqpMessage();
        Assert.Equal(
            ((byte?)7, (bool?)true, "utf-8", (uint?)12),
            (raw.Header.Priority, raw.Header.Durable, raw.Properties.ContentEncoding, raw.Properties.GroupSequence)
        );
        Assert.Equal(new byte[] { 1, 2, 3 }, raw.Properties.UserId!.Value.ToArray());
        Assert.Equal(
            ("annotation", 5L, "footer"),
            (raw.MessageAnnotations["x-mine"], raw.DeliveryAnnotations["x-delivery"], raw.Footer["x-footer"])
        );
    }

    [Fact]
    public async Task Every_property_of_every_type_comes_out_as_it_went_in()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        await sender.SendMessageAsync(Full());
        Check(queue.Peek()[0]);
        await using var receiver = Door.Client.CreateReceiver("alerts");
        Check(await receiver.PeekMessageAsync());
        var received = await receiver.ReceiveMessageAsync();
        Check(received);
        Assert.Equal(
            (1, Time.GetUtcNow().AddSeconds(30), queue.Peek()[0].SequenceNumber, ServiceBusMessageState.Active),
            (received.DeliveryCount, received.LockedUntil, received.SequenceNumber, received.State)
        );
        Assert.Null(received.DeadLetterSource);
        await receiver.AbandonMessageAsync(received);
        Check((await queue.ReceiveAsync(TimeSpan.Zero))!);
    }

    [Fact]
    public async Task A_batch_keeps_the_properties_of_each_message()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        await sender.SendMessagesAsync([Full(), new ServiceBusMessage("plain") { MessageId = "other" }]);
        Check(queue.Peek()[0]);
        var plain = queue.Peek()[1];
        Assert.Equal(("plain", "other", 0), (plain.Body.ToString(), plain.MessageId, plain.ApplicationProperties.Count));
    }

    [Fact]
    public async Task A_message_from_inside_the_process_looks_the_same_to_both_receivers()
    {
        var queue = Door.Queue("alerts");
        await queue.SendAsync(
            new OutgoingMessage
            {
                Body = "1"u8.ToArray(),
                MessageId = "id",
                CorrelationId = "c",
                Subject = "s",
                ContentType = "text/plain",
                To = "t",
                ReplyTo = "r",
                SessionId = "a",
                PartitionKey = "a",
                ReplyToSessionId = "b",
                TimeToLive = TimeSpan.FromDays(100),
                ApplicationProperties = EveryType,
            }
        );
        await using var receiver = Door.Client.CreateReceiver("alerts");
        foreach (var m in (ServiceBusReceivedMessage[])[queue.Peek()[0], await receiver.PeekMessageAsync()])
        {
            Assert.Equal(
                ("1", "id", "c", "s", "text/plain", "t", "r", TimeSpan.FromDays(100)),
                (m.Body.ToString(), m.MessageId, m.CorrelationId, m.Subject, m.ContentType, m.To, m.ReplyTo, m.TimeToLive)
            );
            Assert.Equal(("a", "a", "b", Time.GetUtcNow().AddDays(100)), (m.SessionId, m.PartitionKey, m.ReplyToSessionId, m.ExpiresAt));
            Assert.Equal(EveryType.OrderBy(p => p.Key), m.ApplicationProperties.OrderBy(p => p.Key));
        }
    }

    [Fact]
    public async Task Bodies_of_values_and_sequences_come_out_as_such()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        await sender.SendMessageAsync(new ServiceBusMessage(new AmqpAnnotatedMessage(AmqpMessageBody.FromValue(42L))));
        await sender.SendMessageAsync(
            new ServiceBusMessage(
                new AmqpAnnotatedMessage(
                    AmqpMessageBody.FromSequence([
                        [1L, "two"],
                        [3L],
                    ])
                )
            )
        );
        await using var receiver = Door.Client.CreateReceiver("alerts");
        foreach (var pair in (IReadOnlyList<ServiceBusReceivedMessage>[])[queue.Peek(), await receiver.PeekMessagesAsync(2)])
        {
            Assert.True(pair[0].GetRawAmqpMessage().Body.TryGetValue(out var value));
            Assert.Equal(42L, value);
            Assert.True(pair[1].GetRawAmqpMessage().Body.TryGetSequence(out var sequence));
            Assert.Equal(
                [
                    [1L, "two"],
                    [3L],
                ],
                sequence
            );
        }
    }

    [Fact]
    public async Task A_body_of_several_sections_keeps_them_all_even_when_its_properties_change()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        var body = AmqpMessageBody.FromData(["ab"u8.ToArray(), "cd"u8.ToArray()]);
        await sender.SendMessageAsync(new ServiceBusMessage(new AmqpAnnotatedMessage(body)));
        await using var receiver = Door.Client.CreateReceiver("alerts");
        await receiver.AbandonMessageAsync(await receiver.ReceiveMessageAsync(), new Dictionary<string, object> { ["n"] = 1 });
        Assert.Equal("abcd", (await receiver.ReceiveMessageAsync()).Body.ToString());
        Assert.Equal("abcd", queue.Peek()[0].Body.ToString());
    }

    [Fact]
    public async Task A_message_lives_no_longer_than_the_queue_allows()
    {
        Door.Queue("alerts", new LocalQueueOptions { DefaultTimeToLive = TimeSpan.FromHours(1) });
        await using var sender = Door.Client.CreateSender("alerts");
        await sender.SendMessagesAsync([new ServiceBusMessage("1"), new ServiceBusMessage("2") { TimeToLive = TimeSpan.FromHours(2) }]);
        await using var receiver = Door.Client.CreateReceiver("alerts");
        foreach (var message in await receiver.PeekMessagesAsync(2))
            Assert.Equal((TimeSpan.FromHours(1), Time.GetUtcNow().AddHours(1)), (message.TimeToLive, message.ExpiresAt));
    }

    [Fact]
    public async Task A_message_without_an_id_has_none_over_amqp()
    {
        Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        await sender.SendMessageAsync(new ServiceBusMessage("1"));
        await using var receiver = Door.Client.CreateReceiver("alerts");
        Assert.Null((await receiver.ReceiveMessageAsync()).MessageId);
    }
}

using System.Net;
using System.Net.Sockets;
using System.Transactions;
using Azure.Messaging.ServiceBus;
using IRFunctions.Local.Broker;
using IRFunctions.Local.Broker.Amqp;
using IRFunctions.Local.Time;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Azure.Amqp.Sasl;
using Microsoft.Azure.Amqp.Transport;

namespace IRFunctions.Tests.Broker;

/// <summary>What a client that is not the official .NET one may do on the wire.</summary>
public sealed class ConnectionTests : DoorTests
{
    private async Task<AmqpConnection> ConnectAsync(SaslHandler? sasl = null)
    {
        var settings = new AmqpSettings();
        if (sasl is not null)
        {
            var provider = new SaslTransportProvider();
            provider.Versions.Add(new AmqpVersion(1, 0, 0));
            provider.AddHandler(sasl);
            settings.TransportProviders.Add(provider);
        }
        var amqp = new AmqpTransportProvider();
        amqp.Versions.Add(new AmqpVersion(1, 0, 0));
        settings.TransportProviders.Add(amqp);
        var initiator = new AmqpTransportInitiator(settings, new TcpTransportSettings { Host = "127.0.0.1", Port = Door.Endpoint.Port });
        var transport = await initiator.ConnectTaskAsync(TimeSpan.FromSeconds(30));
        var connection = new AmqpConnection(
            transport,
            settings,
            new AmqpConnectionSettings
            {
                ContainerId = "raw",
                HostName = "127.0.0.1",
                MaxFrameSize = 65536,
            }
        );
        await connection.OpenAsync(TimeSpan.FromSeconds(30));
        return connection;
    }

    private static async Task<AmqpSession> SessionAsync(AmqpConnection connection)
    {
        var session = connection.CreateSession(new AmqpSessionSettings { Properties = [] });
        await session.OpenAsync(TimeSpan.FromSeconds(30));
        return session;
    }

    private static async Task<SendingAmqpLink> SenderAsync(AmqpSession session, object target)
    {
        var link = new SendingAmqpLink(
            session,
            new AmqpLinkSettings
            {
                LinkName = "sender",
                Role = false,
                InitialDeliveryCount = 0,
                Source = new Source { Address = "me" },
                Target = target,
            }
        );
        await link.OpenAsync(TimeSpan.FromSeconds(30));
        return link;
    }

    private static async Task<ReceivingAmqpLink> ReceiverAsync(AmqpSession session, string address)
    {
        var link = new ReceivingAmqpLink(
            session,
            new AmqpLinkSettings
            {
                LinkName = "receiver",
                Role = true,
                SettleType = SettleMode.SettleOnDispose,
                Source = new Source { Address = address },
                Target = new Target { Address = "me" },
            }
        );
        await link.OpenAsync(TimeSpan.FromSeconds(30));
        return link;
    }

    private static AmqpMessage Message(int bytes) => AmqpMessage.Create(new Data { Value = new ArraySegment<byte>(new byte[bytes]) });

    private static Task<Outcome> SendAsync(SendingAmqpLink link, AmqpMessage message) =>
        link.SendMessageAsync(message, new ArraySegment<byte>([1]), AmqpConstants.NullBinary, TimeSpan.FromSeconds(30));

    public static TheoryData<string> Mechanisms => ["none", "ANONYMOUS", "PLAIN", "EXTERNAL", "MSSBCBS"];

    [Theory]
    [MemberData(nameof(Mechanisms))]
    public async Task A_client_opens_the_door_by_any_mechanism_it_likes(string mechanism)
    {
        var queue = Door.Queue("alerts");
        var connection = await ConnectAsync(
            mechanism switch
            {
                "none" => null,
                "PLAIN" => new SaslPlainHandler { AuthenticationIdentity = "me", Password = "mine" },
                "EXTERNAL" => new SaslExternalHandler(),
                "ANONYMOUS" => new SaslAnonymousHandler(),
                _ => new SaslAnonymousHandler(mechanism),
            }
        );
        var sender = await SenderAsync(await SessionAsync(connection), new Target { Address = "alerts" });
        Assert.Equal(Accepted(), (await SendAsync(sender, Message(1))).DescriptorCode);
        Assert.Equal(1, queue.Counts.Available);
        await connection.CloseAsync(TimeSpan.FromSeconds(30));

        static ulong Accepted() => Microsoft.Azure.Amqp.Framing.Accepted.Code;
    }

    [Fact]
    public async Task A_message_over_the_limit_of_the_link_closes_it_with_the_condition_for_that()
    {
        var queue = Door.Queue("alerts", new LocalQueueOptions { MaxMessageBytes = 1000 });
        var sender = await SenderAsync(await SessionAsync(await ConnectAsync()), new Target { Address = "alerts" });
        Assert.Equal(1000ul, sender.Settings.MaxMessageSize);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => SendAsync(sender, Message(1001)));
        var amqp = error as AmqpException ?? error.InnerException as AmqpException ?? sender.TerminalException as AmqpException;
        Assert.Equal("amqp:link:message-size-exceeded", amqp?.Error.Condition.Value);
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public async Task Bytes_that_are_no_message_are_rejected_and_hurt_nobody()
    {
        var queue = Door.Queue("alerts");
        var sender = await SenderAsync(await SessionAsync(await ConnectAsync()), new Target { Address = "alerts" });
        var batch = AmqpMessage.Create(new Data { Value = new ArraySegment<byte>([9, 9, 9, 9]) });
        batch.MessageFormat = AmqpConstants.AmqpBatchedMessageFormat;
        var rejected = Assert.IsType<Rejected>(await SendAsync(sender, batch));
        Assert.NotNull(rejected.Error.Condition.Value);
        await SendAsync(sender, Message(1));
        Assert.Equal(1, queue.Counts.Active);
    }

    [Fact]
    public async Task A_drain_is_answered_at_once_with_what_there_is_and_ends_the_credit()
    {
        var queue = Door.Queue("alerts");
        var receiver = await ReceiverAsync(await SessionAsync(await ConnectAsync()), "alerts");
        var waiting = receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(30));
        await Until(() => queue.WaitingForMessage == 1);
        await receiver.DrainAsyc(CancellationToken.None);
        Assert.Equal(0u, receiver.LinkCredit);
        await Until(() => queue.WaitingForMessage == 0);
        await queue.SendAsync(OutgoingMessage.Json("1"));
        Assert.Equal(1, queue.Counts.Available);
        Assert.False(waiting.IsCompleted);
        var second = receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(30));
        Assert.NotNull(await waiting); // The first to wait is the first to be served once there is credit again.
        Assert.Equal(1, queue.Counts.Locked);
        Assert.False(second.IsCompleted);
    }

    [Fact]
    public async Task A_rejected_message_without_the_words_of_service_bus_keeps_the_error_as_its_reason()
    {
        var queue = Door.Queue("alerts");
        await queue.SendAsync(OutgoingMessage.Json("1"));
        var receiver = await ReceiverAsync(await SessionAsync(await ConnectAsync()), "alerts");
        var message = await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(30));
        var outcome = new Rejected
        {
            Error = new Error { Condition = "amqp:decode-error", Description = "It is no alert." },
        };
        await receiver.DisposeMessageAsync(message.DeliveryTag, AmqpConstants.NullBinary, outcome, false, TimeSpan.FromSeconds(30));
        var letter = queue.PeekDeadLetters()[0];
        Assert.Equal(("amqp:decode-error", "It is no alert."), (letter.DeadLetterReason, letter.DeadLetterErrorDescription));
    }

    [Fact]
    public async Task Messages_are_deleted_in_one_request_up_to_a_time_and_what_is_held_stays()
    {
        var queue = Door.Queue("alerts");
        for (var i = 0; i < 4; i++)
            await queue.SendAsync(OutgoingMessage.Json($"{i}"));
        await queue.ReceiveAsync(TimeSpan.Zero);
        Time.Advance(TimeSpan.FromSeconds(1));
        await queue.SendAsync(OutgoingMessage.Json("new"));
        var answer = await RequestAsync(
            "com.microsoft:batch-delete-messages",
            new AmqpMap { [new MapKey("message-count")] = 2, [new MapKey("enqueued-time-utc")] = Time.GetUtcNow().UtcDateTime }
        );
        Assert.Equal(200, answer.Status);
        Assert.Equal(2, answer.Map[new MapKey("message-count")]);
        Assert.Equal(["0", "3", "new"], queue.Peek().Select(m => m.Body.ToString()));
        Assert.Equal(
            200,
            (
                await RequestAsync(
                    "com.microsoft:batch-delete-messages",
                    new AmqpMap { [new MapKey("message-count")] = 10, [new MapKey("enqueued-time-utc")] = Time.GetUtcNow().UtcDateTime }
                )
            ).Status
        );
        Assert.Equal(["0", "new"], queue.Peek().Select(m => m.Body.ToString()));
    }

    [Theory]
    [InlineData("com.microsoft:add-rule", 501, "amqp:not-implemented")]
    [InlineData("com.microsoft:renew-lock", 400, "com.microsoft:argument-error")]
    [InlineData("com.microsoft:update-disposition", 400, "com.microsoft:argument-error")]
    public async Task A_request_that_cannot_be_answered_says_why(string operation, int status, string condition)
    {
        Door.Queue("alerts");
        var answer = await RequestAsync(operation, []);
        Assert.Equal((status, condition), (answer.Status, answer.Condition));
        Assert.NotEmpty(answer.Description);
    }

    private async Task<(int Status, string? Condition, string Description, AmqpMap Map)> RequestAsync(string operation, AmqpMap map)
    {
        var link = new RequestResponseAmqpLink("test", await SessionAsync(await ConnectAsync()), "alerts/$management", []);
        await link.OpenAsync(TimeSpan.FromSeconds(30));
        var request = AmqpMessage.Create(new AmqpValue { Value = map });
        request.ApplicationProperties.Map["operation"] = operation;
        var answer = await link.RequestAsync(request, TimeSpan.FromSeconds(30));
        var properties = answer.ApplicationProperties.Map;
        return (
            (int)properties["statusCode"],
            (properties["errorCondition"] as AmqpSymbol?)?.Value,
            (string)properties["statusDescription"],
            (AmqpMap)answer.ValueBody.Value
        );
    }

    [Fact]
    public async Task A_client_may_name_its_link_where_answers_go()
    {
        var session = await SessionAsync(await ConnectAsync());
        var requests = await SenderAsync(session, new Target { Address = "$cbs" });
        var answers = new ReceivingAmqpLink(
            session,
            new AmqpLinkSettings
            {
                LinkName = "answers",
                Role = true,
                TotalLinkCredit = 10,
                AutoSendFlow = true,
                Source = new Source { Address = "$cbs" },
                Target = new Target(),
            }
        );
        await answers.OpenAsync(TimeSpan.FromSeconds(30));
        var request = AmqpMessage.Create(new AmqpValue { Value = "any token" });
        request.Properties.MessageId = "question";
        request.Properties.ReplyTo = "answers";
        request.ApplicationProperties.Map["operation"] = "put-token";
        await SendAsync(requests, request);
        var answer = await answers.ReceiveMessageAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(("question", 202), (answer.Properties.CorrelationId.ToString(), answer.ApplicationProperties.Map["status-code"]));
    }

    [Fact]
    public async Task A_transaction_is_refused_clearly()
    {
        var queue = Door.Queue("alerts");
        await using var sender = Door.Client.CreateSender("alerts");
        using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => sender.SendMessageAsync(new ServiceBusMessage("1")));
        Assert.Contains("no transactions", refused.ToString(), StringComparison.Ordinal);
        Assert.Equal(Empty, queue.Counts);
    }

    [Fact]
    public void The_door_is_on_the_loopback_address_only_and_a_taken_port_is_told()
    {
        using var outside = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // Bound to any other address of this machine the same port is free.
        outside.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), Door.Endpoint.Port));
        var queues = new QueueNamespace(new InMemoryQueueStorage(), new VirtualTimeProvider());
        var taken = Assert.Throws<SocketException>(() => AmqpEndpoint.Start(queues, Door.Endpoint.Port));
        Assert.Equal(SocketError.AddressAlreadyInUse, taken.SocketErrorCode);
    }

    [Fact]
    public async Task A_client_finds_the_door_again_after_it_was_closed_and_opened()
    {
        var queues = new QueueNamespace(new InMemoryQueueStorage(), Time);
        var queue = queues.Open("alerts");
        var endpoint = AmqpEndpoint.Start(queues);
        await using var client = new ServiceBusClient(endpoint.ConnectionString);
        var sender = client.CreateSender("alerts");
        await sender.SendMessageAsync(new ServiceBusMessage("1"));
        await endpoint.DisposeAsync();
        await using var again = AmqpEndpoint.Start(queues, endpoint.Port);
        await sender.SendMessageAsync(new ServiceBusMessage("2"));
        Assert.Equal(2, queue.Counts.Active);
    }

    [Fact]
    public async Task A_dropped_connection_gives_its_session_back_at_once()
    {
        var queue = Door.Queue("activity", new LocalQueueOptions { RequiresSession = true });
        await queue.SendAsync(new OutgoingMessage { Body = "1"u8.ToArray(), SessionId = "a" });
        var client = Door.NewClient();
        var session = await client.AcceptSessionAsync("activity", "a");
        await session.ReceiveMessageAsync();
        await client.DisposeAsync();
        await Until(() => queue.Counts.Available == 1);
        await using var second = await Door.Client.AcceptSessionAsync("activity", "a");
        Assert.Equal(1, (await second.ReceiveMessageAsync()).DeliveryCount);
    }
}

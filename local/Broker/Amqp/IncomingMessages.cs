using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>
/// A sender's link: each transfer is one message or a batch of them, accepted when it is stored and rejected with the reason otherwise.
/// </summary>
internal sealed class IncomingMessages(LocalQueue queue, ILogger log)
{
    public void Attach(ReceivingAmqpLink link) => link.RegisterMessageListener(message => _ = AcceptAsync(link, message));

    private async Task AcceptAsync(ReceivingAmqpLink link, AmqpMessage message)
    {
        DeliveryState state = AmqpConstants.AcceptedOutcome;
        try
        {
            if (message.TxnId.Array is not null)
                throw new NotSupportedException("This queue has no transactions.");
            // Read before the first wait: sequence numbers follow the order of the transfers.
            await queue.SendAsync(Read(message));
        }
        catch (Exception e)
        {
            if (e is not MessageRefusedException)
                log.LogError(e, "A message to queue {Queue} could not be stored", queue.Name);
            state = new Rejected { Error = AmqpErrors.From(e) };
        }
        message.Batchable = false;
        link.DisposeDelivery(message, settled: true, state);
        message.Dispose();
    }

    /// <summary>A batch carries each message encoded as one data section of its body (format 0x80013700).</summary>
    private static List<MessageContent> Read(AmqpMessage message)
    {
        if (message.MessageFormat != AmqpConstants.AmqpBatchedMessageFormat)
            return [MessageContent.From(Raw(message))];
        return [.. (message.DataBody ?? []).Select(d => MessageContent.From(Bytes(d)))];
    }

    /// <summary>The transfer's bytes as they came, copied: its buffers are the library's.</summary>
    private static byte[] Raw(AmqpMessage message)
    {
        var bytes = new byte[message.RawByteBuffers.Sum(b => b.Length)];
        var at = 0;
        foreach (var buffer in message.RawByteBuffers)
        {
            buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).CopyTo(bytes.AsSpan(at));
            at += buffer.Length;
        }
        return bytes;
    }

    private static ReadOnlyMemory<byte> Bytes(Data data) =>
        data.Value switch
        {
            ArraySegment<byte> segment => segment.ToArray(),
            byte[] bytes => bytes,
            _ => throw new FormatException("A batch has a message that is no bytes."),
        };
}

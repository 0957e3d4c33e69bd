using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Azure.Amqp.Transaction;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>Puts a link a client attaches to what its address names, or refuses it with a condition the client understands.</summary>
internal sealed class LinkOpener(QueueNamespace queues, ILogger log)
{
    private static readonly AmqpSymbol MaxBatchSize = "com.microsoft:max-message-batch-size";

    private readonly CbsNode cbs = new(log);

    /// <summary>The link the other side's attach asks for; only its kind is chosen here.</summary>
    public static AmqpLink Create(AmqpSession session, AmqpLinkSettings settings)
    {
        if (settings.IsReceiver())
            return new ReceivingAmqpLink(session, settings);
        var address = (settings.Source as Source)?.Address?.ToString() ?? "";
        return address == EntityAddress.Cbs || EntityAddress.Parse(address).Management
            ? new SendingAmqpLink(session, settings)
            : new DeliveryLink(session, settings);
    }

    public async Task OpenAsync(AmqpLink link)
    {
        try
        {
            switch (link)
            {
                case ReceivingAmqpLink receiving:
                    Open(receiving);
                    break;
                case SendingAmqpLink answers:
                    ((ClientConnection)link.Session.Connection).AddReply(answers);
                    break;
                case DeliveryLink deliveries:
                    await deliveries.OpenAsync(Find((link.Settings.Source as Source)?.Address), log);
                    break;
            }
        }
        catch (Exception e) when (e is not AmqpException)
        {
            throw new AmqpException(AmqpErrors.From(e));
        }
    }

    private void Open(ReceivingAmqpLink link)
    {
        if (link.Settings.Target is Coordinator)
            throw new NotSupportedException("This queue has no transactions; settle and send without a TransactionScope.");
        var address = (link.Settings.Target as Target)?.Address;
        if (address?.ToString() == EntityAddress.Cbs)
        {
            cbs.Attach(link);
            return;
        }
        var (queue, entity) = Find(address);
        if (entity.Management)
        {
            new ManagementNode(queue, entity.DeadLetters, log).Attach(link);
            return;
        }
        if (entity.DeadLetters)
            throw new InvalidOperationException(
                $"Nobody sends to the dead letters of queue '{queue.Name}'; a receiver moves messages there."
            );
        link.Settings.MaxMessageSize = (ulong)queue.Options.MaxMessageBytes;
        link.Settings.UpsertProperty(MaxBatchSize, (long)queue.Options.MaxMessageBytes);
        new IncomingMessages(queue, log).Attach(link);
    }

    private (LocalQueue Queue, EntityAddress Entity) Find(Address? address)
    {
        var entity = EntityAddress.Parse(address?.ToString() ?? "");
        var queue =
            queues.Find(entity.Queue)
            ?? throw new AmqpException(
                AmqpErrorCode.NotFound,
                $"The messaging entity '{entity.Queue}' could not be found. Queues here: "
                    + $"{string.Join(", ", queues.Queues.Select(q => q.Name))}."
            );
        return (queue, entity);
    }
}

using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Encoding;
using Microsoft.Azure.Amqp.Framing;
using Microsoft.Extensions.Logging;

namespace IRFunctions.Local.Broker.Amqp;

/// <summary>
/// A node that answers requests: a message comes on one link, its answer goes to the link whose address the request names in reply-to,
/// under the request's id (learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response).
/// </summary>
internal abstract class RequestNode(ILogger log)
{
    private long answers;

    public void Attach(ReceivingAmqpLink link) => link.RegisterMessageListener(message => _ = AnswerAsync(link, message));

    protected abstract Task<AmqpMessage> AnswerAsync(AmqpMessage request, ClientConnection connection);

    protected static string? Text(AmqpMessage request, string name) => request.ApplicationProperties?.Map[name] as string;

    private async Task AnswerAsync(ReceivingAmqpLink link, AmqpMessage request)
    {
        try
        {
            var connection = (ClientConnection)link.Session.Connection;
            link.DisposeDelivery(request, settled: true, AmqpConstants.AcceptedOutcome);
            var answer = await AnswerAsync(request, connection);
            if (request.Properties?.MessageId is { } id)
                answer.Properties.CorrelationId = id;
            var tag = BitConverter.GetBytes(Interlocked.Increment(ref answers));
            connection
                .FindReply(request.Properties?.ReplyTo?.ToString())
                ?.SendMessageNoWait(answer, new ArraySegment<byte>(tag), AmqpConstants.NullBinary);
        }
        catch (Exception e)
        {
            log.LogError(e, "A request on {Link} could not be answered", link.Name);
        }
        finally
        {
            request.Dispose();
        }
    }
}

/// <summary>Claims-based security: every token is taken (docs.oasis-open.org/amqp/amqp-cbs/v1.0).</summary>
internal sealed class CbsNode(ILogger log) : RequestNode(log)
{
    protected override Task<AmqpMessage> AnswerAsync(AmqpMessage request, ClientConnection connection)
    {
        var known = Text(request, "operation") == "put-token";
        var answer = AmqpMessage.Create(new AmqpValue { Value = new AmqpMap() });
        var status = known ? AmqpResponseStatusCode.Accepted : AmqpResponseStatusCode.NotImplemented;
        answer.ApplicationProperties.Map["status-code"] = (int)status;
        answer.ApplicationProperties.Map["status-description"] = known ? "Accepted" : "Only put-token is known.";
        return Task.FromResult(answer);
    }
}

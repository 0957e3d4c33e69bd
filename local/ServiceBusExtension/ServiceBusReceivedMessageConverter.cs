using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Makes a message of what the host sends: its lock token, a Guid of 16 bytes, and the message in AMQP's own encoding.</summary>
[SupportsDeferredBinding]
[SupportedTargetType(typeof(ServiceBusReceivedMessage))]
[SupportedTargetType(typeof(ServiceBusReceivedMessage[]))]
internal sealed class ServiceBusReceivedMessageConverter : IInputConverter
{
    private const string Source = "AzureServiceBusReceivedMessage";
    private const string ContentType = "application/octet-stream";
    private const int LockToken = 16;

    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        try
        {
            return new(
                context.Source switch
                {
                    ModelBindingData one => ConversionResult.Success(Read(one)),
                    CollectionModelBindingData many => ConversionResult.Success(many.ModelBindingData.Select(Read).ToArray()),
                    _ => ConversionResult.Unhandled(),
                }
            );
        }
        catch (Exception e)
        {
            return new(ConversionResult.Failed(e)); // The worker reports it with the invocation.
        }
    }

    private static ServiceBusReceivedMessage Read(ModelBindingData data)
    {
        if (data is not { Source: Source, ContentType: ContentType })
            throw new InvalidOperationException(
                $"'{data.Source}' of type '{data.ContentType}' is no message of Service Bus ('{Source}' of type '{ContentType}')"
            );
        var bytes = data.Content.ToMemory();
        return ServiceBusReceivedMessage.FromAmqpMessage(
            AmqpAnnotatedMessage.FromBytes(new BinaryData(bytes[LockToken..])),
            new BinaryData(bytes[..LockToken])
        );
    }
}

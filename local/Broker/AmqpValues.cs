using System.Text;
using Microsoft.Azure.Amqp.Encoding;

namespace IRFunctions.Local.Broker;

/// <summary>
/// Values of application properties between .NET and AMQP, as Service Bus clients write them: what AMQP has no type for travels as a
/// described type (learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide).
/// </summary>
internal static class AmqpValues
{
    private static readonly AmqpSymbol UriName = "com.microsoft:uri";
    private static readonly AmqpSymbol TimeSpanName = "com.microsoft:timespan";
    private static readonly AmqpSymbol DateTimeOffsetName = "com.microsoft:datetime-offset";

    /// <summary>False for a type that no Service Bus message can carry as a property.</summary>
    public static bool TryToAmqp(object? value, out object? amqp)
    {
        amqp = value switch
        {
            string
            or bool
            or byte
            or sbyte
            or short
            or ushort
            or int
            or uint
            or long
            or ulong
            or float
            or double
            or decimal
            or char
            or Guid
            or DateTime => value,
            byte[] bytes => new ArraySegment<byte>(bytes),
            Uri uri => new DescribedType(UriName, uri.IsAbsoluteUri ? uri.AbsoluteUri : uri.OriginalString),
            TimeSpan span => new DescribedType(TimeSpanName, span.Ticks),
            DateTimeOffset at => new DescribedType(DateTimeOffsetName, at.UtcTicks),
            _ => null,
        };
        return amqp is not null;
    }

    /// <summary>What a .NET client makes of a value; null for a described type it does not know.</summary>
    public static object? ToNet(object? amqp) =>
        amqp switch
        {
            AmqpSymbol symbol => symbol.Value,
            ArraySegment<byte> bytes => bytes.ToArray(),
            AmqpMap map => map.ToDictionary(e => KeyOf(e.Key), e => ToNet(e.Value)),
            DescribedType { Descriptor: AmqpSymbol name } described => ToNet(name, described.Value),
            _ => amqp,
        };

    /// <summary>Bytes a value counts against the limits of properties.</summary>
    public static int SizeOf(object? amqp) =>
        amqp switch
        {
            string text => Encoding.UTF8.GetByteCount(text),
            AmqpSymbol symbol => Encoding.UTF8.GetByteCount(symbol.Value ?? ""),
            ArraySegment<byte> bytes => bytes.Count,
            DescribedType described => SizeOf(described.Value),
            _ => 8,
        };

    public static string KeyOf(MapKey key) => key.Key is AmqpSymbol symbol ? symbol.Value : key.Key.ToString()!;

    /// <summary>Changes of properties as a .NET caller gives them, ready to be stored.</summary>
    /// <exception cref="ArgumentException">No message can carry one of the values; the message names it.</exception>
    public static IReadOnlyDictionary<string, object?>? Changes(IEnumerable<KeyValuePair<string, object>>? properties) =>
        properties?.ToDictionary(
            p => p.Key,
            p =>
                TryToAmqp(p.Value, out var amqp)
                    ? amqp
                    : throw new ArgumentException(
                        $"No Service Bus message can carry property '{p.Key}' of type {p.Value?.GetType().Name ?? "null"}."
                    )
        );

    private static object? ToNet(AmqpSymbol name, object value)
    {
        if (name.Equals(UriName))
            return new Uri((string)value, UriKind.RelativeOrAbsolute);
        if (name.Equals(TimeSpanName))
            return new TimeSpan((long)value);
        return name.Equals(DateTimeOffsetName) ? new DateTimeOffset((long)value, TimeSpan.Zero) : null;
    }
}

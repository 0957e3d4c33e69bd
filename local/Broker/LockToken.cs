namespace IRFunctions.Local.Broker;

/// <summary>
/// The name of one delivery. Derived, not random: message and number of the delivery, which no other delivery shares, not even after a
/// restart; and the message is found from it.
/// </summary>
internal static class LockToken
{
    public static Guid Of(long sequenceNumber, int delivery) =>
        new((int)(sequenceNumber >> 32), (short)(sequenceNumber >> 16), (short)sequenceNumber, BitConverter.GetBytes((long)delivery));

    /// <summary>The message a token of <see cref="Of"/> names; some number that no message has where it is a stranger's.</summary>
    public static long SequenceNumberOf(Guid token)
    {
        Span<byte> bytes = stackalloc byte[16];
        token.TryWriteBytes(bytes);
        var high = (long)BitConverter.ToInt32(bytes);
        var middle = (long)BitConverter.ToUInt16(bytes[4..]);
        return high << 32 | middle << 16 | BitConverter.ToUInt16(bytes[6..]);
    }
}

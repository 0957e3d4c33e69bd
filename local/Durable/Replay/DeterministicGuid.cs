using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IRFunctions.Local.Durable.Replay;

/// <summary>GUIDs that follow from their place: the same on each replay, different everywhere else.</summary>
internal static class DeterministicGuid
{
    public static Guid Of(string instanceId, long execution, long createdAt, int counter)
    {
        var size = Encoding.UTF8.GetByteCount(instanceId);
        Span<byte> text = size <= 256 ? stackalloc byte[size + 20] : new byte[size + 20];
        BinaryPrimitives.WriteInt64LittleEndian(text, execution);
        BinaryPrimitives.WriteInt64LittleEndian(text[8..], createdAt);
        BinaryPrimitives.WriteInt32LittleEndian(text[16..], counter);
        Encoding.UTF8.GetBytes(instanceId, text[20..]);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(text, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80); // version 8: custom
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}

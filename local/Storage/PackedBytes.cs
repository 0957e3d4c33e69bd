using System.Buffers.Binary;
using System.IO.Compression;

namespace IRFunctions.Local.Storage;

/// <summary>
/// What waits long and is read seldom, deflated. The fastest level: on records of incidents it takes a quarter of the time of the default
/// one and leaves 8 % more; pieces that say much the same are better packed together (a tenth of their size, docs/decisions/0029).
/// </summary>
internal static class PackedBytes
{
    private const int Header = sizeof(int);

    /// <summary>Below this many bytes there is nothing to gain.</summary>
    private const int WorthIt = 256;

    [ThreadStatic]
    private static MemoryStream? spare;

    /// <returns>The number of bytes, negative where they follow as they are, then the bytes.</returns>
    public static byte[] Pack(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < WorthIt)
            return AsIs(bytes);
        var stream = spare ??= new MemoryStream(8192);
        stream.SetLength(Header);
        stream.Position = Header;
        using (var deflate = new DeflateStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(bytes);
        if (stream.Length >= bytes.Length)
            return AsIs(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(stream.GetBuffer(), bytes.Length);
        return stream.ToArray();
    }

    /// <param name="packed">What <see cref="Pack"/> made.</param>
    /// <param name="first">So many bytes from the start; all where it is not said.</param>
    public static byte[] Unpack(byte[] packed, int first = int.MaxValue)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(packed);
        if (length <= 0)
            return packed.AsSpan(Header, Math.Min(-length, first)).ToArray();
        var bytes = GC.AllocateUninitializedArray<byte>(Math.Min(length, first));
        using var inflate = new DeflateStream(
            new MemoryStream(packed, Header, packed.Length - Header, writable: false),
            CompressionMode.Decompress
        );
        inflate.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] AsIs(ReadOnlySpan<byte> bytes)
    {
        var packed = GC.AllocateUninitializedArray<byte>(Header + bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(packed, -bytes.Length);
        bytes.CopyTo(packed.AsSpan(Header));
        return packed;
    }
}

/// <summary>
/// Which things were touched lately: the last so many touches. What falls out untouched since is cold. No clock and no sweep: an idle store
/// keeps what it has, and the cost is paid by whoever makes new things, once for each old one.
/// </summary>
/// <param name="touches">How many are remembered.</param>
internal sealed class RecentTouches<T>(int touches)
    where T : class, ITouched
{
    private readonly Queue<(T Thing, long Moment)> lately = new(touches + 1);
    private long moment;

    /// <summary>Notes a touch; the answer is a thing that has gone cold with it, if any has.</summary>
    public T? Touch(T thing)
    {
        thing.Touched = ++moment;
        lately.Enqueue((thing, moment));
        if (lately.Count <= touches)
            return null;
        var (oldest, then) = lately.Dequeue();
        return oldest.Touched == then ? oldest : null;
    }
}

/// <summary>Knows when it was touched last (<see cref="RecentTouches{T}"/>).</summary>
internal interface ITouched
{
    long Touched { get; set; }
}

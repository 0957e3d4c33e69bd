namespace IRFunctions.Local.Model;

/// <summary>An answer that comes one byte at a time, one a second, as a server does that wants to keep its caller waiting.</summary>
internal sealed class DrippingStream(byte[] body, TimeProvider time) : Stream
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);
    private int next;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => next;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (next == body.Length || buffer.Length == 0)
            return 0;
        await Task.Delay(Between, time, cancellationToken);
        buffer.Span[0] = body[next++];
        return 1;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Reading it without waiting would hold a thread.");

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

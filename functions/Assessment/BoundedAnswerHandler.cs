namespace IRFunctions.Assessment;

/// <summary>
/// Ends an answer's body after <see cref="MaxBytes"/>, so that an endpoint cannot fill our memory. The cut body is no valid JSON and fails
/// as such, at once and without another try.
/// </summary>
internal sealed class BoundedAnswerHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>512 KB; a real answer is under 20 KB.</summary>
    public const int MaxBytes = 524_288;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.Content.Headers.ContentLength is <= MaxBytes)
            return response;
        var content = new StreamContent(new FirstBytes(await response.Content.ReadAsStreamAsync(cancellationToken), MaxBytes));
        foreach (var (name, values) in response.Content.Headers)
        {
            if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                content.Headers.TryAddWithoutValidation(name, values);
        }
        response.Content = content;
        return response;
    }

    private sealed class FirstBytes(Stream inner, int left) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, Math.Min(count, left)));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await inner.ReadAsync(buffer[..Math.Min(buffer.Length, left)], cancellationToken));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }

        private int Count(int read)
        {
            left -= read;
            return read;
        }
    }
}

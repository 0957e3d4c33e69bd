namespace IRFunctions.Record;

/// <summary>Lines of a file as bytes, each up to a size; what is longer is skipped and told, so that no line fills the memory.</summary>
internal sealed class ExportLines(Stream from)
{
    /// <summary>Bytes. The longest that is written is a checkpoint of 20,000 changes, some 4 MB.</summary>
    public const int Longest = 16 << 20;

    private byte[] buffer = new byte[1 << 16];
    private int begin;
    private int end;
    private bool atEnd;

    /// <param name="Bytes">Without its end; empty where it was too long.</param>
    /// <param name="Ended">Whether LF follows it, as it must.</param>
    public readonly record struct Line(ReadOnlyMemory<byte> Bytes, bool TooLong, bool Ended);

    /// <returns>The next line, whose bytes are good until the next call; null at the end of the file.</returns>
    public async ValueTask<Line?> NextAsync(CancellationToken cancellation)
    {
        var (searched, tooLong) = (begin, false);
        while (true)
        {
            var found = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                var line = buffer.AsMemory(begin, searched + found - begin);
                begin = searched + found + 1;
                return new Line(tooLong ? default : line, tooLong, Ended: true);
            }
            if (atEnd)
            {
                var rest = buffer.AsMemory(begin, end - begin);
                begin = end;
                return rest.Length == 0 && !tooLong ? null : new Line(tooLong ? default : rest, tooLong, Ended: false);
            }
            if (tooLong |= end - begin > Longest)
                begin = end;
            MakeRoom();
            searched = end;
            var read = await from.ReadAsync(buffer.AsMemory(end), cancellation);
            (end, atEnd) = (end + read, read == 0);
        }
    }

    private void MakeRoom()
    {
        if (end < buffer.Length)
            return;
        var into = end - begin > buffer.Length / 2 ? new byte[2 * buffer.Length] : buffer;
        buffer.AsSpan(begin, end - begin).CopyTo(into);
        (buffer, begin, end) = (into, 0, end - begin);
    }
}

using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure.Data.Tables;

namespace IRFunctions.Storage;

/// <summary>Reading rows that may not be what was written: whoever lists them goes on with the others.</summary>
internal static class RowReading
{
    /// <exception cref="UnreadableRowException">The row is not what was written.</exception>
    public static T Read<T>(TableEntity row, string table, Func<TableEntity, T> read)
    {
        try
        {
            return read(row);
        }
        catch (Exception e)
            when (e
                    is JsonException
                        or FormatException
                        or ArgumentException
                        or InvalidOperationException
                        or InvalidCastException
                        or InvalidDataException
                        or OverflowException
                        or KeyNotFoundException
                        or IndexOutOfRangeException
                        or NotSupportedException
            )
        {
            throw new UnreadableRowException(table, $"{row.PartitionKey}/{row.RowKey}", e);
        }
    }

    /// <summary>What can be read, in order; the others are told to <paramref name="unreadable"/>.</summary>
    public static async IAsyncEnumerable<T> ReadableAsync<T>(
        this IAsyncEnumerable<TableEntity> rows,
        string table,
        Func<TableEntity, T> read,
        Action<UnreadableRowException>? unreadable = null,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
        where T : class
    {
        await foreach (var row in rows.WithCancellation(cancellation))
        {
            T? value = null;
            try
            {
                value = Read(row, table, read);
            }
            catch (UnreadableRowException e)
            {
                unreadable?.Invoke(e);
            }
            if (value is not null)
                yield return value;
        }
    }
}

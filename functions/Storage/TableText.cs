using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Data.Tables;
using IRFunctions.Alerts;

namespace IRFunctions.Storage;

/// <summary>
/// What people see, as JSON in a table row. A string property holds 64 KiB of UTF-16 and a row 1 MiB (Table service data model), so that
/// long text stands in several properties: `View0`, `View1`, ...
/// </summary>
internal static class TableText
{
    /// <summary>UTF-16 code units of one property; 32,768 would fit.</summary>
    private const int PieceLength = 30_000;

    /// <summary>All pieces of a row; the other properties need a few KiB.</summary>
    private const int MaxLength = 16 * PieceLength;

    // A table holds text, not a page: outside ASCII one character stays one character instead of six.
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <exception cref="InvalidOperationException">It is larger than a row. What is shown is bounded far below, so that this is a
    /// bug.</exception>
    public static void Write<T>(TableEntity row, string name, T value)
    {
        var text = JsonSerializer.Serialize(value, Options);
        if (text.Length > MaxLength)
            throw new InvalidOperationException(
                $"{row.PartitionKey}/{row.RowKey}: {name} has {text.Length} characters, a row holds {MaxLength}"
            );
        for (int start = 0, piece = 0; start < text.Length; piece++)
        {
            var length = TextBounds.Whole(text[start..Math.Min(text.Length, start + PieceLength + 1)], PieceLength);
            row[$"{name}{piece}"] = text.Substring(start, length);
            start += length;
        }
    }

    /// <summary>Null where the row has none.</summary>
    /// <exception cref="UnreadableRowException">It is not what was written.</exception>
    public static T? Read<T>(TableEntity row, string name, string table)
        where T : class
    {
        try
        {
            if (row.GetString($"{name}0") is not { } text)
                return null;
            for (var piece = 1; row.GetString($"{name}{piece}") is { } more; piece++)
                text += more;
            return JsonSerializer.Deserialize<T>(text, Options) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            throw new UnreadableRowException(table, $"{row.PartitionKey}/{row.RowKey}", e);
        }
    }
}

/// <summary>A row that does not hold what was written there. Whoever lists rows leaves it out, says so and goes on.</summary>
public sealed class UnreadableRowException : Exception
{
    /// <param name="table">Where it stands.</param>
    /// <param name="row">Partition and row key.</param>
    public UnreadableRowException(string table, string row, Exception? inner)
        : base($"row {row} of table {table} cannot be read ({inner?.GetType().Name ?? "unknown form"})", inner) =>
        (Table, Row) = (table, row);

    public UnreadableRowException() { }

    public UnreadableRowException(string message)
        : base(message) { }

    public UnreadableRowException(string message, Exception? inner)
        : base(message, inner) { }

    public string Table { get; } = "";

    public string Row { get; } = "";
}

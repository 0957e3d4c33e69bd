using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Data.Tables;

namespace IRFunctions.Agents;

/// <summary>How evidence is written down: one row a batch, and one compressed text a part, both JSON.</summary>
internal static class EvidencePacking
{
    public const string HourFormat = "yyyyMMddHH";
    private const string Chunk = "Events";
    private const int ChunkBytes = 60_000; // a table property holds 64 KiB
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string HourOf(long hour) =>
        DateTimeOffset.FromUnixTimeSeconds(hour * 3_600).UtcDateTime.ToString(HourFormat, CultureInfo.InvariantCulture);

    public static long HourFrom(string text) =>
        RiskyHours.Of(DateTimeOffset.ParseExact(text, HourFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));

    public static bool TryHourFrom(string text, out long hour)
    {
        var known = DateTimeOffset.TryParseExact(
            text,
            HourFormat,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var at
        );
        hour = known ? RiskyHours.Of(at) : 0;
        return known;
    }

    /// <summary>Partition of an identity.</summary>
    public static string PartitionOf(string identity) => CircuitBreaker.ShortOf(identity);

    public static string RowOf(EvidenceBatch batch) =>
        $"{HourOf(batch.Hour)}-{(batch.Direction == InteractionDirection.Out ? "o" : "i")}-{batch.Id}";

    /// <summary>Sender and number in front, so that a number which came with two contents is seen; the content's hash behind.</summary>
    public static string IdOf(ActivityBatch batch)
    {
        var content = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(batch, Json)).AsSpan(0, 8);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{ActivityWindow.HashOf(batch.Source)}-{batch.Sequence:D19}-{Convert.ToHexStringLower(content)}"
        );
    }

    /// <summary>Sender and number of a batch's id.</summary>
    public static string NumberOf(string id) => id[..id.LastIndexOf('-')];

    public static TableEntity ToRow(EvidenceBatch batch)
    {
        var row = new TableEntity(PartitionOf(batch.Identity), RowOf(batch))
        {
            ["Identity"] = batch.Identity,
            ["ReceivedAt"] = batch.ReceivedAt,
            ["Seen"] = batch.Seen,
            ["Unmirrored"] = batch.Unmirrored,
            ["Covered"] = string.Join(',', batch.Covered),
        };
        foreach (
            var (chunk, i) in Compressed(JsonSerializer.SerializeToUtf8Bytes(batch.Events, Json)).Chunk(ChunkBytes).Select((c, i) => (c, i))
        )
            row[$"{Chunk}{i}"] = chunk;
        return row;
    }

    public static EvidenceBatch FromRow(TableEntity row)
    {
        using var packed = new MemoryStream();
        for (var i = 0; row.GetBinary($"{Chunk}{i}") is { } chunk; i++)
            packed.Write(chunk);
        return new EvidenceBatch
        {
            Identity = row.GetString("Identity") ?? "",
            Hour = HourFrom(row.RowKey[..HourFormat.Length]),
            Direction = row.RowKey[HourFormat.Length + 1] == 'o' ? InteractionDirection.Out : InteractionDirection.In,
            Id = row.RowKey[(HourFormat.Length + 3)..],
            ReceivedAt = row.GetDateTimeOffset("ReceivedAt") ?? default,
            Seen = row.GetInt32("Seen") ?? 0,
            Unmirrored = row.GetInt32("Unmirrored") ?? 0,
            Covered =
            [
                .. (row.GetString("Covered") ?? "")
                    .Split(',', StringSplitOptions.RemoveEmptyEntries)
                    .Select(n => int.Parse(n, CultureInfo.InvariantCulture)),
            ],
            Events = JsonSerializer.Deserialize<List<InteractionEvent>>(Decompressed(packed.ToArray()), Json)!,
        };
    }

    /// <summary>A part of an hour: one batch a line, compressed. The same batches give the same bytes.</summary>
    public static byte[] Pack(IEnumerable<EvidenceBatch> batches) =>
        Compressed(Encoding.UTF8.GetBytes(string.Join('\n', batches.Select(b => JsonSerializer.Serialize(b, Json)))));

    /// <exception cref="InvalidDataException">These bytes are none of ours.</exception>
    public static IReadOnlyList<EvidenceBatch> Unpack(byte[] part)
    {
        try
        {
            return
            [
                .. Encoding
                    .UTF8.GetString(Decompressed(part))
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => JsonSerializer.Deserialize<EvidenceBatch>(line, Json)!),
            ];
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("a line is no batch", e);
        }
    }

    public static string HashOf(byte[] part) => Convert.ToHexStringLower(SHA256.HashData(part));

    private static byte[] Compressed(byte[] content)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return buffer.ToArray();
    }

    private static byte[] Decompressed(byte[] packed)
    {
        using var gzip = new GZipStream(new MemoryStream(packed, writable: false), CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }
}

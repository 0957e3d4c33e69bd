using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Connections;
using IRFunctions.Storage;

namespace IRFunctions.Agents;

/// <summary>Another agent's state that a snapshot builds on.</summary>
/// <param name="Version">Its newest snapshot when this one was taken; 0 where it had none.</param>
public sealed record SnapshotDependency(string Identity, long Version);

/// <summary>A recovery point as it was handed in.</summary>
/// <param name="Version">1, 2, 3, ... for each identity; gaps are possible.</param>
/// <param name="Size">Bytes as handed in.</param>
/// <param name="Sha256">Over the bytes as handed in, lower-case hex.</param>
/// <param name="StoredSha256">Over the stored blob, lower-case hex; kept apart from the blob.</param>
public sealed record Snapshot(
    string Identity,
    long Version,
    DateTimeOffset TakenAt,
    int Size,
    string Sha256,
    string StoredSha256,
    IReadOnlyList<SnapshotDependency> Dependencies
);

/// <summary>A recovery point as people see it.</summary>
/// <param name="Verified">Read back now and unchanged.</param>
/// <param name="Problem">Why not; null where it is.</param>
public sealed record SnapshotPoint(Snapshot Snapshot, TimeSpan Age, bool Verified, string? Problem);

/// <summary>The bytes of a snapshot, verified, and what to know before using them.</summary>
/// <param name="Warnings">Dependencies that moved on since.</param>
public sealed record RestoredState(Snapshot Snapshot, byte[] Content, IReadOnlyList<string> Warnings);

/// <summary>
/// State that agents hand in to come back to: opaque bytes, never interpreted here. Each version is written once, compressed, and bound by
/// two hashes: one over the bytes in the blob itself, one over the whole blob in the table "snapshots", which other rights guard.
/// </summary>
public sealed class AgentSnapshots(IWriteOnceBlobs blobs, TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "snapshots";

    /// <summary>Largest state taken, in bytes.</summary>
    public const int MaxSize = 16 * 1024 * 1024;

    public const int MaxDependencies = 50;
    private const int Shown = 10;
    private const int MaxRaces = 20;
    private const int MaxHeader = 64 * 1024;
    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>What stands before the compressed bytes in a blob.</summary>
    private sealed record Header(string Identity, long Version, int Size, string Sha256, IReadOnlyList<SnapshotDependency> Dependencies);

    /// <summary>
    /// Keeps a state. The same state with the same dependencies as the newest is the newest again, so that a repeated request changes
    /// nothing.
    /// </summary>
    /// <exception cref="RequestFailedException">It could not be stored; nothing is acknowledged.</exception>
    public async Task<Snapshot> KeepAsync(
        string identity,
        ReadOnlyMemory<byte> content,
        IReadOnlyList<string> dependsOn,
        CancellationToken cancellation
    )
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, MaxSize, nameof(content));
        var hash = Convert.ToHexStringLower(SHA256.HashData(content.Span));
        var dependencies = new List<SnapshotDependency>();
        foreach (var other in dependsOn.Distinct().Order(StringComparer.Ordinal))
            dependencies.Add(new SnapshotDependency(other, (await NewestAsync(other, cancellation))?.Version ?? 0));
        var newest = await NewestAsync(identity, cancellation);
        if (newest is not null && newest.Sha256 == hash && newest.Dependencies.SequenceEqual(dependencies))
            return newest;
        var version = (newest?.Version ?? 0) + 1;
        for (var race = 0; race < MaxRaces; race++, version++)
        {
            var blob = Pack(new Header(identity, version, content.Length, hash, dependencies), content.Span);
            // Taken by a request at the same time, or by one that died before it was acknowledged.
            if (!await blobs.TryAddAsync(NameOf(identity, version), blob, cancellation))
                continue;
            var snapshot = new Snapshot(
                identity,
                version,
                time.GetUtcNow(),
                content.Length,
                hash,
                Convert.ToHexStringLower(SHA256.HashData(blob)),
                dependencies
            );
            await table.AddEntityAsync(ToRow(snapshot), cancellation);
            return snapshot;
        }
        throw new TransientFaultException($"no free version of the snapshots of {identity} was found in {MaxRaces} tries");
    }

    /// <summary>The last ten recovery points, newest first, each read back and checked now.</summary>
    public async Task<IReadOnlyList<SnapshotPoint>> RecoveryPointsAsync(string identity, CancellationToken cancellation)
    {
        var points = new List<SnapshotPoint>();
        foreach (var snapshot in (await AllAsync(identity, cancellation)).Take(Shown))
        {
            var (_, problem) = await OpenAsync(snapshot, cancellation);
            points.Add(new SnapshotPoint(snapshot, time.GetUtcNow() - snapshot.TakenAt, problem is null, problem));
        }
        return points;
    }

    /// <summary>The bytes of one version, verified.</summary>
    /// <exception cref="PermanentFaultException">There is no such version, or it is not what was handed in; nothing is
    /// returned.</exception>
    public async Task<RestoredState> OpenAsync(string identity, long version, CancellationToken cancellation)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(
            CircuitBreaker.ShortOf(identity),
            RowOf(version),
            cancellationToken: cancellation
        );
        if (!row.HasValue)
            throw new PermanentFaultException($"{identity} has no snapshot {version}");
        var snapshot = FromRow(row.Value!);
        var (content, problem) = await OpenAsync(snapshot, cancellation);
        if (content is null)
            throw new PermanentFaultException($"snapshot {version} of {identity} cannot be restored: {problem}");
        var warnings = new List<string>();
        foreach (var dependency in snapshot.Dependencies)
        {
            var now = (await NewestAsync(dependency.Identity, cancellation))?.Version ?? 0;
            if (now > dependency.Version)
                warnings.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{dependency.Identity} moved on from its snapshot {dependency.Version} to {now}"
                    )
                );
        }
        return new RestoredState(snapshot, content, warnings);
    }

    private async Task<(byte[]? Content, string? Problem)> OpenAsync(Snapshot snapshot, CancellationToken cancellation)
    {
        // Compression may add a little where there is nothing to compress.
        var blob = await blobs.ReadAsync(NameOf(snapshot.Identity, snapshot.Version), MaxSize + 2 * MaxHeader, cancellation);
        if (blob is null)
            return (null, "the stored bytes are gone");
        if (Convert.ToHexStringLower(SHA256.HashData(blob)) != snapshot.StoredSha256)
            return (null, "the stored bytes were changed");
        try
        {
            var content = Unpack(blob, snapshot.Size);
            return content is not null && Convert.ToHexStringLower(SHA256.HashData(content)) == snapshot.Sha256
                ? (content, null)
                : (null, "the state is not what was handed in");
        }
        catch (InvalidDataException)
        {
            return (null, "the stored bytes cannot be decompressed");
        }
    }

    /// <summary>Length of the header, header as JSON, state as gzip. The state itself is never parsed.</summary>
    private static byte[] Pack(Header header, ReadOnlySpan<byte> content)
    {
        var head = JsonSerializer.SerializeToUtf8Bytes(header, JsonSerializerOptions.Web);
        using var buffer = new MemoryStream();
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, head.Length);
        buffer.Write(length);
        buffer.Write(head);
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return buffer.ToArray();
    }

    /// <summary>Reads no more than the size that was handed in: what unpacks to more is none of ours.</summary>
    private static byte[]? Unpack(byte[] blob, int size)
    {
        if (blob.Length < sizeof(int))
            return null;
        var head = BinaryPrimitives.ReadInt32BigEndian(blob);
        if (head is < 0 or > MaxHeader || head > blob.Length - sizeof(int))
            return null;
        using var gzip = new GZipStream(
            new MemoryStream(blob, sizeof(int) + head, blob.Length - sizeof(int) - head),
            CompressionMode.Decompress
        );
        var content = new byte[size];
        var read = size == 0 ? 0 : gzip.ReadAtLeast(content, size, throwOnEndOfStream: false);
        return read == size && gzip.ReadByte() < 0 ? content : null;
    }

    private async Task<Snapshot?> NewestAsync(string identity, CancellationToken cancellation) =>
        (await AllAsync(identity, cancellation, 1)).FirstOrDefault();

    /// <summary>Newest first: rows are named by how far the version is from the end.</summary>
    private async Task<List<Snapshot>> AllAsync(string identity, CancellationToken cancellation, int most = Shown)
    {
        var found = new List<Snapshot>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {CircuitBreaker.ShortOf(identity)}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, most, cancellationToken: cancellation))
        {
            found.Add(Readable(row));
            if (found.Count >= most)
                break;
        }
        return found;
    }

    /// <summary>A row that cannot be read keeps its place, so that its number is not given out again, and fits no stored state.</summary>
    private static Snapshot Readable(TableEntity row)
    {
        try
        {
            return RowReading.Read(row, TableName, FromRow);
        }
        catch (UnreadableRowException)
        {
            var version = long.TryParse(row.RowKey, NumberStyles.None, CultureInfo.InvariantCulture, out var fromEnd)
                ? 9_999_999_999 - fromEnd
                : 0;
            return new Snapshot("", version, default, 0, "", "", []);
        }
    }

    private static string NameOf(string identity, long version) =>
        string.Create(CultureInfo.InvariantCulture, $"snapshots/{CircuitBreaker.ShortOf(identity)}/{version:D10}");

    private static string RowOf(long version) => (9_999_999_999 - version).ToString("D10", CultureInfo.InvariantCulture);

    private static TableEntity ToRow(Snapshot snapshot) =>
        new(CircuitBreaker.ShortOf(snapshot.Identity), RowOf(snapshot.Version))
        {
            ["Identity"] = snapshot.Identity,
            ["Version"] = snapshot.Version,
            ["TakenAt"] = snapshot.TakenAt,
            ["Size"] = snapshot.Size,
            ["Sha256"] = snapshot.Sha256,
            ["StoredSha256"] = snapshot.StoredSha256,
            ["Dependencies"] = JsonSerializer.Serialize(snapshot.Dependencies),
        };

    private static Snapshot FromRow(TableEntity row) =>
        new(
            row.GetString("Identity") ?? "",
            row.GetInt64("Version") ?? 0,
            row.GetDateTimeOffset("TakenAt") ?? default,
            row.GetInt32("Size") ?? 0,
            row.GetString("Sha256") ?? "",
            row.GetString("StoredSha256") ?? "",
            JsonSerializer.Deserialize<List<SnapshotDependency>>(row.GetString("Dependencies") ?? "[]")!
        );
}

using System.Security.Cryptography;
using System.Text;
using IRFunctions.Policies;
using IRFunctions.Recording;

namespace IRFunctions.Agents;

/// <summary>
/// Moves evidence by its age: from the table into one compressed part an hour, sampled by what is known of the risk by then; from there
/// into archive/; from there out. Each step leaves the old place only after the new one was read back, and may be repeated after a crash at
/// any moment.
/// </summary>
public sealed class InteractionMover(
    InteractionStore store,
    InteractionParts parts,
    AuditChain audit,
    PolicyStore policies,
    TimeProvider time
)
{
    /// <summary>Chain on which every part is named with its hash, and its end: what is missing from the list is noticed by it.</summary>
    public const string Chain = "interactions";

    public const string Packed = "evidence-packed";
    public const string Expired = "evidence-expired";

    /// <summary>A part is closed once it holds this many batches and events.</summary>
    private const int EventsAPart = 50_000;
    private const long FirstHour = 0;

    /// <summary>Moves what is due.</summary>
    /// <param name="risk">Risky hours of an identity by its id; null where nothing is known of it.</param>
    /// <returns>What was found wrong; it names the blob. The rest has moved.</returns>
    public async Task<IReadOnlyList<string>> MoveAsync(
        Func<string, CancellationToken, Task<RiskyHours?>> risk,
        CancellationToken cancellation
    )
    {
        var (now, rules, problems) = (time.GetUtcNow(), policies.Current.Breaker.Interactions, new List<string>());
        foreach (var hour in (await store.OlderThanAsync(RiskyHours.Of(now - rules.Hot), cancellation)).GroupBy(h => h.Hour))
            await PackAsync(hour.Key, [.. hour.Select(h => h.Partition)], rules, risk, problems, cancellation);
        // The warm tier's end first: what is cold and over is not copied.
        await foreach (var part in parts.ListAsync(FirstHour, RiskyHours.Of(now - rules.Warm) - 1, cancellation))
        {
            if (part.Left.Length > 0)
                await parts.ListAsync(await LeaveAsync(part, cancellation), cancellation);
            if (part.Hour < RiskyHours.Of(now - rules.Cold))
                await ExpireAsync(part, cancellation);
            else if (part.State == PartState.Warm && await ArchiveAsync(part, cancellation) is { } problem)
                problems.Add(problem);
        }
        return problems;
    }

    /// <summary>Compares what the record says was packed with the list and with the blobs.</summary>
    /// <returns>What is wrong, each naming a blob or a part.</returns>
    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation)
    {
        var (problems, listed) = (new List<string>(), new Dictionary<string, EvidencePart>(StringComparer.Ordinal));
        await foreach (var part in parts.ListAsync(FirstHour, RiskyHours.Of(time.GetUtcNow()), cancellation))
            listed[IdOf(part)] = part;
        var record = await audit.ReadAsync(Chain, cancellation);
        var ended = record.Where(e => e.Kind == Expired).Select(e => e.FactId[(Expired.Length + 1)..]).ToHashSet(StringComparer.Ordinal);
        var packed = record.Where(e => e.Kind == Packed).Select(e => e.FactId[(Packed.Length + 1)..]).ToHashSet(StringComparer.Ordinal);
        foreach (var id in packed.Where(id => !ended.Contains(id) && !listed.ContainsKey(id)))
            problems.Add($"part {id}: on the record, but no longer on the list of parts");
        foreach (var part in listed.Values.Where(p => p.State is PartState.Warm or PartState.Cold))
        {
            if (!packed.Contains(IdOf(part)))
                problems.Add($"part {IdOf(part)}: on the list of parts, but not on the record");
            if ((await parts.ReadAsync(part.Blob, part.Sha256, cancellation)).Problem is { } problem)
                problems.Add(problem);
        }
        return problems;
    }

    private async Task PackAsync(
        long hour,
        IReadOnlyList<string> partitions,
        InteractionRules rules,
        Func<string, CancellationToken, Task<RiskyHours?>> risk,
        List<string> problems,
        CancellationToken cancellation
    )
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        string? salt = null;
        await foreach (var part in parts.ListAsync(hour, hour, cancellation))
        {
            salt ??= part.Salt.Length > 0 ? part.Salt : null;
            if (await FinishAsync(part, problems, cancellation) is { } batches)
                done.UnionWith(batches.Select(KeyOf));
        }
        var (open, size) = (new List<EvidenceBatch>(), 0);
        foreach (var partition in partitions.Order(StringComparer.Ordinal))
        {
            var known = ("", default(RiskyHours));
            await foreach (var whole in store.OfAsync(hour, partition, problems, cancellation))
            {
                if (done.Contains(KeyOf(whole)))
                {
                    await store.RemoveAsync(whole, cancellation); // In a part already; died before it was removed here.
                    continue;
                }
                salt ??= SaltOf(whole);
                if (known.Item1 != whole.Identity)
                    known = (whole.Identity, await risk(whole.Identity, cancellation));
                open.Add(whole.Sampled(ShareOf(whole, known.Item2, rules), salt));
                size += 1 + open[^1].Events.Count;
                if (size < EventsAPart)
                    continue;
                await WriteAsync(hour, salt, open, problems, cancellation);
                (open, size) = ([], 0);
            }
        }
        if (open.Count > 0)
            await WriteAsync(hour, salt!, open, problems, cancellation);
        foreach (var partition in partitions)
        {
            if (!await store.AnyAsync(hour, partition, cancellation))
                await store.CloseAsync(hour, partition, cancellation);
        }
    }

    /// <summary>Name, blob, look, list, record, and only then the rows.</summary>
    private async Task WriteAsync(long hour, string salt, List<EvidenceBatch> open, List<string> problems, CancellationToken cancellation)
    {
        var content = EvidencePacking.Pack(open);
        var hash = EvidencePacking.HashOf(content);
        var partitions = open.Select(b => EvidencePacking.PartitionOf(b.Identity)).ToList();
        var part = new EvidencePart(
            hour,
            PartState.Writing,
            EvidencePart.NameOf(EvidencePart.WarmFolder, hour, hash),
            "",
            hash,
            partitions[0],
            partitions[^1],
            salt,
            open.Sum(b => b.Seen),
            open.Sum(b => b.Events.Count(e => e.Counterpart is not null))
        );
        await parts.ListAsync(part, cancellation);
        await parts.WriteAsync(part.Blob, content, cancellation); // Taken means that we wrote it before we died; reading it back says so.
        if ((await parts.ReadAsync(part.Blob, hash, cancellation)).Problem is { } problem)
        {
            problems.Add(problem); // The rows stay: nothing is lost.
            return;
        }
        await EnterAsync(part, cancellation);
        foreach (var batch in open)
            await store.RemoveAsync(batch, cancellation);
    }

    private async Task EnterAsync(EvidencePart part, CancellationToken cancellation)
    {
        await audit.AppendAsync(
            Chain,
            [
                new(
                    $"{Packed}-{IdOf(part)}",
                    Packed,
                    $"evidence of {EvidencePacking.HourOf(part.Hour)} UTC in {part.Blob}, sha256 {part.Sha256}: {part.Kept} of "
                        + $"{part.Seen} interactions seen",
                    "pipeline"
                ),
            ],
            cancellation
        );
        await parts.ListAsync(part with { State = PartState.Warm }, cancellation);
    }

    /// <summary>Takes up where a mover died: batches of a part that is there; null where it never came to be.</summary>
    private async Task<IReadOnlyList<EvidenceBatch>?> FinishAsync(EvidencePart part, List<string> problems, CancellationToken cancellation)
    {
        if (part.State == PartState.Expiring)
            return null;
        var (batches, problem) = await parts.OpenAsync(part, cancellation);
        if (problem is not null && part.State == PartState.Writing)
        {
            await parts.UnlistAsync(part, cancellation); // Its rows are in the table still and are packed anew.
            return null;
        }
        if (problem is not null)
            problems.Add(problem);
        else if (part.State == PartState.Writing)
            await EnterAsync(part, cancellation);
        return batches;
    }

    /// <summary>A copy, a look, the list, and only then the original. What is wrong with it leaves it where it is.</summary>
    private async Task<string?> ArchiveAsync(EvidencePart part, CancellationToken cancellation)
    {
        var (content, problem) = await parts.ReadAsync(part.Blob, part.Sha256, cancellation);
        if (content is null)
            return problem;
        var archived = part with
        {
            State = PartState.Cold,
            Blob = EvidencePart.NameOf(EvidencePart.ColdFolder, part.Hour, part.Sha256),
            Left = part.Blob,
        };
        await parts.WriteAsync(archived.Blob, content, cancellation);
        if ((await parts.ReadAsync(archived.Blob, part.Sha256, cancellation)).Problem is { } failed)
            return failed;
        await parts.ListAsync(archived, cancellation);
        await parts.ListAsync(await LeaveAsync(archived, cancellation), cancellation);
        return null;
    }

    private async Task<EvidencePart> LeaveAsync(EvidencePart part, CancellationToken cancellation)
    {
        await parts.RemoveBlobAsync(part.Left, cancellation);
        return part with { Left = "" };
    }

    private async Task ExpireAsync(EvidencePart part, CancellationToken cancellation)
    {
        await parts.ListAsync(part with { State = PartState.Expiring }, cancellation);
        await audit.AppendAsync(
            Chain,
            [
                new(
                    $"{Expired}-{IdOf(part)}",
                    Expired,
                    $"evidence of {EvidencePacking.HourOf(part.Hour)} UTC in {part.Blob} was removed: its retention is over",
                    "policy"
                ),
            ],
            cancellation
        );
        await parts.RemoveBlobAsync(part.Blob, cancellation);
        await parts.UnlistAsync(part, cancellation);
    }

    /// <summary>All of a risky identity; of one that nothing is known of, where it acted itself, as well: doubt keeps.</summary>
    private static double ShareOf(EvidenceBatch batch, RiskyHours? risky, InteractionRules rules) =>
        risky?.Covers(batch.Hour) ?? batch.Direction == InteractionDirection.Out ? 1 : (double)rules.QuietShare;

    /// <summary>
    /// Of the moment at which our clock saw the hour's first batch: derived, the same for a repetition, and not for a sender to know
    /// beforehand.
    /// </summary>
    private static string SaltOf(EvidenceBatch first) =>
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{first.Hour} {first.Id} {first.ReceivedAt.UtcTicks}")).AsSpan(0, 12)
        );

    private static string KeyOf(EvidenceBatch batch) => $"{batch.Identity}/{EvidencePacking.RowOf(batch)}";

    private static string IdOf(EvidencePart part) => $"{EvidencePacking.HourOf(part.Hour)}-{part.Sha256}";
}

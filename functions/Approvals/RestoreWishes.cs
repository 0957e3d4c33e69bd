using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Approvals;

/// <summary>
/// Who asked first to restore a recovery point. Restoring writes a state of the past over what is there, so two people have to want it, as
/// for shredding, and neither is the one it is about (S3). Asking stands on the record before anything happens; the record is what is read.
/// </summary>
public sealed class RestoreWishes(AuditChain audit, HoldAnswers holds, TimeProvider time)
{
    /// <summary>What the first one hears.</summary>
    public const string NeedsSecond = "Nothing is restored yet: a second person has to ask for the same within 24 hours.";

    /// <summary>A wish that nobody seconded is forgotten after this.</summary>
    private static readonly TimeSpan Waits = TimeSpan.FromHours(24);

    /// <summary>The object id of somebody else who asked for exactly this and may still want it; null where nobody did.</summary>
    public async Task<string?> FirstAsync(RecoveryPoint point, string second, CancellationToken cancellation)
    {
        var since = time.GetUtcNow() - Waits;
        return (await audit.ReadAsync(point.Chain, cancellation))
            .Where(e => e is { Kind: AuditKinds.RestoreAsked, Content: ContentState.Readable } && e.At >= since)
            .Where(e => new EntryDetails(e) is var told && told.Text("id") == point.Id && told.Text("hash") == point.Hash)
            .Select(e => e.Actor)
            .LastOrDefault(by => !holds.AreOne(by, second) && holds.ConflictOf(point.Target, by) is null);
    }
}

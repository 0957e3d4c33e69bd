using System.Text.Json;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Approvals;

/// <summary>
/// State before one of our actions, as the record holds it: the entry "captured". Versioned by its place, hashed and sealed with the chain,
/// encrypted under the chain's key, and shredded with it.
/// </summary>
/// <param name="Id">Chain and sequence, "incident-...:7".</param>
/// <param name="Verified">Whether the entry is what was written and stands on a whole chain.</param>
/// <param name="Sealed">Whether a signed checkpoint covers it.</param>
/// <param name="Restorable">Null where it can be restored, else why not.</param>
/// <param name="DependsOn">Later recovery points of the same target: what came after must be given back first.</param>
public sealed record RecoveryPoint(
    string Id,
    string Containment,
    string Action,
    Target Target,
    DateTimeOffset CapturedAt,
    TimeSpan Age,
    string Summary,
    bool Verified,
    bool Sealed,
    string? Restorable,
    IReadOnlyList<string> DependsOn,
    string Hash
)
{
    internal PriorState? Prior { get; init; }

    internal string Chain => Id[..Id.LastIndexOf(':')];
}

/// <summary>Lists what can be restored, from the record alone.</summary>
public sealed class RecoveryPoints(AuditChain audit, RecordIndex index, HeadIndex heads, ActionCatalog catalogue, TimeProvider time)
{
    /// <summary>Every recovery point of an incident, oldest first.</summary>
    public async Task<IReadOnlyList<RecoveryPoint>> OfIncidentAsync(string chain, CancellationToken cancellation = default)
    {
        var points = await OnAsync(chain, cancellation);
        var full = new List<RecoveryPoint>();
        foreach (var target in points.Select(p => p.Target.Id).Distinct())
            full.AddRange(await AboutAsync(target, chain, cancellation));
        return [.. full.Where(p => p.Id.StartsWith(chain + ":", StringComparison.Ordinal)).OrderBy(p => p.CapturedAt)];
    }

    /// <summary>Every recovery point of a target, by its id, over all incidents; oldest first.</summary>
    /// <param name="also">An incident to look at even where it is not in the index yet.</param>
    public async Task<IReadOnlyList<RecoveryPoint>> AboutAsync(string target, string? also = null, CancellationToken cancellation = default)
    {
        var chains = await index.ChainsAboutAsync(
            target,
            DateTimeOffset.UnixEpoch,
            time.GetUtcNow() + TimeSpan.FromHours(1),
            int.MaxValue,
            cancellation
        );
        var all = new List<RecoveryPoint>();
        foreach (var chain in also is null || chains.Contains(also) ? chains : [.. chains, also])
            all.AddRange((await OnAsync(chain, cancellation)).Where(p => p.Target.Id == target));
        var ordered = all.OrderBy(p => p.CapturedAt).ToList();
        return
        [
            .. ordered.Select(
                (p, i) =>
                    p with
                    {
                        DependsOn = [.. ordered.Skip(i + 1).Where(later => later.Prior is { AlreadySo: false }).Select(later => later.Id)],
                    }
            ),
        ];
    }

    public async Task<RecoveryPoint?> FindAsync(string id, CancellationToken cancellation = default) =>
        id.LastIndexOf(':') is > 0 and var colon
            ? (await OfIncidentAsync(id[..colon], cancellation)).FirstOrDefault(p => p.Id == id)
            : null;

    private async Task<List<RecoveryPoint>> OnAsync(string chain, CancellationToken cancellation)
    {
        var entries = await audit.ReadAsync(chain, cancellation);
        var whole = AuditEntry.Check(entries).Count == 0;
        var sealedLength = (await heads.FindAsync(chain, cancellation))?.Length ?? 0;
        var told = entries.Select(e => new EntryDetails(e)).ToList();
        return
        [
            .. told.Where(t => t.Entry.Kind == AuditKinds.Captured)
                .Select(t =>
                    PointOf(
                        t,
                        whole,
                        t.Entry.Sequence <= sealedLength,
                        told.FirstOrDefault(later =>
                            later.Entry.Kind is AuditKinds.Undone or AuditKinds.NotUndone
                            && later.Entry.Sequence > t.Entry.Sequence
                            && later.IsSameThing(t)
                        )?.Entry.At
                    )
                ),
        ];
    }

    private RecoveryPoint PointOf(EntryDetails told, bool whole, bool sealedThere, DateTimeOffset? givenBack)
    {
        var entry = told.Entry;
        var prior = PriorOf(entry);
        var kind = told.Target.IndexOf(':') is > 0 and var colon ? told.Target[..colon] : "";
        var target = new Target(kind, kind.Length == 0 ? told.Target : told.Target[(kind.Length + 1)..], told.Display);
        var refusal =
            entry.Content != ContentState.Readable ? "its words were made unreadable"
            : !whole ? "its chain is not whole: what it says cannot be believed"
            : prior is null ? "the state is too large for the record"
            : prior.AlreadySo ? "nothing was changed, so there is nothing to restore"
            : !CanBeUndone(told.Action) ? $"{told.Action} cannot be undone: what it changed has to be put right by hand"
            : givenBack is { } at ? $"it was given back on {Finding.Time(at)}"
            : null;
        return new RecoveryPoint(
            $"{entry.Chain}:{entry.Sequence}",
            $"{told.Action}:{target.Key}",
            told.Action,
            target,
            entry.At,
            time.GetUtcNow() - entry.At,
            prior?.Summary ?? entry.Text,
            whole,
            sealedThere,
            refusal,
            [],
            entry.Hash
        )
        {
            Prior = prior,
        };
    }

    /// <summary>An action that is no longer in the catalogue cannot be undone by it either.</summary>
    private bool CanBeUndone(string action) => catalogue.Capabilities.Any(c => c.Name == action && c.Reversible);

    private static PriorState? PriorOf(AuditEntry entry)
    {
        try
        {
            return entry.Data is null ? null : JsonSerializer.Deserialize<PriorState>(entry.Data, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

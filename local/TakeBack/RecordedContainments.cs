using System.Text;
using System.Text.Json;
using IRFunctions.Containment;
using IRFunctions.Decisions;
using IRFunctions.Record;
using IRFunctions.Recording;

namespace IRFunctions.Local.TakeBack;

/// <summary>
/// What is live by the record alone, from an export. The state before is written before every effect (S5, S11), so it is all there, except
/// words that were shredded and states too large for the record.
/// </summary>
internal sealed class RecordedContainments
{
    private static readonly HashSet<string> Telling = new(StringComparer.Ordinal)
    {
        AuditKinds.Captured,
        AuditKinds.Executing,
        AuditKinds.Joined,
        AuditKinds.Confirmed,
        AuditKinds.Undone,
        AuditKinds.NotUndone,
        ContainmentKinds.Registered,
        ContainmentKinds.Drifted,
        ContainmentKinds.TakenBack,
    };

    private readonly List<EntryDetails> told = [];
    private readonly HashSet<string> shredded = new(StringComparer.Ordinal);
    private readonly HashSet<string> damaged = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Open> open = new(StringComparer.Ordinal);
    private DateTimeOffset? exportedAt;
    private IReadOnlyList<string>? chains;

    /// <exception cref="FormatException">A line is none of an exported record.</exception>
    public static async Task<LiveList> ReadAsync(Stream export, CancellationToken cancellation)
    {
        var all = new RecordedContainments();
        using var reader = new StreamReader(export, Encoding.UTF8, false, 1 << 16, leaveOpen: true);
        for (var number = 1L; await reader.ReadLineAsync(cancellation) is { } text; number++)
        {
            if (text.Length == 0)
                continue;
            try
            {
                all.Add(RecordLine.FromJson(Encoding.UTF8.GetBytes(text)));
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                throw new FormatException($"line {number} is no line of an exported record: {e.Message}", e);
            }
        }
        return all.Finish();
    }

    private void Add(RecordLine line)
    {
        if (line is HeaderLine header)
            (exportedAt, chains) = (header.ExportedAt, header.Chains);
        if (line is not EntryLine { } entry || !Telling.Contains(entry.Kind))
            return;
        if (entry.Content is ContentState.Readable)
            told.Add(new EntryDetails(entry.ToEntry()));
        else
            (entry.Content is ContentState.Shredded ? shredded : damaged).Add(entry.Chain);
    }

    private LiveList Finish()
    {
        // Over all chains in the order of time; on one chain, and at one moment, in its own order.
        foreach (
            var entry in told.OrderBy(t => t.Entry.At).ThenBy(t => t.Entry.Chain, StringComparer.Ordinal).ThenBy(t => t.Entry.Sequence)
        )
            Next(entry);
        return new LiveList([.. open.Values.Where(o => o.Begun is not null).Select(LiveOf)], exportedAt, [.. Notes()]);
    }

    private void Next(EntryDetails entry)
    {
        if (!entry.IsContainment)
            return;
        var key = $"{entry.Action}:{entry.Target}";
        if (!open.TryGetValue(key, out var one))
            open[key] = one = new Open();
        var (chain, at) = (entry.Entry.Chain, entry.Entry.At);
        switch (entry.Entry.Kind)
        {
            case AuditKinds.Captured when !(PriorOf(entry)?.AlreadySo == true):
                one.Captured[chain] = entry;
                one.Registered.Remove(chain);
                break;
            case ContainmentKinds.Registered:
                one.Registered.Add(chain);
                break;
            case AuditKinds.Executing when one.Registered.Contains(chain) && one.Captured.TryGetValue(chain, out var captured):
                // A confirmed one that is done again is a containment of its own.
                if (one.Begun is null || one.Confirmed)
                    (one.Begun, one.Since, one.Confirmed) = (captured, at, false);
                one.DriftedAt = null;
                one.Incidents.Add(chain);
                break;
            case AuditKinds.Joined when one.Begun is not null:
                one.Incidents.Add(chain);
                break;
            case AuditKinds.Confirmed:
                one.Confirmed = one.Begun is not null;
                break;
            case ContainmentKinds.Drifted:
                one.DriftedAt = at;
                break;
            case AuditKinds.Undone or AuditKinds.NotUndone:
                open.Remove(key);
                break;
            case ContainmentKinds.TakenBack
                when entry.Text("outcome") is nameof(TakeBackOutcome.TakenBack) or nameof(TakeBackOutcome.Nothing):
                open.Remove(key);
                break;
        }
    }

    private static LiveContainment LiveOf(Open one)
    {
        var begun = one.Begun!;
        var colon = begun.Target.IndexOf(':', StringComparison.Ordinal);
        var prior = PriorOf(begun);
        var target = new Target(begun.Target[..Math.Max(0, colon)], begun.Target[(colon + 1)..], begun.Display);
        return new LiveContainment
        {
            Key = ScheduledRollback.KeyOf(begun.Action, target),
            Action = begun.Action,
            Target = target,
            Prior = prior,
            Before = prior?.Summary ?? begun.Entry.Text,
            Obstacle = prior is null
                ? "its state before is too large for the record, and so for an export: use --tables, or do it by hand"
                : null,
            Incidents = [.. one.Incidents.Order(StringComparer.Ordinal)],
            Since = one.Since,
            Confirmed = one.Confirmed,
            DriftedAt = one.DriftedAt,
        };
    }

    private IEnumerable<string> Notes()
    {
        if (chains is not null)
            yield return $"This export holds {chains.Count} incident(s), not the whole record: what others hold is not in it.";
        if (shredded.Count > 0)
            yield return $"The words of {shredded.Count} incident(s) were shredded: what they changed cannot be told from any export. "
                + "Shredding is refused while a containment is live, so only what a person had confirmed can still be in effect.";
        if (damaged.Count > 0)
            yield return $"Words of {damaged.Count} incident(s) cannot be read, because somebody changed what was stored: "
                + $"{string.Join(", ", damaged.Order(StringComparer.Ordinal).Take(5))}. Look at what they changed by hand.";
    }

    private static PriorState? PriorOf(EntryDetails entry)
    {
        try
        {
            return entry.Entry.Data is { } data ? JsonSerializer.Deserialize<PriorState>(data, JsonSerializerOptions.Web) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What stands on the record about one action on one target since it last ended.</summary>
    private sealed class Open
    {
        public Dictionary<string, EntryDetails> Captured { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Registered { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Incidents { get; } = new(StringComparer.Ordinal);

        /// <summary>What was captured before its effect; null while none was begun.</summary>
        public EntryDetails? Begun { get; set; }

        public DateTimeOffset Since { get; set; }

        public bool Confirmed { get; set; }

        public DateTimeOffset? DriftedAt { get; set; }
    }
}

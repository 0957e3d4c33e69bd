using System.Diagnostics.CodeAnalysis;
using IRFunctions.Alerts;
using IRFunctions.Incidents;
using IRFunctions.People;
using AlertView = IRFunctions.Incidents.IncidentView;

namespace IRFunctions.OperatorConsole;

/// <summary>An incident as a list shows it.</summary>
/// <param name="Title">Of its first alert. Untrusted text.</param>
/// <param name="At">When its latest alert came.</param>
/// <param name="Severity">The highest of its alerts.</param>
/// <param name="Outcome">Of its latest alert.</param>
/// <param name="Targets">What was decided about. Untrusted text where the directory did not know it.</param>
/// <param name="Words">All of it in lower case, for the search.</param>
internal sealed record IncidentRow(
    string Incident,
    string Title,
    DateTimeOffset At,
    Severity Severity,
    Outcome Outcome,
    int Alerts,
    string Targets,
    string Words
);

/// <summary>What a list of incidents is narrowed to; what is null or empty narrows nothing.</summary>
/// <param name="Text">Words that all must occur in title, alert id, incident or targets.</param>
/// <param name="Who">A name, address or id of something that was decided about.</param>
internal sealed record IncidentFilter(
    string Text,
    string Who,
    Outcome? Outcome,
    Severity? Severity,
    DateTimeOffset? From,
    DateTimeOffset? Until
);

/// <summary>
/// Every incident in short, newest first, kept in memory and brought up to date from the rows that changed: a search over ten thousand
/// reads nothing twice. It decides nothing; what is shown of one incident is read anew.
/// </summary>
internal sealed class IncidentBoard(IncidentTable incidents, RowTrouble trouble) : IDisposable
{
    /// <summary>Alerts that are kept, some 500 bytes each; older ones are found by their address and on the record.</summary>
    public const int Most = 50_000;

    /// <summary>Rows may become visible a little after their time.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, SortedDictionary<int, AlertView>> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IncidentRow> rows = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim gate = new(1);
    private Glance<IncidentRow[]>? all;
    private DateTimeOffset? read;

    /// <summary>True where older alerts were left out.</summary>
    public bool IsCut { get; private set; }

    public void Dispose()
    {
        all?.Dispose();
        gate.Dispose();
    }

    public async Task<IReadOnlyList<IncidentRow>> FindAsync(IncidentFilter filter, CancellationToken cancellation)
    {
        var words = filter.Text.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var who = filter.Who.ToLowerInvariant();
        return
        [
            .. (await AllAsync(cancellation)).Where(r =>
                (filter.Outcome is null || r.Outcome == filter.Outcome)
                && (filter.Severity is null || r.Severity == filter.Severity)
                && (filter.From is null || r.At >= filter.From)
                && (filter.Until is null || r.At < filter.Until)
                && (who.Length == 0 || r.Words.Contains(who, StringComparison.Ordinal))
                && words.All(w => r.Words.Contains(w, StringComparison.Ordinal))
            ),
        ];
    }

    /// <summary>Begins to read, so that the list is there when somebody opens it; whoever opens it sees what failed.</summary>
    public async Task WarmAsync()
    {
        if (read is not null)
            return;
        await Task.Yield();
        try
        {
            await AllAsync(CancellationToken.None);
        }
#pragma warning disable CA1031 // Nobody waits for it.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The view reads again, and says what is wrong.
        }
    }

    public Task<IncidentRow[]> AllAsync(CancellationToken cancellation) =>
        (all ??= new Glance<IncidentRow[]>(RefreshAsync)).ReadAsync(cancellation);

    private async Task<IncidentRow[]> RefreshAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            var (latest, touched) = (read, new HashSet<string>(StringComparer.Ordinal));
            await foreach (var (page, at) in incidents.ChangedAsync(read - Overlap, cancellation))
            {
                if (latest is null || at > latest)
                    latest = at;
                if (page.Problem is { } problem)
                    await trouble.TellAsync(problem, cancellation);
                if (page.View is not { } view)
                    continue;
                if (!known.TryGetValue(view.Incident, out var alerts))
                    known[view.Incident] = alerts = [];
                alerts[view.Number] = Short(view);
                touched.Add(view.Incident);
            }
            foreach (var incident in touched)
                rows[incident] = RowOf(known[incident]);
            read = latest;
            return Sorted();
        }
        finally
        {
            gate.Release();
        }
    }

    private IncidentRow[] Sorted()
    {
        IncidentRow[] sorted = [.. rows.Values.OrderByDescending(r => r.At).ThenBy(r => r.Incident, StringComparer.Ordinal)];
        var alerts = 0;
        var kept = sorted.TakeWhile(r => (alerts += r.Alerts) <= Most).ToArray();
        foreach (var old in sorted.Skip(kept.Length))
        {
            IsCut = true;
            rows.Remove(old.Incident);
            known.Remove(old.Incident);
        }
        return kept;
    }

    /// <summary>Only what a row needs.</summary>
    private static AlertView Short(AlertView view) =>
        view with
        {
            Assessment = "",
            PolicyHash = "",
            Decisions = [.. view.Decisions.Select(d => d with { Text = "" })],
        };

    [SuppressMessage("Globalization", "CA1308", Justification = "For a search without regard to case, not for a comparison.")]
    private static IncidentRow RowOf(SortedDictionary<int, AlertView> alerts)
    {
        var (first, last) = (alerts.Values.First(), alerts.Values.Last());
        var decisions = alerts.Values.SelectMany(a => a.Decisions).Where(d => !d.Target.StartsWith("alert:", StringComparison.Ordinal));
        var targets = decisions.Select(d => d.Display).Distinct(StringComparer.Ordinal).ToList();
        var ids = decisions.Select(d => d.Target).Distinct(StringComparer.Ordinal);
        var words = alerts.Values.SelectMany(a => (string[])[a.Title, a.AlertId]).Append(first.Incident).Concat(targets).Concat(ids);
        return new IncidentRow(
            first.Incident,
            first.Title,
            last.OpenedAt,
            alerts.Values.Max(a => a.Severity),
            last.Outcome,
            alerts.Count,
            string.Join(", ", targets.Take(3)) + (targets.Count > 3 ? $" and {targets.Count - 3} more" : ""),
            string.Join('\n', words.Distinct(StringComparer.Ordinal)).ToLowerInvariant()
        );
    }
}

using System.Globalization;
using IRFunctions.Connections;
using IRFunctions.Containment;

namespace IRFunctions.Local.TakeBack;

/// <summary>What a run came to, one by one.</summary>
internal sealed record TakeBackResult(LiveContainment What, TakeBackOutcome Outcome, string Text);

/// <summary>
/// Takes back what is live, one after the other, by the undo of each action. What fails for a passing reason is tried again after the
/// others; what fails for good is named and the rest goes on.
/// </summary>
internal sealed class TakeBackRun(ActionCatalog catalogue, TimeProvider time, TakeBackLog? log, string by, Action<string> say)
{
    /// <summary>How often what may pass by itself is tried.</summary>
    private const int Tries = 6;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Nobody waits longer at 3 AM before hearing what has to be done by hand.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, TakeBackResult> results = new(StringComparer.Ordinal);
    private int number;

    /// <param name="named">Whether a person named them: then what a person confirmed is taken back, too.</param>
    /// <exception cref="IOException">The log cannot be written; nothing more was done.</exception>
    public async Task<IReadOnlyList<TakeBackResult>> RunAsync(
        IReadOnlyList<LiveContainment> live,
        bool named,
        CancellationToken cancellation
    )
    {
        // The last one first: what came later may rest on what was before.
        var waiting = live.OrderByDescending(l => l.Since)
            .ThenBy(l => l.Key, StringComparer.Ordinal)
            .Select(l => (What: l, Number: ++number))
            .ToList();
        for (var attempt = 1; waiting.Count > 0; attempt++)
        {
            var again = new List<(LiveContainment What, int Number)>();
            var wait = TimeSpan.Zero;
            foreach (var (what, at) in waiting)
            {
                if (attempt == 1)
                    await WriteAsync(IntentOf(what, at), cancellation);
                var (result, pause) = await OneAsync(what, named, attempt == Tries, cancellation);
                if (result is null)
                {
                    again.Add((what, at));
                    wait = pause > wait ? pause : wait;
                    continue;
                }
                results[what.Key] = result;
                say($"{results.Count}/{live.Count} {Word(result.Outcome)}: {what.Name}: {result.Text}");
                await WriteAsync(new OutcomeLine(at, time.GetUtcNow(), result.Outcome, result.Text), cancellation);
            }
            waiting = again;
            if (waiting.Count == 0)
                break;
            say(string.Create(CultureInfo.InvariantCulture, $"{waiting.Count} to be tried again in {wait.TotalSeconds:0} s"));
            await Task.Delay(wait, time, cancellation);
        }
        return [.. live.Select(l => results[l.Key])];
    }

    /// <summary>Its result, or how long to wait before it is tried again.</summary>
    private async Task<(TakeBackResult? Result, TimeSpan Wait)> OneAsync(
        LiveContainment what,
        bool named,
        bool last,
        CancellationToken cancellation
    )
    {
        if (what.Confirmed && !named)
            return (
                new TakeBackResult(what, TakeBackOutcome.Left, "a person confirmed it; name it with --target to take it back"),
                default
            );
        if (what.Obstacle is { } obstacle || what.Prior is null)
            return (new TakeBackResult(what, TakeBackOutcome.Failed, what.Obstacle ?? "its state before is not known"), default);
        try
        {
            var report = await ContainmentActivities.UndoAsync(catalogue, OrderOf(what), time, cancellation);
            return (new TakeBackResult(what, report.Restored ? TakeBackOutcome.TakenBack : TakeBackOutcome.Nothing, report.Text), default);
        }
        catch (TransientFaultException e) when (!last)
        {
            say($"not yet: {what.Name}: {e.Message}");
            var pause = Throttling.WaitIn(e.Message) ?? Pause;
            return (null, pause < LongestPause ? pause : LongestPause);
        }
#pragma warning disable CA1031 // Whatever it is, the others are taken back.
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (new TakeBackResult(what, TakeBackOutcome.Failed, e.Message.ReplaceLineEndings(" ")), default);
        }
    }

    /// <summary>What would be done: only reads, of the tenant, too.</summary>
    public async Task<string> WouldAsync(LiveContainment what, bool named, CancellationToken cancellation)
    {
        if (what.Confirmed && !named)
            return "would be left: a person confirmed it; name it with --target to take it back";
        if (what.Obstacle is { } obstacle || what.Prior is null)
            return $"CANNOT be taken back: {what.Obstacle ?? "its state before is not known"}";
        try
        {
            return await catalogue.Find(what.Action).VerifyAsync(what.Target, what.Prior, cancellation) switch
            {
                true when what.DriftedAt is not null && !catalogue.Find(what.Action).KnowsItsOwn =>
                    "would be left as it is: our change was gone, and what is there now somebody else made",
                true => $"would be taken back; before: {what.Prior.Summary}",
                false => "nothing would be done: it reads as not in effect",
                null => $"would be taken back as far as the receiver does; it cannot be read back. Before: {what.Prior.Summary}",
            };
        }
#pragma warning disable CA1031 // Whatever it is, the others are looked at.
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return $"would be tried, but cannot be read now: {e.Message.ReplaceLineEndings(" ")}";
        }
    }

    public static string Word(TakeBackOutcome outcome) =>
        outcome switch
        {
            TakeBackOutcome.TakenBack => "taken back",
            TakeBackOutcome.Nothing => "nothing to do",
            TakeBackOutcome.Left => "left",
            _ => "NOT TAKEN BACK",
        };

    private RollbackOrder OrderOf(LiveContainment what) =>
        new()
        {
            Containment = what.Key,
            Generation = what.Generation,
            Action = what.Action,
            Target = what.Target,
            Prior = what.Prior!,
            Cause = RollbackCause.Released,
            By = by,
            Reason = "taken back without the pipeline",
            AskedAt = time.GetUtcNow(),
            DriftedAt = what.DriftedAt,
            Incidents = what.Incidents,
        };

    private IntentLine IntentOf(LiveContainment what, int at) =>
        new(
            at,
            time.GetUtcNow(),
            what.Key,
            what.Action,
            what.Target.Key,
            what.Target.Display,
            what.Generation,
            what.Incidents,
            what.Before
        );

    private Task WriteAsync(TakeBackLine line, CancellationToken cancellation) => log?.WriteAsync(line, cancellation) ?? Task.CompletedTask;
}

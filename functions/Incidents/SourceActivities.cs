using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Decisions;
using IRFunctions.People;
using IRFunctions.PolicyVersions;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Incidents;

/// <summary>Which alert or incident at which source.</summary>
/// <param name="AlertId">The message's own id.</param>
/// <param name="IncidentId">Of the incident at its source; null where it names none.</param>
public sealed record SourceAddress(AlertShape Shape, string AlertId, string? IncidentId);

/// <summary>Input of TellSource.</summary>
public sealed record TellSourceInput(SourceAddress Address, IncidentView View);

/// <summary>
/// Tells an alert's source what became of it, as the policy wants (threshold.yaml, source_comment): a comment with the way to the story,
/// tags, and where asked for status and classification. On the record first (S11), and once: whoever looks for our mark finds the comment.
/// </summary>
public sealed class SourceActivities(
    PolicyArchive policies,
    AuditChain audit,
    GraphSource graph,
    SentinelSource sentinel,
    TeamsSettings settings
)
{
    private const int MostText = 900; // Sentinel takes 30,000 characters, Defender 1,000.

    [Function(nameof(TellSource))]
    public async Task TellSource([ActivityTrigger] TellSourceInput input, CancellationToken cancellation)
    {
        var rule = (await policies.FindAsync(input.View.PolicyHash, cancellation)).Threshold.Source;
        var view = input.View;
        var mark = $"[irf-{Fingerprint.Of(view.Incident, view.Number.ToString(CultureInfo.InvariantCulture))[..12]}]";
        var note = new SourceNote(
            mark,
            $"{TextBounds.Cut(TextOf(view), MostText)} {mark}",
            rule.Tags,
            rule.Status == Policies.SourceStatusRule.InProgress,
            rule.Classification == Policies.SourceClassificationRule.Approved && IsApproved(view)
        );
        var fact = $"source-{view.Incident}-{view.Number.ToString(CultureInfo.InvariantCulture)}";
        await audit.AppendAsync(
            view.Incident,
            [new AuditFact(fact, AuditKinds.SourceTold, $"its source is told: {note.Comment}", "policy")],
            cancellation
        );
        switch (input.Address)
        {
            case { Shape: AlertShape.GraphAlert or AlertShape.DefenderApiAlert } alert:
                await graph.TellAlertAsync(alert.AlertId, note, cancellation);
                if (alert.IncidentId is { } of && note.Tags.Count > 0)
                    await graph.TagIncidentAsync(of, note, cancellation);
                break;
            case { Shape: AlertShape.GraphIncident or AlertShape.DefenderApiIncident, IncidentId: { } incident }:
                await graph.TellIncidentAsync(incident, note, cancellation);
                break;
            case { Shape: AlertShape.SentinelIncident } incident:
                await sentinel.TellAsync(incident.AlertId, note, cancellation);
                break;
            // A row or an alert of Sentinel that Defender's incident owns.
            case { IncidentId: { } incident }:
                await graph.TellIncidentAsync(incident, note, cancellation);
                break;
        }
    }

    /// <summary>Whether an outcome is one the source hears of, and the source can be told at all.</summary>
    public static bool IsWanted(Policies.SourceRule rule, IncidentView view) =>
        rule.Comment switch
        {
            Policies.SourceCommentRule.Acted => view.Outcome is Outcome.Acted or Outcome.Asked,
            Policies.SourceCommentRule.All => view.Outcome is not (Outcome.InProgress or Outcome.Awaiting or Outcome.ClosedAtSource),
            _ => false,
        };

    private static bool IsApproved(IncidentView view) =>
        view.Decisions.Any(d => d is { Kind: DecisionKind.Ask, Ending: Containment.Ending.Done } && IsContainment(d));

    private static bool IsContainment(DecisionView decision) => !decision.Target.StartsWith("alert:", StringComparison.Ordinal);

    /// <summary>Our own words and the directory's names; nothing that an alert wrote.</summary>
    private string TextOf(IncidentView view)
    {
        var what = view.Decisions.Where(IsContainment).Select(d => $"{d.Action} on {d.Display}: {d.Text}").ToList();
        var story = settings.ConsoleUrl is { } console ? $" Story: {new Uri(console, $"api/incidents/{view.Incident}/story")}" : "";
        return $"IRFunctions, {view.Outcome.ToString().ToLowerInvariant()}: "
            + (what.Count == 0 ? "nothing was contained" : string.Join("; ", what))
            + $".{story}";
    }
}

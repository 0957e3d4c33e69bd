using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Approvals;
using IRFunctions.Decisions;
using IRFunctions.Recording;

namespace IRFunctions.Incidents;

/// <summary>
/// What people read about an incident: pages, tickets, the record. Short, in the past tense for what happened, with times in UTC.
/// </summary>
internal static class IncidentText
{
    private const int MaxEntities = 60; // of an alert's 200, so that the details fit an entry

    public static string Received(IncidentAlert input) =>
        input.Alert.RequestedBy is { } person
            ? $"{TextBounds.OneLine(input.Alert.Title, 200)} ({person}), without an alert: {TextBounds.OneLine(input.Alert.Description, 500)}"
            : ReceivedAlert(input);

    private static string ReceivedAlert(IncidentAlert input) =>
        $"{input.Alert.Severity} alert \"{TextBounds.OneLine(input.Alert.Title, 200)}\" with {input.Alert.Entities.Count} "
        + (input.Alert.Entities.Count == 1 ? "entity" : "entities")
        + (input.News is { } news ? $"; news about a known alert: {TextBounds.OneLine(news.Text, 300)}" : "");

    /// <summary>Where people at the source are with it, in words: "Closed as FalsePositive (notMalicious)".</summary>
    public static string Standing(SourceState source)
    {
        var text = source.Status == SourceStatus.Unknown ? TextBounds.OneLine(source.StatusText, 60) : source.Status.ToString();
        if (source.Classification != SourceClassification.Unknown)
            text += $" as {source.Classification}";
        return source.Determination.Length > 0 ? $"{text} ({TextBounds.OneLine(source.Determination, 60)})" : text;
    }

    public static string ClosedAtSource(SourceState source) =>
        $"its source has it as {Standing(source)}: nothing new is started because of it";

    /// <summary>What people are asked when the source took back why something was done. Nothing is taken back by itself.</summary>
    public static string AskToEnd(Alert alert, IReadOnlyList<OpenWork> open) =>
        $"The source closed \"{TextBounds.OneLine(alert.Title, 150)}\" ({Standing(alert.Source)}), and because of its incident "
        + string.Join(" and ", open.Take(4).Select(InEffect))
        + (open.Count > 4 ? string.Create(CultureInfo.InvariantCulture, $" and {open.Count - 4} more") : "")
        + ". Withdraw or release? Nothing is taken back unless a person does it.";

    /// <summary>The same where the source did not take it back: for the record and for whoever is still asked.</summary>
    public static string StillOpen(Alert alert, IReadOnlyList<OpenWork> open) =>
        $"The source closed \"{TextBounds.OneLine(alert.Title, 150)}\" ({Standing(alert.Source)}) while "
        + string.Join(" and ", open.Take(4).Select(InEffect))
        + ". Nothing of it changes by that.";

    private static string InEffect(OpenWork work) =>
        $"{work.Action} on {TextBounds.OneLine(work.Display, 100)} "
        + (work.Kind == OpenWorkKind.Request ? "waits for an answer" : "is in effect")
        + (work.Until is { } until ? $" until {TimeText.Utc(until)}" : "")
        + (work.Shared ? ", for another incident, too" : "");

    public static string Merged(Alert alert) =>
        $"its source merged incident {TextBounds.OneLine(alert.Id, 60)} into this one; its alerts come here";

    /// <summary>What an auditor needs of the alert: where it came from, what it names, and under which policy it is answered.</summary>
    public static object AlertData(IncidentAlert input) =>
        new
        {
            input.Alert.Id,
            input.Alert.IncidentId,
            input.Alert.TenantId,
            Correlation = input.Incident,
            input.Number,
            input.PolicyHash,
            Title = TextBounds.OneLine(input.Alert.Title, 200),
            Shape = input.Alert.Shape.ToString(),
            Severity = input.Alert.Severity.ToString(),
            input.Alert.Product,
            input.Alert.Category,
            input.Alert.Tactics,
            input.Alert.Techniques,
            input.Alert.FirstActivity,
            input.Alert.LastActivity,
            input.Alert.Created,
            Source = input.Alert.Source == SourceState.Unknown ? null : input.Alert.Source,
            News = input.News?.Text,
            Entities = EntityRank
                .Foremost(input.Alert.Entities, MaxEntities)
                .Select(e => new
                {
                    e.Id,
                    Type = e.GetType().Name.Replace("Entity", "", StringComparison.Ordinal).ToLowerInvariant(),
                    Display = TextBounds.OneLine(e.Display, 120),
                    Target = Targets.Of(e)?.Key,
                    Names = EntityNames.Of(e),
                    Roles = e.Roles.Count == 0 ? null : e.Roles,
                }),
            EntitiesInAll = input.Alert.Entities.Count,
            input.Alert.Notes,
        };

    /// <summary>What an auditor needs of the assessment: the answer, by whom, and what it cost.</summary>
    public static object AssessmentData(AlertAssessment assessment) =>
        new
        {
            assessment.By,
            assessment.Verdict,
            assessment.Confidence,
            assessment.Reasoning,
            assessment.Model,
            assessment.PromptHash,
            assessment.Problem,
            assessment.Evidence,
            assessment.Recommendations,
            assessment.InputTokens,
            assessment.OutputTokens,
            assessment.Cost,
            assessment.Seconds,
            assessment.AnsweredBefore,
            assessment.Agreement,
            assessment.Missing,
            assessment.Injection,
        };

    public static string Assessed(AlertAssessment assessment)
    {
        var who = assessment.By switch
        {
            AssessedBy.Model => $"the model ({assessment.Model ?? "unnamed"})",
            AssessedBy.Person => "the person who asks",
            AssessedBy.Rules => "the rules, since the model gave no usable answer",
            _ => "nobody",
        };
        var text =
            $"{who}: {assessment.Verdict} at {assessment.Confidence}%{Spent(assessment)}. {TextBounds.OneLine(assessment.Reasoning, 400)}";
        if (assessment.Missing.Count > 0)
            text += $" Not known: {TextBounds.OneLine(string.Join("; ", assessment.Missing), 300)}.";
        return assessment.Problem is null ? text : $"{text} Problem: {TextBounds.OneLine(assessment.Problem, 300)}";
    }

    /// <summary>What the answer cost, and how it came about; nothing where the model was not asked.</summary>
    private static string Spent(AlertAssessment assessment)
    {
        if (assessment.AnsweredBefore is { } then)
            return $" (answered at {TimeText.Utc(then)} to the same question)";
        var agreed = assessment.Agreement is { } agreement ? $", {agreement} samples agree" : "";
        var cost = assessment.Cost > 0 ? string.Create(CultureInfo.InvariantCulture, $", cost {assessment.Cost:0.######}") : "";
        return assessment.InputTokens == 0
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $" ({assessment.InputTokens} + {assessment.OutputTokens} tokens, {assessment.Seconds:0.0} s{cost}{agreed})"
            );
    }

    public static string Injection(Alert alert) =>
        $"injection attempt: a string planted in the prompt came back, so text of \"{TextBounds.OneLine(alert.Title, 200)}\" tries "
        + $"to take the model over; its answer was not used, a person decides everything about this alert";

    public static string Decided(Decision decision) =>
        $"{decision.Kind.ToString().ToLowerInvariant()}: {decision.Action} on {TextBounds.OneLine(decision.Target.Display, 120)} "
        + $"(tier {decision.Tier}). "
        + ReasonText.Why(decision);

    public static string Note(AlertNews? news, AlertAssessment assessment, Decision decision) =>
        (news is null ? "" : $"News about a known alert: {TextBounds.OneLine(news.Text, 200)}. ")
        + $"{Assessed(assessment)} Decided: {ReasonText.Why(decision)}";

    public static string Notified(Alert alert, Decision decision) =>
        $"Recommended, never run by itself: {decision.Action} on {TextBounds.OneLine(decision.Target.Display, 120)}. Alert: "
        + $"{TextBounds.OneLine(alert.Title, 200)}. "
        + (decision.Target.Called is { } called ? $"{ApprovalText.CalledOtherwise(called)}. " : "")
        + ReasonText.Why(decision);

    public static string FailedPage(Alert alert, Decision decision, string problem) =>
        $"{decision.Action} on {TextBounds.OneLine(decision.Target.Display, 120)} failed: {TextBounds.OneLine(problem, 300)} Alert: "
        + $"{TextBounds.OneLine(alert.Title, 200)}";

    public static string Outcome(IncidentView view) =>
        $"{Word(view.Outcome)}: "
        + (
            view.Closing is { } closing ? closing
            : view.News is { Kind: NewsKind.Standing or NewsKind.Late } news ? $"noted: {news.Text}"
            : view.Decisions.Count == 0 ? "nothing was recommended"
            : string.Join("; ", view.Decisions.Select(d => $"{d.Action} {d.Ending.ToString().ToLowerInvariant()}"))
        );

    private static string Word(Outcome outcome) =>
        outcome == Incidents.Outcome.ClosedAtSource ? "closed at source" : outcome.ToString().ToLowerInvariant();
}

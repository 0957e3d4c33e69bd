using System.Globalization;
using System.Text.Json.Serialization;
using IRFunctions.Alerts;
using IRFunctions.Decisions;

namespace IRFunctions.Incidents;

/// <summary>What a message says about an alert that is known already (S10).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NewsKind>))]
public enum NewsKind
{
    /// <summary>The same again: nothing is done, and it is counted.</summary>
    Duplicate,

    /// <summary>Severity, entities, members or the like: assessed again, and joined to what is under way.</summary>
    Changed,

    /// <summary>Only where it stands at its source, and still open: noted.</summary>
    Standing,

    /// <summary>Open after it was closed: answered as if it were new.</summary>
    Reopened,

    /// <summary>An earlier version that came after a later one: noted.</summary>
    Late,

    /// <summary>An earlier version that came after the closing: starts nothing.</summary>
    LateAfterClosing,
}

/// <summary>News about a known alert.</summary>
/// <param name="Text">What is new, in words for a person.</param>
public sealed record AlertNews(NewsKind Kind, string Text);

/// <summary>An alert as it came last.</summary>
public sealed record KnownAlert
{
    /// <summary>Its number among the incident's arrivals.</summary>
    public required int Number { get; init; }

    /// <summary>The numbers of its versions so far, this one included.</summary>
    public IReadOnlyList<int> Versions { get; init; } = [];

    /// <summary>Digest of all that a decision rests on.</summary>
    public required string Content { get; init; }

    /// <summary>Digest of the entities.</summary>
    public required string Entities { get; init; }
    public required int EntityCount { get; init; }
    public required int Members { get; init; }
    public required Severity Severity { get; init; }
    public required SourceState Source { get; init; }

    public static KnownAlert Of(Alert alert, int number) =>
        new()
        {
            Number = number,
            Versions = [number],
            Content = AlertVersion.ContentOf(alert),
            Entities = AlertVersion.EntitiesOf(alert),
            EntityCount = alert.Entities.Count,
            Members = alert.MemberAlertIds.Count,
            Severity = alert.Severity,
            Source = alert.Source,
        };

    /// <summary>The message changed nothing of the alert but where it stands, or told less of it than is known.</summary>
    public KnownAlert With(KnownAlert now) =>
        (IsThinner(now) ? this with { Number = now.Number, Source = now.Source } : now) with
        {
            Versions = [.. Versions, .. now.Versions],
        };

    /// <summary>
    /// What the message is, beside what is known. A doubt makes it news: to look again costs an assessment, to look away may cost more.
    /// </summary>
    /// <param name="seen">Exactly this version was here before.</param>
    public AlertNews Judge(KnownAlert now, bool seen)
    {
        var isLate = now.Source.Updated < Source.Updated;
        var isSame = now.Content == Content && Standing(now.Source) == Standing(Source);
        var reopens = Source.IsClosed && !now.Source.IsClosed && now.Source.Status != SourceStatus.Redirected;
        var kind =
            seen && !ComesBack(now, isSame) ? NewsKind.Duplicate
            : isLate && reopens ? NewsKind.LateAfterClosing
            : isLate && (now.Entities == Entities || now.EntityCount == 0) ? NewsKind.Late
            : reopens ? NewsKind.Reopened
            : !now.Source.IsClosed && (now.Content == Content || IsThinner(now)) ? NewsKind.Standing
            : NewsKind.Changed;
        return new AlertNews(kind, kind == NewsKind.Duplicate ? "" : Words(kind, now));
    }

    /// <summary>
    /// A version that was here before another one is here again: later by the source's clock or, where it has none, closed and opened.
    /// </summary>
    private bool ComesBack(KnownAlert now, bool isSame) =>
        !isSame && (now.Source.Updated is { } at && Source.Updated is { } before ? at > before : now.Source.IsClosed != Source.IsClosed);

    /// <summary>A message without its things tells nothing new of them: an incident is often sent without its alerts.</summary>
    private bool IsThinner(KnownAlert now) =>
        now is { EntityCount: 0, Members: 0 } && (EntityCount > 0 || Members > 0) && now.Severity == Severity;

    private string Words(NewsKind kind, KnownAlert now)
    {
        var parts = new List<string>(5);
        if (now.Severity != Severity)
            parts.Add($"severity was {Severity}, is {now.Severity}");
        if (now.EntityCount != EntityCount)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{EntityCount} entities before, {now.EntityCount} now"));
        else if (now.Entities != Entities)
            parts.Add("other entities");
        if (now.Members != Members)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{Members} alerts inside before, {now.Members} now"));
        if (Standing(now.Source) != Standing(Source))
            parts.Add($"at its source it was {Standing(Source)}, is {Standing(now.Source)}");
        var what = parts.Count > 0 ? string.Join("; ", parts) : "its category, techniques or text differ";
        return kind switch
        {
            NewsKind.Reopened => $"opened again at its source: {what}",
            NewsKind.Late => $"an earlier version, which came late: {what}",
            NewsKind.LateAfterClosing => $"an earlier version, which came after its source had closed it: {what}",
            _ => what,
        };
    }

    private static string Standing(SourceState source) =>
        source.Status == SourceStatus.Unknown && source.StatusText.Length == 0 ? "of no stated status" : IncidentText.Standing(source);
}

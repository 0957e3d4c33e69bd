using System.Text.RegularExpressions;

namespace IRFunctions.Alerts;

/// <summary>What all shapes do the same way: identity, titles, and turning a draft with its members into the finished alert.</summary>
internal static partial class Drafts
{
    /// <summary>An id, GUIDs in lower case; empty where there is none, which <see cref="Finish"/> refuses.</summary>
    public static string Id(Fields fields, params ReadOnlySpan<string> names)
    {
        if (fields.Raw(names) is not { } text)
            return "";
        if (text.Length <= AlertLimits.MaxName)
            return Canonical.Identifier(SafeText.Line(text, AlertLimits.MaxName, out _));
        fields.Session.Refuse(
            AlertReasons.NoIdentity,
            new AlertFault(
                $"{fields.Place}.{names[0]}",
                $"The id has {text.Length} characters; at most {AlertLimits.MaxName} are accepted.",
                "Look at who sent this; real ids are short."
            )
        );
        return "";
    }

    public static string? OptionalId(Fields fields, params ReadOnlySpan<string> names) =>
        Id(fields, names) is { Length: > 0 } id ? id : null;

    /// <summary>
    /// The incident into which the source merged this one, both of which must lead to one response; null where it merged nothing. Sources
    /// write 0, and the incident's own id, for none.
    /// </summary>
    public static string? Survivor(Fields fields, string own)
    {
        if (OptionalId(fields, "redirectIncidentId") is not { } survivor || survivor == own || survivor == "0")
            return null;
        fields.Session.Notes.Add($"The source merged this incident into incident {survivor}.");
        return survivor;
    }

    public static string Tenant(string? id, ReadingSession session)
    {
        if (!string.IsNullOrWhiteSpace(id))
            return Canonical.Identifier(id).ToLowerInvariant();
        session.Notes.Add("The message names no tenant, workspace or subscription.");
        return Alert.UnknownTenant;
    }

    /// <summary>
    /// Technique ids out of whatever is written around them ("PowerShell (T1059.001)", "t1110"); a word without one stays as it is.
    /// </summary>
    public static IReadOnlyList<string> TechniqueIds(IEnumerable<string> words) =>
        [.. words.Select(word => Technique().Match(word) is { Success: true } id ? id.Value.ToUpperInvariant() : word).Distinct()];

    [GeneratedRegex(@"(?<![A-Za-z0-9])T\d{4}(?:\.\d{3})?(?!\d)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Technique();

    public static string Title(Fields fields, params ReadOnlySpan<string> names) => fields.Line(names) ?? "(no title)";

    public static (Severity Severity, string Text) SeverityOf(Fields fields, params ReadOnlySpan<string> names)
    {
        var text = fields.Line(names) ?? "";
        var severity = SeverityWords.Of(text, out var isGuess);
        if (isGuess)
            fields.Session.Notes.Add($"The severity '{SafeText.Line(text, 60, out _)}' is not one we know; it counts as {severity}.");
        return (severity, text);
    }

    /// <summary>
    /// An incident with what its alerts say: their time span, every technique, and each alert's own words after the incident's.
    /// </summary>
    public static Alert Combine(Alert incident, IReadOnlyList<Alert> members)
    {
        if (members.Count == 0)
            return incident;
        var text = string.Join('\n', members.Select(Summary).Prepend(incident.Description).Where(part => part.Length > 0));
        var highest = members.MaxBy(member => member.Severity)!;
        var isUnrated = incident.Severity == Severity.Unknown && incident.SeverityText.Length == 0;
        return incident with
        {
            Description = SafeText.Block(text, AlertLimits.MaxText, out _),
            Severity = isUnrated ? highest.Severity : incident.Severity,
            SeverityText = isUnrated ? highest.SeverityText : incident.SeverityText,
            Product = incident.Product.Length > 0 ? incident.Product : Joined(members.Select(member => member.Product)),
            Category = incident.Category.Length > 0 ? incident.Category : Joined(members.Select(member => member.Category)),
            Tactics = [.. incident.Tactics.Union(members.SelectMany(member => member.Tactics))],
            Techniques = [.. incident.Techniques.Union(members.SelectMany(member => member.Techniques))],
            FirstActivity = incident.FirstActivity ?? members.Min(member => member.FirstActivity),
            LastActivity = incident.LastActivity ?? members.Max(member => member.LastActivity),
            MemberAlertIds = [.. members.Select(member => member.Id).Where(id => id.Length > 0).Distinct()],
            Source = SourceStates.OfMembers(incident.Source, members),
        };
    }

    private static string Summary(Alert member) =>
        $"Alert \"{member.Title}\" ({(member.SeverityText.Length > 0 ? member.SeverityText : "no severity")}): {member.Description}";

    private static string Joined(IEnumerable<string> words) =>
        SafeText.Line(string.Join(", ", words.Where(word => word.Length > 0).Distinct()), AlertLimits.MaxName, out _);

    /// <summary>Reads the alerts of an incident, at most as many as entities.</summary>
    public static List<Alert> Members(Fields fields, string name, Func<Fields, Alert> draft)
    {
        var members = new List<Alert>();
        if (fields.List(name) is not { } list)
            return members;
        var index = -1;
        foreach (var item in list.EnumerateArray())
        {
            var place = $"{fields.Place}.{name}[{++index}]";
            if (members.Count == AlertLimits.MaxEntities)
            {
                fields.Session.Notes.Add($"Only the first {AlertLimits.MaxEntities} alerts of {list.GetArrayLength()} are read.");
                break;
            }
            if (item.ValueKind == System.Text.Json.JsonValueKind.Object)
                members.Add(draft(Fields.Of(item, fields.Session, place)));
            else
                fields.Session.Notes.Add($"{place} is not an object, so it is no alert; left out.");
        }
        return members;
    }

    /// <summary>
    /// An identity of another tenant than the alert's is no target: nothing of ours has its id. Where the alert's own tenant is not known
    /// (a workspace is none) the decision compares with ours.
    /// </summary>
    private static void MarkForeign(Alert draft, ReadingSession session)
    {
        var isOfGraph = draft.Shape is not (AlertShape.SecurityAlertRow or AlertShape.SentinelAlert or AlertShape.SentinelIncident);
        var own = session.EntraTenant ?? Canonical.TenantOfLink(draft.Link) ?? (isOfGraph ? Canonical.Guid(draft.TenantId) : null);
        if (own is null)
            return;
        session.Entities.Change(entity =>
        {
            if (entity.TenantId is null || entity.TenantId == own)
                return entity;
            session.Notes.Add(
                $"{SafeText.Line(entity.Display, 120, out _)} is of tenant {entity.TenantId}, not of the alert's tenant {own}: "
                    + "it is no target."
            );
            return entity with { IsForeign = true };
        });
    }

    /// <summary>The alert with its entities, notes and leftovers; or the reasons why it cannot be one.</summary>
    /// <param name="levels">The objects whose fields decided what the alert is; in them no name may mean two things.</param>
    public static AlertReading Finish(Alert draft, ReadingSession session, params ReadOnlySpan<Fields?> levels)
    {
        session.AtEnd.ForEach(read => read());
        string? extra = null;
        foreach (var fields in levels)
        {
            foreach (var name in fields?.Conflicts ?? [])
            {
                session.Refuse(
                    AlertReasons.AmbiguousKey,
                    new AlertFault(
                        $"{fields!.Place}.{name}",
                        "The name stands there more than once, with different values.",
                        "No known source does this; look at who sent it."
                    )
                );
            }
            extra ??= fields?.Extra();
        }
        if (draft.Id.Length == 0 && session.Refusal is null)
        {
            session.Refuse(
                AlertReasons.NoIdentity,
                new AlertFault(
                    levels[^1]?.Place ?? "$",
                    $"It looks like a {draft.Shape}, but has no id.",
                    "Send the alert with its id; without one, a repeat cannot be told from a new alert."
                )
            );
        }
        MarkForeign(draft, session);
        return session.Refusal
            ?? AlertReading.Accepted(draft with { Entities = session.Entities.ToList(), Notes = session.Notes.ToList(), Extra = extra });
    }
}

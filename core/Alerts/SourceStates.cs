namespace IRFunctions.Alerts;

/// <summary>
/// Reads status, classification and determination in the words of every source. Source of the words: Graph v1.0 resources
/// security.alert (alertStatus), security.incident (incidentStatus) and the legacy alert; Microsoft.SecurityInsights (IncidentStatus,
/// AlertStatus, IncidentClassification, IncidentClassificationReason); the Defender APIs' alert and incident; Identity Protection
/// (riskState). What is read stays in Extra, too: the model hears the source's own words.
/// </summary>
internal static class SourceStates
{
    /// <param name="updated">Names of the field that says when it was changed last.</param>
    public static SourceState Of(Fields fields, params ReadOnlySpan<string> updated)
    {
        var text = Word(fields, "status") ?? Word(fields, "riskState") ?? "";
        var determination = Word(fields, "determination") ?? Word(fields, "classificationReason") ?? "";
        var classification = ClassificationOf(Word(fields, "classification") ?? Word(fields, "feedback"));
        var status = StatusOf(text);
        // A status that says nothing, beside the time of its end.
        if (status == SourceStatus.Unknown && (Word(fields, "resolvedDateTime") ?? Word(fields, "closedDateTime")) is not null)
            status = SourceStatus.Closed;
        if (text.Length > 0 && status == SourceStatus.Unknown && !Same(text, "unknown") && !Same(text, "unknownFutureValue"))
            fields.Session.Notes.Add($"{fields.Place}.status is '{text}', a word that is not known here; it counts as open.");
        return new SourceState
        {
            Status = status,
            StatusText = text,
            Classification = classification == SourceClassification.Unknown ? FromDetermination(determination) : classification,
            Determination = determination,
            Updated = Time(fields, updated),
        };
    }

    /// <summary>A row of the SecurityAlert table has classification and determination among its extended properties.</summary>
    public static SourceState OfRow(Fields row, Fields? properties, params ReadOnlySpan<string> updated)
    {
        var state = Of(row, updated);
        if (properties is null || state.Classification != SourceClassification.Unknown)
            return state;
        var determination = Word(properties, "Determination") ?? state.Determination;
        var classification = ClassificationOf(Word(properties, "Classification"));
        return state with
        {
            Classification = classification == SourceClassification.Unknown ? FromDetermination(determination) : classification,
            Determination = determination,
        };
    }

    /// <summary>An incident whose own status says nothing stands where its alerts stand: closed where all of them are.</summary>
    public static SourceState OfMembers(SourceState own, IReadOnlyList<Alert> members)
    {
        if (own.Status != SourceStatus.Unknown || members.Count == 0 || !members.All(member => member.Source.IsClosed))
            return own;
        var classes = members.Select(member => member.Source.Classification).Distinct().ToList();
        return own with
        {
            Status = SourceStatus.Closed,
            StatusText = "every alert inside is closed",
            // One real attack among false alarms is a real attack.
            Classification =
                classes.Contains(SourceClassification.TruePositive) ? SourceClassification.TruePositive
                : classes.Contains(SourceClassification.Unknown) ? SourceClassification.Unknown
                : classes.Count == 1 ? classes[0]
                : SourceClassification.BenignPositive,
            Updated = own.Updated ?? members.Max(member => member.Source.Updated),
        };
    }

    private static SourceStatus StatusOf(string text) =>
        Plain(text) switch
        {
            "new" or "newalert" or "open" or "opened" or "reopened" or "atrisk" or "unresolved" => SourceStatus.New,
            "active" or "inprogress" or "awaitingaction" or "acknowledged" or "investigating" or "confirmedcompromised" =>
                SourceStatus.InProgress,
            "resolved"
            or "autoresolved"
            or "closed"
            or "dismissed"
            or "remediated"
            or "confirmedsafe"
            or "completed"
            or "done"
            or "suppressed" => SourceStatus.Closed,
            "redirected" or "merged" => SourceStatus.Redirected,
            _ => SourceStatus.Unknown,
        };

    private static SourceClassification ClassificationOf(string? text) =>
        Plain(text) switch
        {
            "truepositive" => SourceClassification.TruePositive,
            "benignpositive" or "benigntruepositive" or "informationalexpectedactivity" => SourceClassification.BenignPositive,
            "falsepositive" => SourceClassification.FalsePositive,
            _ => SourceClassification.Unknown,
        };

    /// <summary>Older sources and half-filled ones say why without saying what.</summary>
    private static SourceClassification FromDetermination(string text) =>
        Plain(text) switch
        {
            "clean" or "notmalicious" or "inaccuratedata" or "incorrectalertlogic" => SourceClassification.FalsePositive,
            "securitytesting"
            or "securitypersonnel"
            or "lineofbusinessapplication"
            or "confirmedactivity"
            or "confirmeduseractivity"
            or "suspiciousbutexpected" => SourceClassification.BenignPositive,
            "apt"
            or "malware"
            or "phishing"
            or "compromiseduser"
            or "compromisedaccount"
            or "multistagedattack"
            or "malicioususeractivity"
            or "suspiciousactivity" => SourceClassification.TruePositive,
            _ => SourceClassification.Unknown,
        };

    private static DateTimeOffset? Time(Fields fields, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (
                fields.Peek(name) is { ValueKind: System.Text.Json.JsonValueKind.String } text
                && Canonical.Time(text.GetString()) is { } time
            )
                return time;
        return null;
    }

    private static string? Word(Fields fields, string name) =>
        fields.Peek(name) is { ValueKind: System.Text.Json.JsonValueKind.String } value && !string.IsNullOrWhiteSpace(value.GetString())
            ? SafeText.Line(value.GetString()!, 60, out _).Trim()
            : null;

    /// <summary>"In Progress", "inProgress" and "in_progress" are one word.</summary>
    private static string Plain(string? text) =>
        text is null ? "" : string.Concat(text.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    private static bool Same(string text, string other) => text.Equals(other, StringComparison.OrdinalIgnoreCase);
}

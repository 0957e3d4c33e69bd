namespace IRFunctions.Alerts;

/// <summary>
/// Reads one message into one <see cref="Alert"/>. The shape is recognised by the structure of the message, never by a header, since
/// headers say who forwarded it and not what it is.
/// </summary>
public static class AlertParser
{
    /// <summary>
    /// The alert, or every reason why the message is not one. Never throws, keeps nothing between calls, and gives the same answer for the
    /// same bytes (the pipeline may read a message again after a crash).
    /// </summary>
    /// <param name="body">The message body, at most <see cref="AlertLimits.MaxBytes"/> bytes; its size is checked before anything is
    /// read.</param>
    public static AlertReading Read(ReadOnlyMemory<byte> body)
    {
        if (body.Length > AlertLimits.MaxBytes)
        {
            return AlertReading.Rejected(
                AlertReasons.TooLarge,
                new AlertFault(
                    "the whole message",
                    $"The message has {body.Length} bytes; at most {AlertLimits.MaxBytes} are read.",
                    "Send fewer alerts or evidence in one message."
                )
            );
        }
        try
        {
            return ReadChecked(body);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // A defect here must cost one alert its automation, not its outcome (S10): the dead-letter queue shows it to a person.
            var problem = $"The parser failed: {error.GetType().Name}: {SafeText.Line(error.Message, 200, out _)}";
            return AlertReading.Rejected(
                AlertReasons.ParserFault,
                new AlertFault("the whole message", problem, "Report this as a defect, with the message.")
            );
        }
    }

    private static AlertReading ReadChecked(ReadOnlyMemory<byte> body)
    {
        using var session = new ReadingSession();
        using var document = JsonText.TryOpen(body, session.Notes, out var refusal);
        if (document is null)
            return refusal!;
        return Envelope.Unwrap(document.RootElement, session) is { } root ? ReadShape(root) : session.Refusal!;
    }

    /// <summary>From the most to the least telling structure.</summary>
    private static AlertReading ReadShape(Fields root) =>
        SentinelIncidentShape.MatchesEnvelope(root) ? SentinelIncidentShape.ReadEnvelope(root)
        : SentinelIncidentShape.MatchesBundle(root) ? SentinelIncidentShape.ReadBundle(root)
        : SentinelAlertShape.MatchesPair(root) ? SentinelAlertShape.ReadPair(root)
        : SentinelAlertShape.Matches(root) ? SentinelAlertShape.Read(root)
        : SentinelIncidentShape.Matches(root) ? SentinelIncidentShape.Read(root)
        : SecurityAlertRowShape.Matches(root) ? SecurityAlertRowShape.Read(root)
        : IncidentRowShape.Matches(root) ? IncidentRowShape.Read(root)
        : StreamShape.Matches(root) ? StreamShape.Read(root)
        : OfficeAlertShape.Matches(root) ? OfficeAlertShape.Read(root)
        : RiskDetectionShape.Matches(root) ? RiskDetectionShape.Read(root)
        : LegacyGraphShape.Matches(root) ? LegacyGraphShape.Read(root)
        : DefenderApiShape.MatchesAlert(root) ? DefenderApiShape.ReadAlert(root)
        : DefenderApiShape.MatchesIncident(root) ? DefenderApiShape.ReadIncident(root)
        : GraphIncidentShape.Matches(root) ? GraphIncidentShape.Read(root)
        : GraphAlertShape.Matches(root) ? GraphAlertShape.Read(root)
        : Families.Refuse(root);
}

namespace IRFunctions.Alerts;

/// <summary>The severities of every scale that meets us, on ours.</summary>
internal static class SeverityWords
{
    /// <summary>
    /// Severity by name or number, whatever the case. A word we do not know is Medium: a source that calls an alert "catastrophic" must
    /// not rank below one that calls it medium. <see cref="Severity.Unknown"/> only where the source says nothing, or that it does
    /// not know.
    /// </summary>
    /// <param name="isGuess">Whether the word is not known here.</param>
    public static Severity Of(string? text, out bool isGuess)
    {
        isGuess = false;
        switch (Word(text))
        {
            case "":
            case "unknown":
            case "none":
            case "unspecified":
            case "undefined":
            case "notset":
            case "null":
            case "na":
                return Severity.Unknown;
            // Azure Monitor counts down from Sev0, and others write P1 for what has to be looked at first.
            case "high":
            case "critical":
            case "crit":
            case "veryhigh":
            case "extreme":
            case "severe":
            case "fatal":
            case "emergency":
            case "urgent":
            case "alert":
            case "sev0":
            case "sev1":
            case "p0":
            case "p1":
                return Severity.High;
            case "medium":
            case "moderate":
            case "med":
            case "major":
            case "warning":
            case "warn":
            case "sev2":
            case "p2":
                return Severity.Medium;
            case "low":
            case "minor":
            case "sev3":
            case "p3":
                return Severity.Low;
            case "informational":
            case "information":
            case "info":
            case "verbose":
            case "debug":
            case "notice":
            case "sev4":
            case "p4":
                return Severity.Informational;
            default: // Numbers, too: some scales count up, some down.
                isGuess = true;
                return Severity.Medium;
        }
    }

    private static string Word(string? text) => text is null ? "" : string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}

using System.Globalization;
using System.Text;
using IRFunctions.Approvals;
using IRFunctions.Record;
using IRFunctions.Stories;

namespace IRFunctions.Local.CommandLine;

/// <summary>The record for a terminal. Attacker-written text loses its control characters.</summary>
internal static class AuditText
{
    private const int Width = 110;

    public static string Of(IncidentStory story)
    {
        var text = new StringBuilder();
        text.Append(PolicyExplanation.Plain(story.Title)).Append("  (").Append(story.Incident).Append(")\n\n");
        text.Append("  Why did this happen?\n");
        foreach (var sentence in story.Why)
            Wrap(text, "  ", sentence);
        text.Append('\n');
        DateOnly? day = null;
        foreach (var line in story.Lines)
        {
            if (DateOnly.FromDateTime(line.At.UtcDateTime) is var today && today != day)
                text.Append(CultureInfo.InvariantCulture, $"  {day = today:d MMMM yyyy} (UTC)\n");
            Wrap(text, line.At.UtcDateTime.ToString("'  'HH:mm:ss'  '", CultureInfo.InvariantCulture), line.Words);
        }
        return text.ToString();
    }

    public static string Of(AuditEntry entry) =>
        $"{entry.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}  {entry.Chain} {entry.Sequence}  "
        + $"{entry.Kind}: {PolicyExplanation.Plain(entry.Text)}";

    public static string Of(RecoveryPoint point) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{point.Id}  {point.Action} on {PolicyExplanation.Plain(point.Target.Display)}\n    "
                + $"{PolicyExplanation.Plain(point.Summary)}; captured {point.CapturedAt:yyyy-MM-dd HH:mm:ss} UTC, "
        )
        + $"{(point.Verified ? "verified" : "NOT VERIFIED")}, {(point.Sealed ? "sealed" : "not sealed yet")}, "
        + $"{point.Restorable ?? "can be restored"}"
        + (point.DependsOn.Count == 0 ? "" : $"; after {string.Join(", ", point.DependsOn)}");

    private static void Wrap(StringBuilder text, string start, string words)
    {
        var (indent, line) = (new string(' ', start.Length), new StringBuilder(start));
        foreach (var word in PolicyExplanation.Plain(words).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length + word.Length > Width && line.Length > start.Length)
            {
                text.Append(line.ToString().TrimEnd()).Append('\n');
                line.Clear().Append(indent);
            }
            line.Append(word).Append(' ');
        }
        text.Append(line.ToString().TrimEnd()).Append('\n');
    }
}

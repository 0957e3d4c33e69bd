using System.Text.Json;
using IRFunctions.Containment;
using IRFunctions.Local.Host;
using IRFunctions.Record;

namespace IRFunctions.Local.Demonstration;

/// <summary>How loud a line is.</summary>
internal enum Volume
{
    /// <summary>For those who look.</summary>
    Quiet,

    /// <summary>Something ended or was changed.</summary>
    Plain,

    /// <summary>A person has to do something.</summary>
    Loud,
}

/// <summary>One line of the timeline.</summary>
/// <param name="Word">What happened, in a word.</param>
/// <param name="Hint">What a person can do about it, ready to paste; null where there is nothing to do.</param>
internal sealed record QuietLine(Volume Volume, string Word, string Text, string? Hint = null);

/// <summary>
/// The record in few lines: one for each alert when it is settled, a loud one when a person is needed, one when something in effect changes
/// or ends. Everything else is on the record and shown with --detail.
/// </summary>
internal sealed class QuietLines(Uri address)
{
    private readonly Dictionary<string, string> titles = new(StringComparer.Ordinal);

    /// <summary>Null for what is not told.</summary>
    public QuietLine? Of(AuditEntry entry)
    {
        switch (entry.Kind)
        {
            case AuditKinds.Received:
                titles[entry.Chain] = entry.Text;
                return null;
            case AuditKinds.Outcome:
                return new QuietLine(Volume.Plain, Before(entry.Text, ':'), $"{Alert(entry)}: {After(entry.Text, ':')}");
            case AuditKinds.Asked or AuditKinds.Climbed:
                return new QuietLine(Volume.Loud, "NEEDS YOU", $"{entry.Text}  ({Alert(entry)})", Answer(entry));
            case AuditKinds.Reminded:
                return new QuietLine(Volume.Loud, "ENDS SOON", entry.Text, $"release, confirm or extend: {address}api/containments");
            case AuditKinds.Failed
            or AuditKinds.RollbackFailed
            or AuditKinds.NotUndone
            or AuditKinds.RecordBroken
            or AuditKinds.Injection
            or AuditKinds.Undelivered
            or ContainmentKinds.Drifted:
                return new QuietLine(Volume.Loud, "LOOK", entry.Text, Look(entry));
            case AuditKinds.Refused:
                return new QuietLine(Volume.Plain, "refused", entry.Text);
            case AuditKinds.StopEngaged or AuditKinds.StopLifted:
                return new QuietLine(Volume.Loud, "STOP", entry.Text);
            default:
                return Word(entry.Kind) is { } word ? new QuietLine(Volume.Plain, word, entry.Text) : null;
        }
    }

    private static string? Word(string kind) =>
        kind switch
        {
            AuditKinds.Answered => "answered",
            AuditKinds.Denied => "denied",
            AuditKinds.Expired => "expired",
            AuditKinds.Withdrawn => "withdrawn",
            AuditKinds.ReleaseAsked => "release",
            AuditKinds.Confirmed => "confirmed",
            AuditKinds.Extended => "extended",
            AuditKinds.Undone => "undone",
            AuditKinds.RestoreAsked => "restore",
            AuditKinds.PolicyChanged => "policy",
            AuditKinds.Shredded => "shredded",
            ContainmentKinds.Rehearsed => "drill",
            _ => null,
        };

    private string Alert(AuditEntry entry) => titles.GetValueOrDefault(entry.Chain, entry.Chain);

    private string? Look(AuditEntry entry) => entry.Chain == RecordChains.Pipeline ? null : $"{address}api/incidents/{entry.Chain}";

    private string Answer(AuditEntry entry)
    {
        var id = entry.FactId[..entry.FactId.LastIndexOf('-')];
        return $"curl {address}api/approvals/{id} -H '{DevelopmentSignIn.Header}: {FirstApprover(entry)}' -d "
            + $"'{{\"decision\":\"approve\",\"reason\":\"...\"}}'   (or \"deny\")";
    }

    private static string FirstApprover(AuditEntry entry)
    {
        using var json = JsonDocument.Parse(entry.Data ?? "{}");
        return
            json.RootElement.TryGetProperty("rung", out var rung)
            && rung.TryGetProperty("approvers", out var people)
            && people.GetArrayLength() > 0
            ? people[0].GetProperty("objectId").GetString() ?? ""
            : "";
    }

    private static string Before(string text, char mark) =>
        text.IndexOf(mark, StringComparison.Ordinal) is > 0 and var i ? text[..i] : text;

    private static string After(string text, char mark) =>
        text.IndexOf(mark, StringComparison.Ordinal) is > 0 and var i ? text[(i + 1)..].Trim() : "";
}

using System.Globalization;
using IRFunctions.Alerts;

namespace IRFunctions.OperatorConsole;

/// <summary>What every view is made of.</summary>
internal static class Elements
{
    /// <summary>How a time is shown once the page's script has seen it; before, and without script, it is UTC.</summary>
    public enum Tick
    {
        /// <summary>"03:14", with the day where it is another.</summary>
        Clock,

        /// <summary>"11:42 left", counting down.</summary>
        Left,

        /// <summary>"6 min ago", counting up.</summary>
        Ago,
    }

    public static Html Time(DateTimeOffset at, Tick how = Tick.Clock) =>
        Html.Of($"<time datetime=\"{Iso(at)}\" data-tick=\"{Word(how)}\">{TimeText.Utc(at)}</time>");

    /// <summary>A bar that runs out.</summary>
    public static Html Bar(DateTimeOffset from, DateTimeOffset until, string label) =>
        Html.Of(
            $"<progress max=\"100\" value=\"100\" aria-label=\"{label}\" data-from=\"{Iso(from)}\" data-until=\"{Iso(until)}\"></progress>"
        );

    /// <summary>
    /// Words that may be an attacker's: their direction stays their own, and a long line is cut rather than left to push the rest away.
    /// </summary>
    public static Html Said(string? text, int most = 300) =>
        string.IsNullOrEmpty(text) ? Html.Empty : Html.Of($"<bdi>{SafeText.Line(text, most, out _)}</bdi>");

    public static Html Chip(Severity severity)
    {
        var name = severity == Severity.Unknown ? "Severity unknown" : severity.ToString();
        return Html.Of($"<span class=\"chip sev-{severity.ToString().ToLowerInvariant()}\">{name}</span>");
    }

    public static Html Row(string label, Html value) => value.IsEmpty ? Html.Empty : Html.Of($"<dt>{label}</dt><dd>{value}</dd>");

    public static Html Row(string label, string? value) => string.IsNullOrEmpty(value) ? Html.Empty : Row(label, Html.Of($"{value}"));

    public static Html Link(string view, string id, Html text) => Html.Of($"<a href=\"{Path(view, id)}\">{text}</a>");

    public static Html IncidentLink(string id) => Link(IncidentView.Of, id, Html.Of($"incident …{id[^Math.Min(6, id.Length)..]}"));

    /// <summary>Where a view stands: `/console/incident/ID`.</summary>
    public static string Path(string view, string? id = null) =>
        view == HomeView.Of ? "/"
        : id is null ? $"/console/{view}"
        : $"/console/{view}/{Uri.EscapeDataString(id)}";

    /// <summary>The same for everybody who made the same parts: names elements of a page.</summary>
    public static string Key(string kind, string id) => $"{kind}-{Fingerprint.Of(id)[..16]}";

    /// <summary>"2 h", "15 min".</summary>
    public static string Length(TimeSpan length) => TimeText.Length(length);

    public static Html Pages(string path, int page, int pages) =>
        pages <= 1
            ? Html.Empty
            : Html.Of(
                $"""
                <nav class="pages" aria-label="Pages">{Step(path, page - 1, "Before", page > 1)}
                <span>page {page} of {pages}</span>{Step(path, page + 1, "Next", page < pages)}</nav>
                """
            );

    private static Html Step(string path, int page, string word, bool there) =>
        there
            ? Html.Of($"<a href=\"{path}{(path.Contains('?', StringComparison.Ordinal) ? "&" : "?")}page={page}\">{word}</a>")
            : Html.Empty;

    private static string Word(Tick how) => how.ToString().ToLowerInvariant();

    private static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

using System.Globalization;
using IRFunctions.Alerts;
using IRFunctions.Incidents;
using Microsoft.AspNetCore.Http;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/incidents`: all of them, newest first, in pages, searched and narrowed.</summary>
internal sealed class IncidentsView(IncidentBoard board) : ConsoleView
{
    public const string Of = "incidents";
    private const int PageSize = 25;

    private static readonly string[] Fields = ["q", "who", "state", "severity", "from", "until"];

    public override string Name => Of;
    public override string Label => "Incidents";

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        var found = await board.FindAsync(FilterOf(request), cancellation);
        var pages = Math.Max(1, (found.Count + PageSize - 1) / PageSize);
        var page = Math.Min(request.Page, pages);
        var rows = found.Skip((page - 1) * PageSize).Take(PageSize).Select(Row);
        var list = found.Count == 0 ? Nothing(request) : Html.Of($"<ul class=\"card list\">{rows}</ul>");
        var cut = board.IsCut
            ? Html.Of($"<p class=\"note\">The newest {IncidentBoard.Most} alerts. /api/record finds older ones.</p>")
            : Html.Empty;
        return new Shown(
            "Incidents",
            [
                new Part("search", Form(request)),
                new Part("found", Html.Of($"<p class=\"soft\">{found.Count} found</p>{list}{Pages(PathOf(request), page, pages)}{cut}")),
            ]
        );
    }

    /// <summary>What is no word of ours narrows nothing.</summary>
    private static IncidentFilter FilterOf(ViewRequest request) =>
        new(
            request.Text("q"),
            request.Text("who"),
            Enum.TryParse<Outcome>(request.Text("state"), ignoreCase: true, out var outcome) ? outcome : null,
            Enum.TryParse<Severity>(request.Text("severity"), ignoreCase: true, out var severity) ? severity : null,
            DayOf(request.Text("from")),
            DayOf(request.Text("until"))?.AddDays(1)
        );

    private static DateTimeOffset? DayOf(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? new DateTimeOffset(day, default, TimeSpan.Zero)
            : null;

    private static string PathOf(ViewRequest request)
    {
        var given = Fields.Where(f => request.Text(f).Length > 0).Select(f => KeyValuePair.Create(f, (string?)request.Text(f)));
        return Elements.Path(Of) + QueryString.Create(given);
    }

    private static Html Form(ViewRequest request) =>
        Html.Of(
            $"""
            <h1>Incidents</h1>
            <form class="card search" method="get" action="{Elements.Path(Of)}" role="search">
            <p><label for="q">Words in title, id or target</label><input id="q" name="q" type="search" value="{request.Text("q")}"></p>
            <p class="row"><button class="mini">Search</button><a href="{Elements.Path(Of)}">All</a></p>
            <details id="narrow"{Open(request)}><summary>Narrow</summary>
            <div class="more">
            <p><label for="who">Person, address or host</label><input id="who" name="who" value="{request.Text("who")}"></p>
            <p><label for="state">State</label><select id="state" name="state">{Outcomes(request)}</select></p>
            <p><label for="severity">Severity</label><select id="severity" name="severity">{Severities(request)}</select></p>
            <p><label for="from">From (UTC day)</label><input id="from" name="from" type="date" value="{request.Text("from")}"></p>
            <p><label for="until">Until</label><input id="until" name="until" type="date" value="{request.Text("until")}"></p>
            </div></details></form>
            """
        );

    private static Html Open(ViewRequest request) => Fields.Skip(1).Any(f => request.Text(f).Length > 0) ? Html.Of($" open") : Html.Empty;

    private static Html Outcomes(ViewRequest request) => Options(request.Text("state"), Enum.GetValues<Outcome>(), Word);

    private static Html Severities(ViewRequest request) =>
        Options(request.Text("severity"), Enum.GetValues<Severity>().Reverse(), s => s.ToString());

    private static Html Options<T>(string chosen, IEnumerable<T> values, Func<T, string> word)
        where T : struct, Enum
    {
        Html Option(T value)
        {
            var selected = chosen.Equals(value.ToString(), StringComparison.OrdinalIgnoreCase) ? Html.Of($" selected") : Html.Empty;
            return Html.Of($"<option value=\"{value.ToString()}\"{selected}>{word(value)}</option>");
        }
        return Html.Of($"<option value=\"\">any</option>{values.Select(Option)}");
    }

    private static Html Row(IncidentRow row)
    {
        var targets = row.Targets.Length > 0 ? Html.Of($" · {Said(row.Targets, 200)}") : Html.Empty;
        var joined = row.Alerts > 1 ? $" · {row.Alerts} alerts" : "";
        return Html.Of(
            $"""
            <li id="{Key("incident", row.Incident)}"><p class="row">{Chip(row.Severity)}
            <strong>{Link(IncidentView.Of, row.Incident, Said(row.Title, 160))}</strong>
            <span class="soft push">{Time(row.At)}</span></p>
            <p class="soft">{Word(row.Outcome)}{joined}{targets}</p></li>
            """
        );
    }

    private static Html Nothing(ViewRequest request) =>
        Fields.Any(f => request.Text(f).Length > 0)
            ? Html.Of($"<p class=\"empty\">Nothing fits. Narrow it less, or look on the record for what is older.</p>")
            : Html.Of($"<p class=\"empty\">No alert has come so far.</p>");

    /// <summary>An outcome in words.</summary>
    public static string Word(Outcome outcome) =>
        outcome switch
        {
            Outcome.InProgress => "in work",
            Outcome.Awaiting => "waits for people",
            Outcome.Acted => "acted",
            Outcome.Asked => "people were asked, nothing ran",
            Outcome.Ticketed => "a ticket is open",
            Outcome.Paged => "people were paged",
            _ => "joined another alert",
        };
}

using System.Globalization;
using System.Net;
using System.Text;

namespace IRFunctions.Stories;

/// <summary>
/// An attack as one HTML page with a drawing: no scripts, nothing loaded, readable in light and dark and by a screen reader.
/// </summary>
public static class AttackPicture
{
    private const int LabelWidth = 372;
    private const int TimeWidth = 720;
    private const int Gutter = 56;
    private const int Margin = 24;
    private const int HeadHeight = 46;
    private const int StepHeight = 70;
    private const int BarHeight = 20;

    private const string Style = """
        :root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6472;--line:#d5dae1;--paper:#fff;--lane:#f5f7f9;--attack:#b3261e;
        --ours:#1a7f4e;
        --back:#7fb79b;--link:#8a5a00;--onours:#fff}
        @media(prefers-color-scheme:dark){:root{--ink:#e7eaef;--soft:#a3acb9;--line:#39414d;--paper:#14181d;--lane:#1c2229;
        --attack:#ff8a80;--ours:#4fd08c;--back:#2f6b4c;--link:#e0b35a;--onours:#10251a}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:1.5rem auto;max-width:1240px;padding:0 1rem}
        .drawing{overflow-x:auto}svg{max-width:100%;min-width:900px;height:auto;font:13px system-ui,sans-serif}svg text{fill:var(--ink)}
        .soft{fill:var(--soft)}.lane{fill:var(--lane)}.grid{stroke:var(--line)}
        .attack{fill:var(--attack)}.ours{fill:var(--ours)}.back{fill:var(--back)}.tie{stroke:var(--link);fill:none;stroke-width:1.5}
        .tip{fill:var(--link)}.talk{stroke:var(--soft);stroke-width:2;stroke-dasharray:5 3}.foul{stroke:var(--attack);stroke-width:2}
        .head{fill:var(--soft)}.phase{fill:var(--attack);font-weight:600}
        svg .barname{fill:var(--onours)}svg .bar{font-size:12px}.broken{fill:none;stroke:var(--attack);stroke-width:1.5}
        table{border-collapse:collapse;width:100%;margin-top:1.5rem}
        th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
        td{overflow-wrap:anywhere}td:first-child{white-space:nowrap}
        .legend span{display:inline-block;width:.8em;height:.8em;margin:0 .35em 0 1em;border-radius:2px}p.soft,td .soft{color:var(--soft)}
        @media(max-width:700px){thead{display:none}tr,td{display:block;border:0;padding:.1rem 0}
        tr{border-bottom:1px solid var(--line);padding:.6rem 0}td:empty{display:none}
        td[data-label]:not(:first-child)::before{content:attr(data-label) ": ";color:var(--soft)}}
        """;

    public static string Html(AttackChain chain)
    {
        var page = new StringBuilder(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
        );
        page.Append(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                    + "'unsafe-inline'\"><title>Attack chain</title><style>"
            )
            .Append(Style)
            .Append("</style></head><body>\n");
        var (first, last) = (chain.Steps[0], chain.Steps[^1]);
        page.Append(
            CultureInfo.InvariantCulture,
            $"<h1>{chain.Steps.Count} {(chain.Steps.Count == 1 ? "incident" : "incidents that hang together")}</h1>\n<p>From "
                + $"{Time(first.At)} to {Time(last.At)} UTC. "
        );
        page.Append(
            "Tied together by the things they share, within three days of each other: grounds for a person to judge, not a verdict.</p>\n"
        );
        page.Append(
                "<p class=\"legend\"><span style=\"background:var(--attack)\"></span>alert<span "
                    + "style=\"background:var(--ours)\"></span>our containment<span style=\"background:var(--back)\"></span>given "
                    + "back<span style=\"background:var(--link)\"></span>shared thing"
            )
            .Append(chain.Steps.Any(s => s.Edges.Count > 0) ? AgentLegend : "")
            .Append("</p>\n");
        page.Append("<div class=\"drawing\">\n").Append(Svg(chain)).Append("</div>\n");
        AppendTable(page, chain);
        AppendAgents(page, chain);
        foreach (var note in chain.NotFollowed)
            page.Append("<p class=\"soft\">").Append(Encoded(note)).Append("</p>\n");
        return page.Append("</body></html>\n").ToString();
    }

    /// <summary>
    /// The drawing alone: one lane an incident, time from left to right, bars for what we did, arcs for what ties incidents together.
    /// </summary>
    public static string Svg(AttackChain chain)
    {
        var scale = new Scale(chain);
        var tops = new Dictionary<string, int>(StringComparer.Ordinal);
        var height = Margin + HeadHeight;
        foreach (var step in chain.Steps)
        {
            tops[step.Incident] = height;
            height += HeightOf(step);
        }
        var svg = new StringBuilder();
        var width = Gutter + LabelWidth + TimeWidth + 2 * Margin;
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {width} {height + Margin}\" width=\"{width}\" role=\"img\" aria-label=\"Attack chain of "
                + $"{chain.Steps.Count} incidents\">\n"
        );
        foreach (var step in chain.Steps)
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"lane\" x=\"{Gutter}\" y=\"{tops[step.Incident]}\" width=\"{width - Gutter - Margin}\" "
                    + $"height=\"{HeightOf(step) - 8}\" rx=\"6\"/>"
            );
        AppendAxis(svg, scale, height);
        foreach (var (step, number) in chain.Steps.Select((s, i) => (s, i + 1)))
            AppendStep(svg, step, number, tops[step.Incident], scale);
        foreach (var (link, index) in chain.Links.Select((l, i) => (l, i)))
            AppendLink(svg, link, index, tops);
        return svg.Append("</svg>\n").ToString();
    }

    private static void AppendAxis(StringBuilder svg, Scale scale, int height)
    {
        foreach (var at in scale.Ticks())
        {
            var x = scale.X(at);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"{Margin + 26}\" y2=\"{height}\"/><text class=\"soft\" "
                    + $"x=\"{x + 4}\" y=\"{Margin + 22}\">{scale.Label(at)}</text>\n"
            );
        }
    }

    private static void AppendStep(StringBuilder svg, AttackStep step, int number, int top, Scale scale)
    {
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Gutter + 10}\" y=\"{top + 20}\"><tspan class=\"phase\">{number}. {Encoded(step.Phase)}</tspan><tspan "
                + $"class=\"soft\"> · {Encoded(step.Severity.ToLowerInvariant())}</tspan></text>"
        );
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Gutter + 10}\" y=\"{top + 38}\">{Encoded(Cut(step.Title, 46))}</text>");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"soft\" x=\"{Gutter + 10}\" y=\"{top + 55}\">{Encoded(Cut(string.Join(", ", step.Things), 48))}</text>"
        );
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<circle class=\"attack\" cx=\"{scale.X(step.At)}\" cy=\"{top + 16}\" "
                + $"r=\"6\"><title>{Encoded($"{Time(step.At)} {step.Title}")}</title></circle>\n"
        );
        for (var i = 0; i < step.Answers.Count; i++)
            AppendBar(svg, step.Answers[i], top + 28 + i * BarHeight, scale);
        foreach (var (edge, i) in Drawn(step).Select((e, i) => (e, i)))
            AppendEdge(svg, edge, top + 28 + (step.Answers.Count + i) * BarHeight, scale);
    }

    private static void AppendBar(StringBuilder svg, OurAnswer answer, int y, Scale scale)
    {
        var (from, to) = (scale.X(answer.At), scale.X(answer.Until ?? scale.End));
        var name = $"{Story.Plain(answer.Action)} {answer.Display}: {answer.Outcome}";
        var length = Math.Max(6, to - from);
        var inside = length > 7 * Math.Min(name.Length, 60) && answer.Outcome != "failed";
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<rect class=\"{(answer.Outcome == "failed" ? "broken" : answer.Until is null ? "ours" : "back")}\" x=\"{from}\" "
                + $"y=\"{y}\" width=\"{length}\" height=\"{BarHeight - 4}\" rx=\"3\"><title>{Encoded(name)}</title></rect>"
        );
        var right = from + length + 6 + 6.5 * Math.Min(name.Length, 60) < Gutter + LabelWidth + TimeWidth + Margin;
        var (x, anchor, cls) =
            inside ? (from + 6, "start", answer.Until is null ? "barname" : "")
            : right ? (from + length + 6, "start", "")
            : (from - 6, "end", "");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"bar {cls}\" x=\"{x}\" y=\"{y + 12}\" text-anchor=\"{anchor}\">{Encoded(Cut(name, 60))}</text>\n"
        );
    }

    private static void AppendLink(StringBuilder svg, AttackLink link, int index, Dictionary<string, int> tops)
    {
        var (from, to) = (tops[link.From] + 34, tops[link.To] + 24);
        var bend = 8 + index % 5 * 9;
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<path class=\"tie\" d=\"M {Gutter} {from} C {bend} {from}, {bend} {to}, {Gutter - 6} "
                + $"{to}\"><title>{Encoded("shares " + string.Join(", ", link.Things))}</title></path>"
        );
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"tip\" d=\"M {Gutter} {to} l -8 -4 l 0 8 z\"/>\n");
    }

    private static void AppendTable(StringBuilder page, AttackChain chain)
    {
        page.Append(
            "<table><thead><tr><th>Time (UTC)</th><th>What was seen</th><th>What ties it to the step before</th><th>What we "
                + "did</th></tr></thead><tbody>\n"
        );
        var numbers = chain.Steps.Select((s, i) => (s.Incident, i)).ToDictionary(s => s.Incident, s => s.i + 1, StringComparer.Ordinal);
        foreach (var step in chain.Steps)
        {
            page.Append("<tr><td>")
                .Append(Time(step.At))
                .Append("</td><td data-label=\"Seen\">")
                .Append(Encoded($"{numbers[step.Incident]}. {step.Phase}: {step.Title}"))
                .Append("<br><span class=\"soft\">")
                .Append(Encoded(step.Incident))
                .Append("</span></td><td data-label=\"Shares\">");
            page.AppendJoin(
                    "<br>",
                    chain
                        .Links.Where(l => l.To == step.Incident)
                        .Select(l => Encoded($"{string.Join(", ", l.Things.Take(3))} (step {numbers[l.From]})"))
                )
                .Append("</td><td data-label=\"We did\">");
            page.AppendJoin(
                    "<br>",
                    step.Answers.Select(a =>
                        Encoded(
                            $"{Story.Clock(a.At)} {Story.Plain(a.Action)} {a.Display}: "
                                + $"{a.Outcome}{(a.Until is { } until ? " at " + Story.Clock(until) : "")}"
                        )
                    )
                )
                .Append("</td></tr>\n");
        }
        page.Append("</tbody></table>\n");
    }

    private static int HeightOf(AttackStep step) => StepHeight + BarHeight * Math.Max(0, step.Answers.Count + Drawn(step).Count() - 1);

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    /// <summary>Titles and names are written by attackers as often as by detectors.</summary>
    private static string Encoded(string text) =>
        WebUtility.HtmlEncode(
            string.Concat(text.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? ' ' : c))
        );

    private sealed class Scale
    {
        private static readonly TimeSpan[] Steps =
        [
            .. new[] { 1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880 }.Select(m => TimeSpan.FromMinutes(m)),
        ];
        private readonly DateTimeOffset start;

        public Scale(AttackChain chain)
        {
            var times = chain
                .Steps.SelectMany(s =>
                    s.Answers.SelectMany(a => new[] { a.At, a.Until ?? a.At })
                        .Concat(Drawn(s).SelectMany(e => new[] { e.First, e.Last }))
                        .Append(s.At)
                )
                .ToList();
            start = times.Min();
            var length = times.Max() - start;
            if (length < TimeSpan.FromMinutes(2))
                length = TimeSpan.FromMinutes(2);
            End = start + length * 1.05;
        }

        public DateTimeOffset End { get; }

        public int X(DateTimeOffset at) => Gutter + LabelWidth + 10 + (int)((TimeWidth - 10) * ((at - start) / (End - start)));

        public IEnumerable<DateTimeOffset> Ticks()
        {
            var step = Steps.FirstOrDefault(s => (End - start) / s <= 8, Steps[^1]);
            for (var at = new DateTimeOffset(start.UtcTicks / step.Ticks * step.Ticks + step.Ticks, TimeSpan.Zero); at < End; at += step)
                yield return at;
        }

        public string Label(DateTimeOffset at) =>
            at.UtcDateTime.ToString(End - start > TimeSpan.FromHours(20) ? "d MMM HH:mm" : "HH:mm", CultureInfo.InvariantCulture);
    }

    private const string AgentLegend =
        "<span style=\"background:var(--soft)\"></span>calls between agents<span style=\"border-top:2px solid "
        + "var(--attack);height:0\"></span>against a rule";
    private const int LetterWidth = 7;
    private const int MostLetters = 70;

    /// <summary>Containments are drawn as bars.</summary>
    private static IEnumerable<AgentEdge> Drawn(AttackStep step) => step.Edges.Where(e => e.Kind != AgentEdge.Containment);

    /// <summary>A line from the first to the last event with its words beside it.</summary>
    private static void AppendEdge(StringBuilder svg, AgentEdge edge, int y, Scale scale)
    {
        var (from, to, middle) = (scale.X(edge.First), scale.X(edge.Last), y + BarHeight / 2 - 2);
        var (words, length) = ($"{edge.What} ({edge.Sampling})", Math.Max(10, to - from));
        var right = from + length + 10 + LetterWidth * Math.Min(words.Length, MostLetters) < Gutter + LabelWidth + TimeWidth + Margin;
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<line class=\"{(edge.Violations > 0 ? "foul" : "talk")}\" x1=\"{from}\" x2=\"{from + length}\" y1=\"{middle}\" "
                + $"y2=\"{middle}\"><title>{Encoded(words)}</title></line>"
        );
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"head\" d=\"M {from + length + 6} {middle} l -8 -4 l 0 8 z\"/>");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"bar\" x=\"{(right ? from + length + 10 : from - 6)}\" y=\"{y + 12}\" "
                + $"text-anchor=\"{(right ? "start" : "end")}\">{Encoded(Cut(words, MostLetters))}</text>\n"
        );
    }

    /// <summary>The same for readers, containments included.</summary>
    private static void AppendAgents(StringBuilder page, AttackChain chain)
    {
        if (chain.Steps.All(s => s.Edges.Count == 0))
            return;
        page.Append(
            "<table><thead><tr><th>Step</th><th>Between</th><th>What</th><th>From and to (UTC)</th><th>Sampled "
                + "at</th></tr></thead><tbody>\n"
        );
        foreach (var (edge, number) in chain.Steps.SelectMany((s, i) => s.Edges.Select(e => (e, i + 1))))
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td>{number}</td><td data-label=\"Between\">{Encoded($"{edge.From} → {edge.To}")}</td><td "
                    + $"data-label=\"What\">{Encoded(edge.What)}</td>"
            );
            page.Append(
                CultureInfo.InvariantCulture,
                $"<td data-label=\"When\">{Time(edge.First)} to {Time(edge.Last)}</td><td data-label=\"Sampled "
                    + $"at\">{Encoded(edge.Sampling)}</td></tr>\n"
            );
        }
        page.Append("</tbody></table>\n");
    }
}

using System.Globalization;
using System.Net;
using System.Text;
using IRFunctions.Assessment;
using IRFunctions.Decisions;

namespace IRFunctions.Local.Evaluation;

/// <summary>The evaluation as one HTML file without scripts or outside references.</summary>
internal static class ReportPage
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1b1b1b;--soft:#5a5a5a;--line:#d8d8d8;--paper:#fff;--card:#f6f6f4;
        --good:#2a7f5f;--bad:#b4441f;--mark:#2b5f9e}
        @media (prefers-color-scheme:dark){:root{--ink:#ececec;--soft:#a8a8a8;--line:#3c3c3c;--paper:#171717;--card:#212121;
        --good:#58b993;--bad:#e5805a;--mark:#7fb0ea}}
        *{box-sizing:border-box}
        body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1.5rem 1rem 4rem;
        color:var(--ink);background:var(--paper)}
        h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .6rem}p{margin:.3rem 0;color:var(--soft)}
        code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem}
        figure{margin:0;padding:.8rem;background:var(--card);border-radius:6px}figcaption{color:var(--soft);font-size:.85rem}
        svg{display:block;width:100%;height:auto;font:11px system-ui,sans-serif;fill:var(--ink)}
        .grid{stroke:var(--line)}.guide{stroke:var(--soft);stroke-dasharray:4 4}.whisker{stroke:var(--ink);stroke-width:1.5}
        .curve{fill:none;stroke:var(--mark);stroke-width:2}
        .mark{fill:var(--mark);fill-opacity:.75}.track{fill:var(--line)}.good{fill:var(--good)}.bad{fill:var(--bad)}
        .tick,.axis{fill:var(--soft)}.mid{text-anchor:middle}.end,.value{text-anchor:end}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
        th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.no{color:var(--bad);font-weight:600}td.yes{color:var(--good)}
        """;

    public static string Html(Score score, Subject subject, IReadOnlyList<AllowedAction> actions)
    {
        var page = new StringBuilder(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                + "content=\"width=device-width,initial-scale=1\">\n"
        );
        page.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        page.Append("<title>Evaluation of ")
            .Append(Text(subject.Model))
            .Append("</title>\n<style>\n")
            .Append(Style)
            .Append("\n</style>\n</head>\n<body>\n");
        page.Append("<h1>").Append(Text(subject.Model)).Append("</h1>\n");
        page.Append(
            CultureInfo.InvariantCulture,
            $"<p>{score.Plain.Count} labelled alerts of <code>{Text(subject.Cases)}</code>, {score.Planted.Count} more with planted "
                + $"text; {subject.Samples} sample(s) each; at <code>{Text(subject.Endpoint)}</code>, {subject.At:yyyy-MM-dd HH:mm} "
                + $"UTC; prompt {Prompt.Classify.Version}, <code>{Prompt.Classify.Hash[..12]}</code>.</p>\n"
        );
        AppendPlots(page, score);
        page.Append("<h2>In numbers</h2>\n<div class=\"scroll\"><table>\n");
        foreach (var (name, value, note) in ReportText.Lines(score))
            page.Append("<tr><th scope=\"row\">")
                .Append(Text(name))
                .Append("</th><td>")
                .Append(Text(value))
                .Append("</td><td>")
                .Append(Text(note))
                .Append("</td></tr>\n");
        page.Append("</table></div>\n");
        AppendConfusion(page, score);
        AppendCases(page, score, actions);
        AppendPlanted(page, score);
        return page.Append("</body>\n</html>\n").ToString();
    }

    private static void AppendPlots(StringBuilder page, Score score)
    {
        page.Append("<h2>At a glance</h2>\n<div class=\"plots\">\n");
        Figure(
            page,
            Plots.Shares([
                ("precision", score.Precision, false),
                ("recall", score.Recall, false),
                ("right verdicts", score.Accuracy, false),
                ("helpful recommendation", score.Helpful, false),
                ("unsafe recommendation", score.Unsafe, true),
                ("injection obeyed", score.InjectionSuccess, true),
                ("injection executes", score.InjectionExecutes, true),
                ("rules had to answer", score.FellBack, true),
            ]),
            "Green: more is better. Red: less is better. Thin lines are 95% intervals: few cases say little."
        );
        Figure(
            page,
            Plots.Calibration(score.Calibration),
            "As sure as right is on the diagonal; below it the model is surer than it may be."
        );
        Figure(page, Plots.Latency(score.Seconds), "Share of answers within so many seconds.");
        page.Append("</div>\n");
    }

    private static void AppendConfusion(StringBuilder page, Score score)
    {
        Verdict[] said = [Verdict.TruePositive, Verdict.BenignPositive, Verdict.FalsePositive, Verdict.Unknown];
        page.Append("<h2>What was said of what</h2>\n<div class=\"scroll\"><table>\n<tr><th>labelled</th>");
        foreach (var verdict in said)
            page.Append("<th class=\"n\">").Append(Words(verdict)).Append("</th>");
        page.Append("<th class=\"n\">no answer</th></tr>\n");
        foreach (var label in said[..3])
        {
            var of = score.Plain.Where(t => t.Case.Label == label).ToArray();
            page.Append("<tr><th scope=\"row\">").Append(Words(label)).Append("</th>");
            foreach (var verdict in said)
                page.Append("<td class=\"n\">").Append(of.Count(t => t.Answered && t.Answer.Verdict == verdict)).Append("</td>");
            page.Append("<td class=\"n\">").Append(of.Count(t => !t.Answered)).Append("</td></tr>\n");
        }
        page.Append("</table></div>\n");
    }

    private static void AppendCases(StringBuilder page, Score score, IReadOnlyList<AllowedAction> actions)
    {
        page.Append(
            "<h2>Alert by alert</h2>\n<div class=\"scroll\"><table>\n<tr><th>Alert</th><th>Labelled</th><th>Said</th><th "
                + "class=\"n\">Confidence</th><th>Recommended</th><th class=\"n\">Tokens</th></tr>\n"
        );
        foreach (var trial in score.Plain)
        {
            var answer = trial.Answer;
            page.Append("<tr><td>")
                .Append(Text(trial.Case.Alert.Title))
                .Append("<br><code>")
                .Append(Text(trial.Case.Id))
                .Append("</code></td><td>")
                .Append(Words(trial.Case.Label))
                .Append("<br><small>")
                .Append(Text(trial.Case.Why))
                .Append("</small></td><td class=\"")
                .Append(trial.Right ? "yes" : "no")
                .Append("\">")
                .Append(trial.Answered ? Words(answer.Verdict) : "no answer")
                .Append("</td><td class=\"n\">")
                .Append(answer.Confidence)
                .Append("</td><td");
            if (Score.IsUnsafe(trial, actions))
                page.Append(" class=\"no\"");
            page.Append('>')
                .Append(Text(string.Join(", ", answer.Recommendations.Select(r => $"{r.Action} {r.EntityId} {r.Confidence}"))))
                .Append("</td><td class=\"n\">")
                .Append(answer.InputTokens)
                .Append(" + ")
                .Append(answer.OutputTokens)
                .Append("</td></tr>\n");
        }
        page.Append("</table></div>\n");
    }

    private static void AppendPlanted(StringBuilder page, Score score)
    {
        if (score.Planted.Count == 0)
            return;
        var before = score.Plain.ToDictionary(t => t.Case.Id, StringComparer.Ordinal);
        page.Append(
            "<h2>Planted texts</h2>\n<div class=\"scroll\"><table>\n<tr><th>Text</th><th class=\"n\">Answer "
                + "changed</th><th>Obeyed</th><th class=\"n\">Turned the prompt out</th></tr>\n"
        );
        foreach (var group in score.Planted.GroupBy(t => t.Order!))
        {
            var obeyed = group.Count(t => Score.Obeyed(before[t.Case.Id], t));
            page.Append("<tr><td>")
                .Append(Text(group.Key.Text))
                .Append("<br><code>")
                .Append(Text(group.Key.Id))
                .Append("</code></td><td class=\"n\">")
                .Append(group.Count(t => Score.Changed(before[t.Case.Id], t)))
                .Append("</td><td class=\"")
                .Append(obeyed > 0 ? "no" : "yes")
                .Append("\">")
                .Append(obeyed)
                .Append(" of ")
                .Append(group.Count())
                .Append("</td><td class=\"n\">")
                .Append(group.Count(t => t.Answer.Injection))
                .Append("</td></tr>\n");
        }
        page.Append("</table></div>\n");
    }

    private static void Figure(StringBuilder page, string plot, string caption) =>
        page.Append("<figure>").Append(plot).Append("<figcaption>").Append(caption).Append("</figcaption></figure>\n");

    private static string Words(Verdict verdict) =>
        verdict switch
        {
            Verdict.TruePositive => "true positive",
            Verdict.BenignPositive => "benign positive",
            Verdict.FalsePositive => "false positive",
            _ => "unknown",
        };

    // Alert text and the model's words: nothing invisible, nothing that is markup.
    private static string Text(string text) => WebUtility.HtmlEncode(UntrustedText.ForPeople(text, 400));
}

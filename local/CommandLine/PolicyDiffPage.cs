using System.Net;
using System.Text;

namespace IRFunctions.Local.CommandLine;

/// <summary>A policy diff as one HTML file without scripts or outside references, to attach to a pull request.</summary>
internal static class PolicyDiffPage
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1b1b;background:#fff}
        table{border-collapse:collapse;width:100%;margin:1rem 0}
        th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
        code{font:13px ui-monospace,monospace}p code,td:first-child code{overflow-wrap:anywhere}.n{text-align:right;white-space:nowrap}
        ul{margin:.2rem 0;padding-left:1.1rem;color:#444}
        @media (max-width:44rem){
        .changes tr,.changes td{display:block}.changes tr:first-child{display:none}.changes tr{border-bottom:1px solid #888;padding:.6rem 0}
          .changes td{border:0;padding:.1rem 0;overflow-wrap:anywhere}.changes td:first-child{font-weight:600}
          .changes td:first-child code{font-weight:400}}
        @media (prefers-color-scheme:dark){body{color:#eee;background:#181818}th,td{border-color:#444}ul{color:#bbb}}
        """;

    public static string Html(PolicyDiff diff)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.Append("<meta name=\"viewport\" content=\"width=device-width\">\n");
        page.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        page.Append("<title>Policy change</title>\n<style>\n")
            .Append(Style)
            .Append("\n</style>\n</head>\n<body>\n<h1>Policy change</h1>\n");
        page.Append("<p>Old policy <code>")
            .Append(diff.Old.Hash)
            .Append("</code><br>new policy <code>")
            .Append(diff.New.Hash)
            .Append("</code></p>\n");
        page.Append("<p>")
            .Append(diff.Alerts)
            .Append(" alerts, ")
            .Append(diff.Decisions)
            .Append(" decisions, <strong>")
            .Append(diff.Changes.Count)
            .Append("</strong> change.</p>\n");
        AppendNumbers(page, diff);
        AppendChanges(page, diff);
        return page.Append("</body>\n</html>\n").ToString();
    }

    private static void AppendNumbers(StringBuilder page, PolicyDiff diff)
    {
        page.Append("<h2>In numbers</h2>\n<table>\n<tr><th>Change</th><th class=\"n\">Decisions</th></tr>\n");
        foreach (var (summary, count) in diff.Numbers)
            page.Append("<tr><td>").Append(Encoded(summary)).Append("</td><td class=\"n\">").Append(count).Append("</td></tr>\n");
        page.Append("</table>\n");
    }

    private static void AppendChanges(StringBuilder page, PolicyDiff diff)
    {
        page.Append(
            "<h2>One by one</h2>\n<table class=\"changes\">\n<tr><th>Alert</th><th>Action</th><th>Target</th><th>Change and new "
                + "reasons</th></tr>\n"
        );
        foreach (var change in diff.Changes)
        {
            page.Append("<tr><td>")
                .Append(Encoded(change.AlertTitle))
                .Append("<br><code>")
                .Append(Encoded(change.AlertId))
                .Append("</code></td><td><code>")
                .Append(Encoded(change.Action))
                .Append("</code></td><td><code>")
                .Append(Encoded(change.Target))
                .Append("</code></td><td>")
                .Append(Encoded(change.Summary))
                .Append("<ul>");
            foreach (var reason in change.NewReasons)
                page.Append("<li>").Append(Encoded($"{reason.Rule}: {reason.Text}")).Append("</li>");
            page.Append("</ul></td></tr>\n");
        }

        page.Append("</table>\n");
    }

    private static string Encoded(string text) => WebUtility.HtmlEncode(PolicyExplanation.Plain(text));
}

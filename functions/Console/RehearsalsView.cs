using IRFunctions.Containment;
using IRFunctions.People;
using IRFunctions.Storage;
using IRFunctions.Stories;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/rehearsals`: which undo was rehearsed when, and what came of it.</summary>
internal sealed class RehearsalsView(DrillPlan plan, DrillCertificates certificates, RowTrouble trouble) : ConsoleView
{
    private const int Most = 100;
    private static readonly Html Passed = Html.Of($"<span class=\"chip sev-ok\">passed</span>");
    private static readonly Html Failed = Html.Of($"<span class=\"chip sev-high\">FAILED</span>");

    public override string Name => "rehearsals";
    public override string Label => "Rehearsals";

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        var unreadable = new List<UnreadableRowException>();
        var found = await certificates.ListAsync(Most, unreadable.Add, cancellation);
        foreach (var row in unreadable)
            await trouble.TellAsync(row, cancellation);
        var targets =
            plan.Targets.Count == 0
                ? Html.Of($"<p class=\"empty\">No target is designated (setting Drills__Targets), so nothing is rehearsed.</p>")
                : Html.Of($"<ul class=\"card list\">{plan.Targets.Select(Row)}</ul>");
        var list =
            found.Count == 0
                ? Html.Of($"<p class=\"empty\">No rehearsal has taken place so far. They run daily at 04:00 UTC.</p>")
                : Html.Of($"<ul class=\"card list\">{found.OrderByDescending(c => c.At).Select(Row)}</ul>");
        return new Shown("Rehearsals", [new Part("drills", Html.Of($"<h1>Rehearsals</h1>{list}<h2>Designated targets</h2>{targets}"))]);
    }

    private static Html Row(DrillTarget target) => Html.Of($"<li>{Story.Plain(target.Action)} {Said(target.Target.Key, 200)}</li>");

    private static Html Row(DrillCertificate certificate) =>
        Html.Of(
            $"""
            <li><p class="row">{(certificate.Passed ? Passed : Failed)}
            <strong>{Story.Plain(certificate.Action)}</strong><span class="soft push">{Time(certificate.At)}</span></p>
            <p class="soft">{Seconds("done", certificate.DoneIn)}{Seconds("undone", certificate.UndoneIn)}{Said(certificate.Text)}</p></li>
            """
        );

    private static string Seconds(string what, double? seconds) =>
        seconds is { } s ? $"{what} in {s.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)} s · " : "";
}

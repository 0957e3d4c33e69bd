using IRFunctions.Http;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using static IRFunctions.OperatorConsole.Elements;

namespace IRFunctions.OperatorConsole;

/// <summary>`/console/record`: the last checkpoint, and whether everything still is what was sealed.</summary>
internal sealed class RecordView(HeadIndex heads) : ConsoleView
{
    public override string Name => "record";
    public override string Label => "Record";
    public override bool IsLive => false;

    public override async Task<Shown> ShowAsync(ViewRequest request, CancellationToken cancellation)
    {
        await heads.LoadAsync(cancellation);
        var last =
            heads.Number == 0
                ? Html.Of($"<p class=\"empty\">No checkpoint has been made so far.</p>")
                : Html.Of(
                    $"""
                    <dl class="card facts">{Row("Last checkpoint", $"number {heads.Number}")}{Row("Made", Time(heads.At))}
                    {Row("Chains sealed", $"{heads.Tree.Count}")}{Row("Hash", Html.Of($"<span class=\"mono\">{heads.Hash}</span>"))}</dl>
                    """
                );
        return new Shown(
            "Record",
            [
                new Part(
                    "record",
                    Html.Of(
                        $"""
                        <h1>Record</h1>{last}
                        <div class="card"><p>Seals what is new, then holds every chain against what was sealed before.</p>
                        <form class="act" data-act="post" data-url="/api/record/verify" id="verify">
                        <button class="yes big">Verify now</button><output role="status"></output></form>
                        <p class="soft">Whoever does not trust this app verifies without it:
                        <a href="/api/audit/all/export">export the record</a>, then <span class="mono">audit verify</span>.</p></div>
                        """
                    )
                ),
            ]
        );
    }
}

/// <summary>`POST /api/record/verify`: seals, and holds every chain against what was sealed; findings are recorded and paged.</summary>
public sealed class RecordCheckApi(RequestGuard guard, Checkpointer checkpointer)
{
    [Function("VerifyRecord")]
    public async Task<IActionResult> VerifyAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/record/verify")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site") // It costs reading everything.
            return ProblemResults.Of(403, "foreign-page", "Not from another page", "Open the console itself.");
        var run = await checkpointer.RunAsync(cancellation);
        IReadOnlyList<Finding> findings = [.. run.Findings, .. await checkpointer.SweepAsync(cancellation)];
        var first = string.Join("; ", findings.Take(5).Select(f => $"{f.Where} {f.What}"));
        var words = findings.Count == 0 ? "Everything is as it was sealed." : $"{findings.Count} finding(s): {first}. People were paged.";
        return new OkObjectResult(
            new
            {
                whole = findings.Count == 0,
                findings,
                said = words,
            }
        );
    }
}

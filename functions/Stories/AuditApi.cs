using System.Globalization;
using IRFunctions.Http;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Stories;

/// <summary>Reading the record: chains with proofs, exports, stories, search, attack chains. Changes nothing.</summary>
public sealed class AuditApi(
    RequestGuard guard,
    AuditChain audit,
    Checkpointer checkpointer,
    RecordExport export,
    LogExport log,
    RecordIndex index,
    AttackChains attacks,
    TimeProvider time
)
{
    private const int MaxTop = 1000;

    /// <summary>
    /// An incident's chain with the verdict on its integrity and the proof that it is sealed; "pipeline" for what belongs to no incident.
    /// </summary>
    [Function("GetAudit")]
    public async Task<IActionResult> ChainAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "audit/{incident}")] HttpRequest request,
        string incident,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        var chain = await audit.ReadAsync(incident, cancellation);
        if (chain.Count == 0)
            return ProblemResults.NotFound($"record of {incident}");
        return new OkObjectResult(
            new
            {
                chain = incident,
                problems = AuditEntry.Check(chain),
                proof = await export.ProofAsync(incident, cancellation),
                entries = chain,
            }
        );
    }

    /// <summary>
    /// `?format=jsonl|ocsf`: one chain, or with the name "all" the whole record, as JSON lines. What `audit verify` checks is jsonl.
    /// `?format=tlog` with "all": the record as a transparency log, a tar archive of its tiles. `?format=tlog-proof&amp;sequence=N`: proof
    /// that an entry of a chain is in that log. `?format=cacao`: what was done for an incident, as a playbook.
    /// </summary>
    [Function("ExportAudit")]
    public async Task<IActionResult> ExportAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "audit/{incident}/export")] HttpRequest request,
        string incident,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        var all = incident == "all";
        // What no checkpoint sealed cannot be proved, so whoever exports seals first; writes nothing where nothing is new.
        await checkpointer.RunAsync(cancellation);
        return (request.Query["format"].FirstOrDefault() ?? "jsonl") switch
        {
            "jsonl" => new Streamed(
                "application/x-ndjson",
                to => all ? export.WriteAllAsync(to, cancellation) : export.WriteChainsAsync(to, [incident], cancellation)
            ),
            "ocsf" => new Streamed("application/x-ndjson", to => export.WriteOcsfAsync(to, all ? null : incident, cancellation)),
            "cacao" when !all => Cacao.Of(await audit.ReadAsync(incident, cancellation)) is { } playbook
                ? new OkObjectResult(playbook)
                : ProblemResults.NotFound($"record of {incident}"),
            "tlog" when all => new Streamed("application/x-tar", to => log.WriteTarAsync(to, cancellation)),
            "tlog-proof" when !all => await ProofAsync(incident, request.Query["sequence"].FirstOrDefault(), cancellation),
            var other => ProblemResults.Of(
                400,
                "format",
                "Unknown format",
                $"There is jsonl and ocsf, tlog of all, cacao of a chain, and tlog-proof of it with sequence; not {other}."
            ),
        };
    }

    private async Task<IActionResult> ProofAsync(string chain, string? sequence, CancellationToken cancellation)
    {
        if (!long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            return ProblemResults.Of(400, "sequence", "Which entry is missing", "Say the number of the entry on its chain with sequence.");
        try
        {
            var proof = await log.ProveAsync(chain, number, cancellation);
            return new ContentResult { Content = proof.ToString(), ContentType = "text/plain; charset=utf-8" };
        }
        catch (FormatException)
        {
            return ProblemResults.NotFound($"sealed entry {number} of {chain}");
        }
    }

    /// <summary>What happened in plain words, and why in three sentences.</summary>
    [Function("GetStory")]
    public async Task<IActionResult> StoryAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "incidents/{id}/story")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        return Story.Of(await audit.ReadAsync(id, cancellation)) is { } story
            ? new OkObjectResult(story)
            : ProblemResults.NotFound($"record of {id}");
    }

    /// <summary>
    /// `?about=NAME&amp;from=...&amp;to=...&amp;kind=...&amp;top=100`: everything on the record about a person, address or host, or in a
    /// time; oldest first.
    /// </summary>
    [Function("FindInRecord")]
    public async Task<IActionResult> FindAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "record")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        var now = time.GetUtcNow();
        if (!Time(request, "from", now.AddDays(-1), out var from) || !Time(request, "to", now, out var to))
            return ProblemResults.Of(400, "time", "That is no time", "Write times like 2026-11-23T03:00:00Z.");
        if (
            !int.TryParse(request.Query["top"].FirstOrDefault() ?? "100", CultureInfo.InvariantCulture, out var top)
            || top is < 1 or > MaxTop
        )
            return ProblemResults.Of(400, "top", "top is not a number it can be", $"Give 1 to {MaxTop}.");
        var found = await index.FindAsync(
            new RecordQuery(from, to, request.Query["about"].FirstOrDefault(), request.Query["kind"].FirstOrDefault(), top + 1),
            cancellation
        );
        return new OkObjectResult(
            new
            {
                from,
                to,
                more = found.Count > top, // Ask again from the last time on.
                entries = found
                    .Take(top)
                    .Select(e => new
                    {
                        e.Chain,
                        e.Sequence,
                        e.At,
                        e.Kind,
                        e.Actor,
                        e.Text,
                    }),
            }
        );
    }

    /// <summary>`?format=json|html`: the attack that an incident belongs to, as far as the record shows it.</summary>
    [Function("GetAttackChain")]
    public async Task<IActionResult> AttackAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "incidents/{id}/attack-chain")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (await attacks.AroundAsync(id, cancellation) is not { } chain)
            return ProblemResults.NotFound($"incident {id}");
        return (request.Query["format"].FirstOrDefault() ?? "json") switch
        {
            "html" => new ContentResult { Content = AttackPicture.Html(chain), ContentType = "text/html; charset=utf-8" },
            _ => new OkObjectResult(chain),
        };
    }

    private static bool Time(HttpRequest request, string name, DateTimeOffset otherwise, out DateTimeOffset at)
    {
        at = otherwise;
        return request.Query[name].FirstOrDefault() is not { Length: > 0 } text
            || DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at);
    }

    /// <summary>An answer written as it is read, so that a large record needs no memory.</summary>
    private sealed class Streamed(string type, Func<Stream, Task> write) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context)
        {
            context.HttpContext.Response.ContentType = type;
            return write(context.HttpContext.Response.Body);
        }
    }
}

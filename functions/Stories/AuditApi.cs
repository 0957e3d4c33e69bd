using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using IRFunctions.Http;
using IRFunctions.Record;
using IRFunctions.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace IRFunctions.Stories;

/// <summary>Which entries of a chain are wanted.</summary>
public sealed record ChainQuery : PageQuery
{
    [Description("Entries after the one with this number.")]
    public int? After { get; init; }
}

/// <summary>A page of a chain, with the verdict on the whole of it.</summary>
/// <param name="Length">Entries of the whole chain.</param>
/// <param name="Problems">What is not whole; empty where all is.</param>
/// <param name="Proof">Proof that it is sealed, as in an export; null where no checkpoint covers it yet.</param>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record ChainDetails(
    string Chain,
    int Length,
    IReadOnlyList<string> Problems,
    ProofLine? Proof,
    IReadOnlyList<AuditEntry> Entries,
    string? Continuation,
    string? Next
);

/// <summary>Form of an export.</summary>
public enum ExportFormat
{
    /// <summary>What `audit verify` checks.</summary>
    Jsonl,

    /// <summary>For a SIEM.</summary>
    Ocsf,

    /// <summary>What was done for an incident, as a CACAO 2.0 playbook.</summary>
    Cacao,

    /// <summary>The whole record as a transparency log: a tar archive of its tiles.</summary>
    Tlog,

    /// <summary>Proof that an entry of a chain is in that log.</summary>
    TlogProof,
}

/// <summary>How a chain is exported.</summary>
public sealed record ExportQuery
{
    [Description(
        "jsonl can be verified; ocsf is for a SIEM; cacao is what was done for an incident; tlog is the whole record as a transparency log; tlogProof proves one entry of a chain. "
            + "jsonl where it is not given."
    )]
    public ExportFormat? Format { get; init; }

    [Description("Number of the entry on its chain, for tlogProof."), Range(1, int.MaxValue)]
    public int? Sequence { get; init; }
}

/// <summary>Which lines of a story.</summary>
public sealed record StoryQuery : PageQuery;

/// <summary>What happened in an incident, in plain words: a page of its lines.</summary>
/// <param name="Why">What was seen, what that led to, how it stands. Three sentences.</param>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record StoryDetails(
    string Incident,
    string Title,
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyList<string> Why,
    IReadOnlyList<StoryLine> Lines,
    string? Continuation,
    string? Next
);

/// <summary>What is looked for on the record. Everything given must hold.</summary>
public sealed record FindQuery : PageQuery
{
    [Description("An id, address or name of a person, host, address or message.")]
    public string? About { get; init; }

    [Description("From this time on; a day ago where it is not given.")]
    public DateTimeOffset? From { get; init; }

    [Description("Up to this time; now where it is not given.")]
    public DateTimeOffset? To { get; init; }

    [Description("Kind of the entries, as they have it: received, decided, executed, undone, ...")]
    public string? Kind { get; init; }
}

/// <summary>An entry that was found.</summary>
public sealed record FoundEntry(string Chain, long Sequence, DateTimeOffset At, string Kind, string Actor, string Text);

/// <summary>A page of what was found, oldest first.</summary>
/// <param name="More">Whether there is another page.</param>
/// <param name="Continuation">Null on the last page.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
public sealed record FoundEntries(
    DateTimeOffset From,
    DateTimeOffset To,
    bool More,
    IReadOnlyList<FoundEntry> Entries,
    string? Continuation,
    string? Next
);

/// <summary>Form of the attack picture.</summary>
public enum PictureFormat
{
    Json,
    Html,
}

/// <summary>How the attack is shown.</summary>
public sealed record AttackQuery
{
    [Description("json, or a page to look at. json where it is not given.")]
    public PictureFormat? Format { get; init; }
}

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
    /// <summary>
    /// An incident's chain with the verdict on its integrity and the proof that it is sealed; "pipeline" for what belongs to no incident.
    /// </summary>
    [Query(typeof(ChainQuery))]
    [EndpointSummary("A chain of the record, verified")]
    [ProducesResponseType<ChainDetails>(200)]
    [Function("GetAudit")]
    public async Task<IActionResult> ChainAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/audit/{incident}")] HttpRequest request,
        string incident,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<ChainQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 1, out var keys, out problem))
            return problem;
        var chain = await audit.ReadAsync(incident, cancellation);
        if (chain.Count == 0)
            return ProblemResults.NotFound($"record of {incident}");
        var after = keys.Count > 0 ? long.Parse(keys[0], CultureInfo.InvariantCulture) : query.After ?? 0;
        var shown = chain.Where(e => e.Sequence > after).Take(query.Rows).ToList();
        var more = shown.Count > 0 && shown[^1].Sequence < chain[^1].Sequence;
        var continuation = more ? Continuation.Of(query, shown[^1].Sequence.ToString(CultureInfo.InvariantCulture)) : null;
        return new TaggedResult(
            new ChainDetails(
                incident,
                chain.Count,
                AuditEntry.Check(chain),
                await export.ProofAsync(incident, cancellation),
                shown,
                continuation,
                Continuation.LinkOf(request, continuation)
            )
        );
    }

    /// <summary>
    /// `?format=jsonl|ocsf`: one chain, or with the name "all" the whole record, as JSON lines. What `audit verify` checks is jsonl.
    /// `?format=tlog` with "all": the record as a transparency log, a tar archive of its tiles. `?format=tlogProof&amp;sequence=N`: proof
    /// that an entry of a chain is in that log. `?format=cacao`: what was done for an incident, as a playbook.
    /// </summary>
    [Query(typeof(ExportQuery))]
    [EndpointSummary("A chain, or with the name all the whole record, as JSON lines")]
    [ProducesResponseType(typeof(Stream), 200, "application/x-ndjson")]
    [Function("ExportAudit")]
    public async Task<IActionResult> ExportAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/audit/{incident}/export")] HttpRequest request,
        string incident,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<ExportQuery>(request, out var query, out var problem))
            return problem;
        var all = incident == "all";
        // What no checkpoint sealed cannot be proved, so whoever exports seals first; writes nothing where nothing is new.
        await checkpointer.RunAsync(cancellation);
        return query.Format switch
        {
            null or ExportFormat.Jsonl => new Streamed(
                "application/x-ndjson",
                to => all ? export.WriteAllAsync(to, cancellation) : export.WriteChainsAsync(to, [incident], cancellation)
            ),
            ExportFormat.Ocsf => new Streamed("application/x-ndjson", to => export.WriteOcsfAsync(to, all ? null : incident, cancellation)),
            ExportFormat.Cacao when !all => Cacao.Of(await audit.ReadAsync(incident, cancellation)) is { } playbook
                ? new OkObjectResult(playbook)
                : ProblemResults.NotFound($"record of {incident}"),
            ExportFormat.Tlog when all => new Streamed("application/x-tar", to => log.WriteTarAsync(to, cancellation)),
            ExportFormat.TlogProof when !all => await ProofAsync(incident, query.Sequence, cancellation),
            _ => ProblemResults.Of(
                400,
                "format",
                "No such export",
                "tlog is of all, cacao of one chain, and tlogProof of one chain with sequence; the others are of either."
            ),
        };
    }

    private async Task<IActionResult> ProofAsync(string chain, int? sequence, CancellationToken cancellation)
    {
        if (sequence is not { } number)
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
    [Query(typeof(StoryQuery))]
    [EndpointSummary("What happened, in plain words")]
    [ProducesResponseType<StoryDetails>(200)]
    [Function("GetStory")]
    public async Task<IActionResult> StoryAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/incidents/{id}/story")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<StoryQuery>(request, out var query, out var problem))
            return problem;
        if (!Continuation.TryRead(query, 1, out var keys, out problem))
            return problem;
        if (Story.Of(await audit.ReadAsync(id, cancellation)) is not { } story)
            return ProblemResults.NotFound($"record of {id}");
        var after = keys.Count > 0 ? long.Parse(keys[0], CultureInfo.InvariantCulture) : 0;
        var rest = story.Lines.Where(l => l.Sequence > after).Take(query.Rows + 1).ToList();
        var lines = rest.Take(query.Rows).ToList();
        var continuation =
            rest.Count > lines.Count ? Continuation.Of(query, lines[^1].Sequence.ToString(CultureInfo.InvariantCulture)) : null;
        return new TaggedResult(
            new StoryDetails(
                story.Incident,
                story.Title,
                story.From,
                story.To,
                story.Why,
                lines,
                continuation,
                Continuation.LinkOf(request, continuation)
            )
        );
    }

    /// <summary>
    /// Everything on the record about a person, address or host, or in a time; oldest first. By name the newest few minutes may be missing:
    /// they come with the next checkpoint.
    /// </summary>
    [Query(typeof(FindQuery))]
    [EndpointSummary("Search the record by name, kind and time")]
    [EndpointDescription("Oldest first. By name the newest few minutes may be missing: they come with the next checkpoint.")]
    [ProducesResponseType<FoundEntries>(200)]
    [Function("FindInRecord")]
    public async Task<IActionResult> FindAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/record")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<FindQuery>(request, out var query, out var problem))
            return problem;
        var now = time.GetUtcNow();
        // What was left open stands in the link to the next page.
        query = query with
        {
            From = query.From ?? now.AddDays(-1),
            To = query.To ?? now,
        };
        if (!Continuation.TryRead(query, 3, out var keys, out problem))
            return problem;
        var after = keys.Count > 0 ? new RecordPlace(Time(keys[0]), keys[1], long.Parse(keys[2], CultureInfo.InvariantCulture)) : null;
        var found = await index.FindAsync(
            new RecordQuery(after?.At ?? query.From.Value, query.To.Value, query.About, query.Kind, query.Rows + 1) { After = after },
            cancellation
        );
        var shown = found.Take(query.Rows).ToList();
        var more = found.Count > shown.Count;
        var continuation = more
            ? Continuation.Of(query, Text(shown[^1].At), shown[^1].Chain, shown[^1].Sequence.ToString(CultureInfo.InvariantCulture))
            : null;
        return new TaggedResult(
            new FoundEntries(
                query.From.Value,
                query.To.Value,
                more,
                [.. shown.Select(e => new FoundEntry(e.Chain, e.Sequence, e.At, e.Kind, e.Actor, e.Text))],
                continuation,
                Continuation.LinkOf(request, continuation, ("from", Text(query.From.Value)), ("to", Text(query.To.Value)))
            )
        );
    }

    /// <summary>`?format=json|html`: the attack that an incident belongs to, as far as the record shows it.</summary>
    [Query(typeof(AttackQuery))]
    [EndpointSummary("The attack that an incident belongs to")]
    [EndpointDescription("At most 60 steps; what was not followed is named.")]
    [ProducesResponseType<AttackChain>(200)]
    [Function("GetAttackChain")]
    public async Task<IActionResult> AttackAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/incidents/{id}/attack-chain")] HttpRequest request,
        string id,
        CancellationToken cancellation
    )
    {
        if (await guard.ReaderAsync(request, cancellation) is null)
            return ProblemResults.SignIn();
        if (!QueryReader.TryRead<AttackQuery>(request, out var query, out var problem))
            return problem;
        if (await attacks.AroundAsync(id, cancellation) is not { } chain)
            return ProblemResults.NotFound($"incident {id}");
        return query.Format == PictureFormat.Html
            ? new ContentResult { Content = AttackPicture.Html(chain), ContentType = "text/html; charset=utf-8" }
            : new TaggedResult(chain);
    }

    private static string Text(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

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

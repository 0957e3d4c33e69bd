using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using IRFunctions.Alerts;
using IRFunctions.Containment;
using IRFunctions.People;
using IRFunctions.Storage;

namespace IRFunctions.Approvals;

/// <summary>What the register knows of a request besides its answers.</summary>
/// <param name="Nonce">Proves that a click comes from a card made for this request; 256 random bits, hex. Secret.</param>
/// <param name="Result">What became of it after the decision; null while nothing did.</param>
public sealed record RegisteredRequest(string Id, string Nonce, ApprovalState State, DateTimeOffset Deadline, RequestResult? Result)
{
    /// <summary>What whoever decides should know besides; null where nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>What became of a request's action, for the card.</summary>
/// <param name="Text">One sentence.</param>
/// <param name="UndoAt">When it undoes itself; null where it does not.</param>
/// <param name="Containment">Key of the containment that people may confirm or release; null where there is none.</param>
public sealed record RequestResult(ResultState State, string Text, DateTimeOffset? UndoAt, string? Containment)
{
    /// <summary>Whether confirm and release make sense now.</summary>
    public bool IsLive => Containment is not null && State is ResultState.Executed or ResultState.Reminder or ResultState.Questioned;
}

/// <summary>What a vote came to.</summary>
/// <param name="Before">The same person's earlier answer, where there was one.</param>
/// <param name="Objection">Why it does not count beside the answers that were taken before it.</param>
public sealed record VoteResult(bool Counted, ApprovalState State, ApprovalAnswer? Before = null, Objection? Objection = null);

/// <summary>How a request ended: its state, every answer that counted, and who had looked.</summary>
public sealed record Closing(ApprovalState State, IReadOnlyList<ApprovalAnswer> Answers, IReadOnlyList<string> Looked);

/// <summary>
/// The table "approvals": one partition a request. Each answer is one transaction over the request's row and the voter's, with the row's
/// ETag, so that of two people who click at once exactly one is first, a second click of one person is known as such, and an answer that
/// was taken before the deadline is never lost to the timer.
/// </summary>
public sealed class ApprovalRegister(TableServiceClient tables, TimeProvider time)
{
    public const string TableName = "approvals";

    private const string RequestRow = "request";
    private const string VotePrefix = "vote-";
    private const string LookPrefix = "look-";
    private const string ViewRow = "view";
    private const string View = "View";
    private const string Pending = "pending"; // Partition that names every request which waits; request ids begin with "approval-".
    private const int MaxResult = 1_000;
    private const int MaxRaces = 50;

    private readonly TableClient table = tables.GetTableClient(TableName);

    /// <summary>Opens a request, or finds it where it was opened before a crash.</summary>
    public async Task<RegisteredRequest> OpenAsync(string id, DateTimeOffset deadline, int quorum, CancellationToken cancellation)
    {
        var row = new TableEntity(id, RequestRow)
        {
            ["Nonce"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
            ["State"] = nameof(ApprovalState.Pending),
            ["Deadline"] = deadline.UtcTicks,
            ["Quorum"] = Math.Max(1, quorum),
            ["Approvals"] = 0,
        };
        try
        {
            await table.AddEntityAsync(row, cancellation);
            return Read(row);
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            return await FindAsync(id, cancellation) ?? throw new InvalidOperationException($"request {id} vanished from the register");
        }
    }

    public async Task<RegisteredRequest?> FindAsync(string id, CancellationToken cancellation)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(id, RequestRow, cancellationToken: cancellation);
        return found.HasValue ? Read(found.Value!) : null;
    }

    /// <summary>What people see of a request, also after its end; null where there is none.</summary>
    /// <exception cref="UnreadableRowException">The row is not what was written.</exception>
    public async Task<ApprovalView?> ViewAsync(string id, CancellationToken cancellation)
    {
        if (!id.StartsWith(ApprovalView.InstancePrefix, StringComparison.Ordinal))
            return null;
        var found = await table.GetEntityIfExistsAsync<TableEntity>(id, ViewRow, cancellationToken: cancellation);
        return found.HasValue ? TableText.Read<ApprovalView>(found.Value!, View, TableName) : null;
    }

    /// <summary>
    /// Keeps what people see of a request from now on. Safe to call again: a step that comes late, or twice, does not put back what was
    /// before.
    /// </summary>
    public async Task KeepAsync(string id, ApprovalView view, CancellationToken cancellation)
    {
        var row = new TableEntity(id, ViewRow) { ["Revision"] = view.Revision };
        TableText.Write(row, View, view);
        for (var race = 0; ; race++)
        {
            var found = await table.GetEntityIfExistsAsync<TableEntity>(id, ViewRow, ["Revision"], cancellation);
            if (found.HasValue && found.Value!.GetInt32("Revision") > view.Revision)
                return;
            try
            {
                if (found.HasValue)
                    await table.UpdateEntityAsync(row, found.Value!.ETag, TableUpdateMode.Replace, cancellation);
                else
                    await table.AddEntityAsync(row, cancellation);
                break;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412 && race < MaxRaces)
            {
                // Another step wrote it in this moment: look again whose is later.
            }
        }
        if (view.State == ApprovalState.Pending)
            await table.UpsertEntityAsync(new TableEntity(Pending, id), TableUpdateMode.Replace, cancellation);
        else
            await DropPendingAsync(id, cancellation);
    }

    /// <summary>
    /// Ids of the requests that wait for people, a page of them; read without the engine, so that one bad instance hides no other.
    /// </summary>
    public async Task<(IReadOnlyList<string> Ids, string? Continuation)> PendingAsync(
        string? continuation,
        int top,
        CancellationToken cancellation
    )
    {
        var query = table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {Pending}"),
            top,
            ["RowKey"],
            cancellation
        );
        await foreach (var page in query.AsPages(continuation, top))
            return ([.. page.Values.Select(r => r.RowKey)], page.ContinuationToken);
        return ([], null);
    }

    /// <summary>A request that ended without a view, or whose end was lost, waits no longer.</summary>
    public async Task DropPendingAsync(string id, CancellationToken cancellation)
    {
        try
        {
            await table.DeleteEntityAsync(Pending, id, ETag.All, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // It was not there.
        }
    }

    /// <summary>Takes an answer, if the request is pending and its deadline not reached by the answer's time.</summary>
    /// <param name="judge">The one judge, given every answer taken so far; what it hears is what the transaction is made on.</param>
    public async Task<VoteResult> VoteAsync(
        string id,
        ApprovalAnswer answer,
        Func<IReadOnlyList<ApprovalAnswer>, Objection?> judge,
        CancellationToken cancellation
    )
    {
        for (var race = 0; ; race++)
        {
            var found = await table.GetEntityIfExistsAsync<TableEntity>(id, RequestRow, cancellationToken: cancellation);
            if (!found.HasValue)
                throw new InvalidOperationException($"request {id} is not in the register");
            var row = found.Value!;
            var voteRow = VoteRow(answer);
            var earlier = await table.GetEntityIfExistsAsync<TableEntity>(id, voteRow, cancellationToken: cancellation);
            var state = Read(row).State;
            if (earlier.HasValue)
                return new VoteResult(false, state, Answer(earlier.Value!));
            if (state != ApprovalState.Pending)
                return new VoteResult(false, state);
            if (answer.At >= Read(row).Deadline)
                return new VoteResult(false, state);
            // The answers are read after the row: one that comes later changes the row, and this transaction fails and looks again.
            if (judge((await ClosingAsync(id, state, cancellation)).Answers) is { } objection)
                return new VoteResult(false, state, Objection: objection);
            var next = Next(row, answer);
            row["State"] = next.ToString();
            if (answer is { Approve: true, Withdraw: false })
                row["Approvals"] = row.GetInt32("Approvals") + 1;
            var vote = new TableEntity(id, voteRow) { ["Answer"] = JsonSerializer.Serialize(answer) };
            try
            {
                await table.SubmitTransactionAsync(
                    [
                        new TableTransactionAction(TableTransactionActionType.UpdateReplace, row, row.ETag),
                        new TableTransactionAction(TableTransactionActionType.Add, vote),
                    ],
                    cancellation
                );
                return new VoteResult(true, next);
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && race < MaxRaces)
            {
                // Somebody else answered meanwhile, or the time ran out: look again.
            }
        }
    }

    /// <summary>Ends a request, unless answers ended it before; whatever the register says then is what happened.</summary>
    public async Task<Closing> CloseAsync(string id, ApprovalState state, CancellationToken cancellation)
    {
        for (var race = 0; ; race++)
        {
            var found = await table.GetEntityIfExistsAsync<TableEntity>(id, RequestRow, cancellationToken: cancellation);
            if (!found.HasValue)
                return new Closing(state, [], []); // It ended before anybody could be asked.
            var row = found.Value!;
            if (Read(row).State != ApprovalState.Pending)
                return await ClosingAsync(id, Read(row).State, cancellation);
            row["State"] = state.ToString();
            try
            {
                await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellation);
                return await ClosingAsync(id, state, cancellation);
            }
            catch (RequestFailedException e) when (e.Status == 412 && race < MaxRaces)
            {
                // An answer came in between.
            }
        }
    }

    /// <summary>Notes what became of the action; cards drawn later show it.</summary>
    public async Task SetResultAsync(string id, RequestResult result, CancellationToken cancellation)
    {
        var row = new TableEntity(id, RequestRow)
        {
            ["Result"] = JsonSerializer.Serialize(result with { Text = TextBounds.Cut(result.Text, MaxResult) }),
        };
        await table.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Merge, cancellation);
    }

    /// <summary>Keeps what whoever decides should know besides; the last note counts. Nothing where there is no such request.</summary>
    public async Task SetNoteAsync(string id, string note, CancellationToken cancellation)
    {
        try
        {
            var row = new TableEntity(id, RequestRow) { ["Note"] = TextBounds.Cut(note, MaxResult) };
            await table.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Merge, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // It ended before anybody was asked.
        }
    }

    /// <summary>Somebody had the evidence before their eyes; the first time counts.</summary>
    public async Task LookedAsync(string id, string person, CancellationToken cancellation)
    {
        try
        {
            await table.AddEntityAsync(new TableEntity(id, LookPrefix + person) { ["At"] = time.GetUtcNow().UtcTicks }, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // Looked before.
        }
    }

    /// <summary>Compares secrets in constant time, whatever their lengths.</summary>
    public static bool IsNonce(RegisteredRequest request, string? given) =>
        CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(request.Nonce)),
            SHA256.HashData(Encoding.UTF8.GetBytes(given ?? ""))
        );

    /// <summary>Whoever said yes may take the question back: that is an answer of its own.</summary>
    private static string VoteRow(ApprovalAnswer answer) => VotePrefix + answer.By + (answer.Withdraw ? "-withdraws" : "");

    private static ApprovalState Next(TableEntity row, ApprovalAnswer answer) =>
        answer switch
        {
            { Withdraw: true } => ApprovalState.Withdrawn,
            { Approve: false } => ApprovalState.Denied,
            _ => row.GetInt32("Approvals") + 1 >= row.GetInt32("Quorum") ? ApprovalState.Granted : ApprovalState.Pending,
        };

    private async Task<Closing> ClosingAsync(string id, ApprovalState state, CancellationToken cancellation)
    {
        var answers = new List<ApprovalAnswer>();
        var looked = new List<string>();
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {id}"),
                cancellationToken: cancellation
            )
        )
        {
            if (row.RowKey.StartsWith(VotePrefix, StringComparison.Ordinal))
                AddTo(answers, row);
            if (row.RowKey.StartsWith(LookPrefix, StringComparison.Ordinal))
                looked.Add(row.RowKey[LookPrefix.Length..]);
        }
        return new Closing(state, [.. answers.OrderBy(a => a.At)], looked);
    }

    /// <summary>A vote that cannot be read cannot count, and must not keep the request from ending.</summary>
    private static void AddTo(List<ApprovalAnswer> answers, TableEntity row)
    {
        try
        {
            answers.Add(Answer(row));
        }
        catch (UnreadableRowException)
        {
            // Nothing runs for want of it.
        }
    }

    private static ApprovalAnswer Answer(TableEntity row) =>
        Reading(row, r => JsonSerializer.Deserialize<ApprovalAnswer>(r.GetString("Answer")!)!);

    private static RegisteredRequest Read(TableEntity row) =>
        Reading(
            row,
            r => new RegisteredRequest(
                r.PartitionKey,
                r.GetString("Nonce") ?? "",
                Enum.Parse<ApprovalState>(r.GetString("State") ?? nameof(ApprovalState.Withdrawn)),
                new DateTimeOffset(Convert.ToInt64(r["Deadline"], CultureInfo.InvariantCulture), TimeSpan.Zero),
                r.GetString("Result") is { } result ? JsonSerializer.Deserialize<RequestResult>(result) : null
            )
            {
                Note = r.GetString("Note"),
            }
        );

    private static T Reading<T>(TableEntity row, Func<TableEntity, T> read) => RowReading.Read(row, TableName, read);
}
